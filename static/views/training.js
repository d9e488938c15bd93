/** Trainings: the settings, the learning curves, and W at each recorded step, also while one runs. */

import { createCurves } from "../components/curves.js";
import { find, setChoices, setText } from "../components/dom.js";
import { createReplay } from "../components/replay.js";
import { formatCount, formatExact, formatNumber } from "../language/format.js";
import { formatList, joinSentences } from "../language/sentences.js";
import { gettext, ngettext } from "../language/messages.js";
import { nameOf } from "../state/state.js";

/** @typedef {import("../language/messages.js").Values} Values */
/** @typedef {import("../state/state.js").Change} Change */
/** @typedef {import("../state/state.js").Shown} Shown */
/** @typedef {import("../state/state.js").Training} Training */
/** @typedef {Exclude<Training["state"], "running">} Ended */

/** @type {Record<Training["phase"], (values: Values) => string>} */
const PHASES = {
  preparing: (values) =>
    gettext("{name} is running, preparing: step {step} of {steps}, {seconds} s.", values),
  training: (values) =>
    gettext("{name} is running, training: step {step} of {steps}, {seconds} s.", values),
  comparing: (values) =>
    gettext(
      "{name} is running, training once more without the room, to compare: " +
        "step {step} of {steps}, {seconds} s.",
      values,
    ),
  evaluating: (values) =>
    gettext("{name} is running, evaluating: step {step} of {steps}, {seconds} s.", values),
};

/** @type {Record<Ended, (steps: number, values: Values) => string>} */
const ENDS = {
  finished: (steps, values) =>
    ngettext(
      "{name} finished, after {step} of {count} step and {seconds} s.",
      "{name} finished, after {step} of {count} steps and {seconds} s.",
      steps,
      values,
    ),
  diverged: (steps, values) =>
    ngettext(
      "{name} diverged and left no model, after {step} of {count} step and {seconds} s.",
      "{name} diverged and left no model, after {step} of {count} steps and {seconds} s.",
      steps,
      values,
    ),
  interrupted: (steps, values) =>
    ngettext(
      "{name} was interrupted and left no model, after {step} of {count} step and {seconds} s.",
      "{name} was interrupted and left no model, after {step} of {count} steps and {seconds} s.",
      steps,
      values,
    ),
  failed: (steps, values) =>
    ngettext(
      "{name} failed and left no model, after {step} of {count} step and {seconds} s.",
      "{name} failed and left no model, after {step} of {count} steps and {seconds} s.",
      steps,
      values,
    ),
  died: (steps, values) =>
    ngettext(
      "{name} died without an error message and left no model, " +
        "after {step} of {count} step and {seconds} s.",
      "{name} died without an error message and left no model, " +
        "after {step} of {count} steps and {seconds} s.",
      steps,
      values,
    ),
};

/**
 * @param {Change} change
 * @returns {(shown: Shown) => void}
 */
export function createView(change) {
  const run = find("#run", HTMLSelectElement);
  const state = find("#run-state", HTMLElement);
  const reason = find("#run-reason", HTMLElement);
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
    setText(
      state,
      training
        ? describeState(training)
        : gettext("There is no recorded training yet; run python -m training to make one."),
    );
    setText(reason, training?.reason ?? "");
    setText(settings, training ? describeSettings(training) : "");
    const isEnded = training && training.state !== "running";
    setText(news, isEnded ? describeState(training) : "");

    const position = showReplay(shown);
    showCurves(shown, position);
  };
}

/** @param {Training} training */
function describeState({ name, state, phase, step, steps, seconds }) {
  const values = { name, step: formatCount(step), seconds: formatCount(seconds) };
  return state === "running"
    ? PHASES[phase]({ ...values, steps: formatCount(steps) })
    : ENDS[state](steps, values);
}

/** @param {Training} training */
function describeSettings(training) {
  const { recipe, optimizer, learning_rate, batch_size, init, images_per_digit } = training;
  const list = [
    gettext("recipe {recipe}", { recipe }),
    gettext("optimizer {optimizer}", { optimizer }),
    learning_rate === null
      ? gettext("default learning rate")
      : gettext("learning rate {rate}", { rate: formatExact(learning_rate) }),
    batch_size === "all"
      ? gettext("batches of all images")
      : gettext("batches of {size}", { size: formatCount(batch_size) }),
    init === "zeros" ? gettext("W initialized with zeros") : gettext("W initialized randomly"),
  ];
  if (!training.has_bias) list.push(gettext("no bias"));
  if (images_per_digit !== null) {
    list.push(ngettext("{count} image per digit", "{count} images per digit", images_per_digit));
  }
  if (training.augmented) list.push(gettext("images augmented at random"));
  if (training.transformations !== "none") {
    list.push(gettext("each digit may turn and move the image"));
  }
  return joinSentences([
    gettext("Settings: {list}.", { list: formatList(list) }),
    describeScaling(training.temperature),
  ]);
}

/** @param {number} temperature */
function describeScaling(temperature) {
  if (temperature === 1) return "";
  return gettext(
    "W and b were divided by the temperature {temperature} after training; " +
      "the curves show the values before.",
    { temperature: formatNumber(temperature, 3) },
  );
}
