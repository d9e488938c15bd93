/** The replay of a training: W at each recorded step as ten heatmaps, and what it would answer. */

import { limitOf, paintHeatmap } from "./heatmap.js";
import { find, findAll, setText } from "./dom.js";
import { formatCount, formatNumber, formatPercent, formatSigned } from "../language/format.js";
import { joinSentences } from "../language/sentences.js";
import { gettext } from "../language/messages.js";
import { evidence, largest, softmaxSteps } from "../numbers/regression.js";
import { memoized, whenChanged } from "../state/memo.js";
import { inputsUnder } from "../state/inputs.js";

/** @typedef {import("../numbers/regression.js").Weights} Weights */
/** @typedef {import("../state/state.js").Change} Change */
/** @typedef {import("../state/state.js").Frames} Frames */
/** @typedef {import("../state/state.js").Shown} Shown */
/** @typedef {import("../state/state.js").Training} Training */

/** How long the replay shows each step, ms. */
const STEP_MS = 150;

/**
 * @param {Change} change
 * @returns {(shown: Shown) => number} shows the step, and returns its position among the recorded
 *   ones; −1 if there are none
 */
export function createReplay(change) {
  const words = find("#at-words", HTMLElement);
  const rows = findAll("#view-training .learned li", HTMLElement).map(createRow);
  const showControls = createControls(change);

  const weightsAt = memoized(
    (/** @type {Frames | undefined} */ frames, /** @type {number} */ position) =>
      frames && position >= 0 ? frames.at(position) : null,
  );
  const paint = whenChanged(
    (/** @type {Weights | null} */ weights, /** @type {number} */ limit) => {
      rows.forEach((row, digit) => row.paint(weights?.columns[digit], limit));
    },
  );

  return (shown) => {
    const { training, liveWeights } = shown;
    const isRunning = training?.state === "running";
    const last = (training?.curves.steps.length ?? 0) - 1;
    const position = isRunning ? last : Math.min(shown.replayStep ?? last, last);
    showControls(shown, position, last);

    const frames = training && shown.frames.get(training.digest);
    const live = liveWeights && liveWeights.run === training?.run ? liveWeights.weights : null;
    const weights = isRunning ? live : weightsAt(frames, position);
    const own = weights ? limitOf(weights.columns) : 0;
    const limit = shown.hasOneScale && frames ? frames.limit : own;
    paint(weights, limit);

    const inputs = inputsUnder(shown, training, weights);
    const amounts = weights && inputs ? evidence(inputs, weights) : null;
    const probabilities = amounts && softmaxSteps(amounts).probabilities;
    rows.forEach((row, digit) => row.show(probabilities, digit));
    setText(words, describeStep(training, position, limit, probabilities));
    return position;
  };
}

/**
 * The controls that choose the step.
 * @param {Change} change
 */
function createControls(change) {
  const play = find("#play", HTMLButtonElement);
  const slider = find("#at", HTMLInputElement);
  const oneScale = find("#one-scale", HTMLInputElement);
  /** @type {Shown | null} */
  let current = null;
  let timer = 0;

  slider.addEventListener("input", () => {
    change({ replayStep: slider.valueAsNumber, isPlaying: false });
  });
  oneScale.addEventListener("change", () => change({ hasOneScale: oneScale.checked }));
  play.addEventListener("click", () => {
    if (current?.isPlaying) return change({ isPlaying: false });
    const isAtEnd = current?.replayStep === null || current?.replayStep === Number(slider.max);
    change({ isPlaying: true, ...(isAtEnd ? { replayStep: 0 } : {}) });
  });

  const playNext = () => {
    timer = 0;
    if (!current?.isPlaying || current.view !== "training") return;
    const next = (current.replayStep ?? Number(slider.max)) + 1;
    if (next < Number(slider.max)) change({ replayStep: next });
    else change({ replayStep: null, isPlaying: false });
  };

  /** @param {Shown} shown @param {number} position @param {number} last */
  return (shown, position, last) => {
    current = shown;
    slider.max = String(Math.max(0, last));
    slider.value = String(Math.max(0, position));
    slider.disabled = play.disabled = shown.training?.state === "running" || last < 1;
    setText(play, shown.isPlaying ? gettext("Pause") : gettext("Play"));
    play.ariaPressed = String(shown.isPlaying);
    oneScale.checked = shown.hasOneScale;

    if (shown.isPlaying) timer ||= setTimeout(playNext, STEP_MS);
    else {
      clearTimeout(timer);
      timer = 0;
    }
  };
}

/** @param {HTMLElement} element a digit's heatmap and probability */
function createRow(element) {
  const canvas = find("canvas", HTMLCanvasElement, element);
  const percent = find(".percent", HTMLElement, element);
  const fill = find(".fill", HTMLElement, element);

  return {
    /** @param {Float32Array | undefined} weights @param {number} limit */
    paint(weights, limit) {
      canvas.classList.toggle("empty", !weights);
      if (weights) paintHeatmap(canvas, weights, limit);
    },

    /** @param {number[] | null} probabilities @param {number} digit */
    show(probabilities, digit) {
      setText(percent, probabilities ? formatPercent(probabilities[digit]) : "");
      fill.style.setProperty("--share", String(probabilities?.[digit] ?? 0));
      element.classList.toggle(
        "answered",
        probabilities !== null && digit === largest(probabilities),
      );
    },
  };
}

/**
 * @param {Training | undefined} training
 * @param {number} position
 * @param {number} limit of the heatmaps
 * @param {number[] | null} probabilities of the drawing at that step
 */
function describeStep(training, position, limit, probabilities) {
  const step = training?.curves.steps[position];
  if (!training || step === undefined) return "";
  const loss = training.curves.validation_loss[position];
  const accuracy = training.curves.validation_accuracy[position];
  return joinSentences([
    gettext("Step {step}: on validation images, a loss of {loss} and an accuracy of {accuracy}.", {
      step: formatCount(step),
      loss: formatNumber(loss, 3),
      accuracy: formatPercent(accuracy),
    }),
    gettext("Colour scale from {least} (against) to {most} (for).", {
      least: formatSigned(-limit, 3),
      most: formatSigned(limit, 3),
    }),
    probabilities ? describeReading(probabilities) : "",
  ]);
}

/** @param {number[]} probabilities of the drawing @returns {string} a sentence */
export function describeReading(probabilities) {
  const digit = largest(probabilities);
  const percent = formatPercent(probabilities[digit]);
  return gettext("It reads your drawing as {digit}, with a probability of {percent}.", {
    digit,
    percent,
  });
}
