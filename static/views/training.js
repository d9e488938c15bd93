/** Trainings: the settings, the learning curves, and W at each recorded step, also while one runs. */

import { createCurves } from "../components/curves.js";
import { find, setChoices, setText } from "../components/dom.js";
import { createReplay } from "../components/replay.js";
import { nameOf } from "../state/state.js";

/** @typedef {import("../state/state.js").Change} Change */
/** @typedef {import("../state/state.js").Shown} Shown */
/** @typedef {import("../state/state.js").Training} Training */

/** @type {Record<Training["state"], string>} */
const STATES = {
  running: "is running",
  finished: "finished",
  diverged: "diverged and left no model",
  interrupted: "was interrupted and left no model",
  failed: "failed and left no model",
  died: "died without an error message and left no model",
};

/** @type {Record<Training["phase"], string>} */
const PHASES = {
  preparing: "preparing",
  training: "training",
  comparing: "training once more without the room, to compare",
  evaluating: "evaluating",
};

/**
 * @param {Change} change
 * @returns {(shown: Shown) => void}
 */
export function createView(change) {
  const run = find("#run", HTMLSelectElement);
  const state = find("#run-state", HTMLElement);
  const settings = find("#run-settings", HTMLElement);
  const news = find("#run-news", HTMLElement);
  const showCurves = createCurves(change);
  const showReplay = createReplay(change);

  run.addEventListener("change", () => {
    change({ run: run.value, replayStep: null, isPlaying: false });
  });

  return (shown) => {
    const { training, runs } = shown;
    setChoices(
      run,
      runs.map((one) => ({ value: one.run, text: nameOf(one) })),
      training?.run ?? "",
    );
    setText(state, describeState(training));
    setText(settings, training ? describeSettings(training) : "");
    const isEnded = training && training.state !== "running";
    setText(news, isEnded ? `${training.name} ${STATES[training.state]}` : "");

    const position = showReplay(shown);
    showCurves(shown, position);
  };
}

/** @param {Training | undefined} training */
function describeState(training) {
  if (!training) return "There is no recorded training yet; run python -m training to make one.";
  const { name, state, phase, step, steps, seconds, reason } = training;
  if (state === "running") {
    return `${name} ${STATES.running}, ${PHASES[phase]}: step ${step} of ${steps}, ${seconds.toFixed(0)} s.`;
  }
  const end = `${name} ${STATES[state]}, after ${step} of ${steps} steps and ${seconds.toFixed(0)} s.`;
  return reason ? `${end} ${reason}` : end;
}

/** @param {Training} training */
function describeSettings(training) {
  const { optimizer, learning_rate, batch_size, init, has_bias, images_per_digit, augmented } =
    training;
  const parts = [
    `Settings: recipe ${training.recipe}`,
    `optimizer ${optimizer}`,
    learning_rate === null ? "default learning rate" : `learning rate ${learning_rate}`,
    `batches of ${batch_size}`,
    init === "zeros" ? "W initialized with zeros" : "W initialized randomly",
  ];
  if (!has_bias) parts.push("no bias");
  if (images_per_digit !== null) parts.push(`${images_per_digit} images per digit`);
  if (augmented) parts.push("images augmented at random");
  if (training.transformations !== "none") parts.push("each digit may turn and move the image");
  if (training.temperature !== 1) {
    const by = training.temperature.toFixed(3);
    parts.push(
      `W and b divided by the temperature ${by} after training; the curves show the values before`,
    );
  }
  return `${parts.join(", ")}.`;
}
