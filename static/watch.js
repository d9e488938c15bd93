/** Looking what is being trained, again and again, so that it shows within a second. */

import { fetchTrainings } from "./api.js";

/** @typedef {import("./api.js").Training} Training */

/** How often to look, ms. */
const WATCH_MS = 500;

/**
 * @param {{see: (trainings: Training[]) => void, back: () => void, away: (error: unknown) => void}}
 *   page `see` gets all trainings at each look; `back` is called when the server is there again
 */
export function watchTrainings({ see, back, away }) {
  let isAway = false;
  let isLooking = false;

  const look = async () => {
    setTimeout(look, WATCH_MS);
    // In a tab that nobody looks at, nothing needs to be new.
    if (document.hidden || isLooking) return;
    isLooking = true;
    const trainings = await fetchTrainings().catch((error) => {
      isAway = true;
      away(error);
    });
    isLooking = false;
    if (!trainings) return;
    if (isAway) {
      isAway = false;
      back();
    }
    see(trainings);
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
