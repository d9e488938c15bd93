/** Looking what is being trained, again and again, so that it shows within a second. */

import { fetchTrainings, retryDelay } from "./api.js";

/** @typedef {import("./api.js").Training} Training */

/** How often to look, ms. */
const WATCH_MS = 500;

/**
 * @param {{see: (trainings: Training[]) => void, back: () => void, away: (error: unknown) => void}}
 *   page `see` gets all trainings at each look; `back` is called when the server is there again
 */
export function watchTrainings({ see, back, away }) {
  let isAway = false;

  const look = () => {
    // In a tab that nobody looks at, nothing needs to be new.
    const looking = document.hidden ? Promise.resolve(null) : fetchTrainings();
    looking.then(
      (trainings) => {
        setTimeout(look, WATCH_MS);
        if (!trainings) return;
        if (isAway) back();
        isAway = false;
        see(trainings);
      },
      (error) => {
        setTimeout(look, retryDelay(error));
        isAway = true;
        away(error);
      },
    );
  };
  look();
}

/**
 * @param {readonly Training[]} before
 * @param {readonly Training[]} now
 * @returns {Training[]} those that are new, or not as they were
 */
export function changedTrainings(before, now) {
  const known = new Map(before.map((training) => [training.name, training]));
  return now.filter(({ name, digest, state }) => {
    const training = known.get(name);
    return training?.digest !== digest || training.state !== state;
  });
}
