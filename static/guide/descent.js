/** Step 6 of the guide: gradient descent on the sample digits, step by step. */

import { createChart } from "../components/chart.js";
import { find, findAll, setText } from "../components/dom.js";
import { limitOf, paintHeatmap } from "../components/heatmap.js";
import { linearTicks } from "../numbers/axis.js";
import { formatPercent } from "../numbers/format.js";
import { toInk } from "../numbers/rasterizer.js";
import {
  crossEntropy,
  descend,
  evidence,
  largest,
  softmaxSteps,
  toInputs,
  zeroWeights,
} from "../numbers/regression.js";
import { memoized, whenChanged } from "../state/memo.js";

/** @typedef {import("../state/state.js").Learner} Learner */
/** @typedef {import("../state/state.js").SampleDigits} SampleDigits */
/** @typedef {import("../state/state.js").Shown} Shown */
/** @typedef {import("../state/state.js").Change} Change */
/** @typedef {import("../numbers/regression.js").Weights} Weights */

/** The loss of guessing, with which the descent begins. */
const GUESSING = Math.log(10);

/** The chart is wide enough for this many steps, and then for all. */
const FIRST_STEPS = 50;

/** @param {Change} change */
export function createDescent(change) {
  const section = find("#guide-6", HTMLElement);
  const buttons = findAll(".descend", HTMLButtonElement, section);
  const rate = find("#guide-rate", HTMLSelectElement);
  const words = find("#guide-descent-words", HTMLElement);
  const chart = createChart(find("#guide-losses", HTMLElement));
  const canvases = findAll(".weight-row canvas", HTMLCanvasElement, section);
  /** @type {Shown | null} */
  let current = null;

  const toExamples = memoized((/** @type {SampleDigits | null} */ samples) =>
    (samples?.digits ?? []).map(({ label, pixels }) => ({ label, pixels: toInk(pixels) })),
  );

  for (const button of buttons) {
    button.addEventListener("click", () => {
      if (!current?.sampleDigits) return;
      const examples = toExamples(current.sampleDigits);
      let { weights, losses } = current.learner;
      for (let step = 0; step < Number(button.value); step++) {
        losses = [...losses, meanLoss(weights, examples)];
        weights = descend(weights, examples, current.learningRate);
      }
      change({ learner: { weights, losses } });
    });
  }
  find("#guide-restart", HTMLButtonElement).addEventListener("click", () => {
    change({ learner: { weights: zeroWeights(), losses: [] } });
  });
  rate.addEventListener("change", () => change({ learningRate: Number(rate.value) }));

  const show = whenChanged(
    (/** @type {Learner} */ { weights, losses }, /** @type {SampleDigits | null} */ samples) => {
      const limit = limitOf(weights.columns);
      canvases.forEach((canvas, digit) => paintHeatmap(canvas, weights.columns[digit], limit));
      const all = samples ? [...losses, meanLoss(weights, toExamples(samples))] : losses;
      const range = { least: 0, most: Math.max(GUESSING, ...all) };
      const end = Math.max(FIRST_STEPS, all.length - 1);
      chart.show({
        places: all.map((_, step) => step / end),
        series: [{ className: "chosen", values: all }],
        range,
        xTicks: linearTicks(0, end, String),
        yTicks: linearTicks(range.least, range.most, (loss) => loss.toFixed(1)),
        describe: (step) => `Step ${step}: a mean loss of ${all[step].toFixed(3)}`,
        headers: ["Step", "Mean loss"],
        toCells: (step) => [String(step), all[step].toFixed(3)],
      });
    },
  );

  return (/** @type {Shown} */ shown) => {
    current = shown;
    for (const button of buttons) button.disabled = !shown.sampleDigits;
    rate.value = String(shown.learningRate);
    show(shown.learner, shown.sampleDigits);
    setText(words, describeDescent(shown, toExamples(shown.sampleDigits)));
  };
}

/**
 * @param {Weights} weights
 * @param {{label: number, pixels: Float32Array}[]} examples
 */
function meanLoss(weights, examples) {
  const losses = examples.map(({ label, pixels }) =>
    crossEntropy(evidence(toInputs(pixels), weights), label),
  );
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

/**
 * @param {Shown} shown
 * @param {{label: number, pixels: Float32Array}[]} examples
 */
function describeDescent({ learner: { weights, losses }, picture }, examples) {
  if (!examples.length) return "Loading the digits…";
  const right = examples.filter(({ label, pixels }) => {
    return losses.length > 0 && largest(evidence(toInputs(pixels), weights)) === label;
  }).length;
  const steps = losses.length === 1 ? "one step" : `${losses.length} steps`;
  const done = `After ${steps} the mean loss is ${meanLoss(weights, examples).toFixed(3)}`;
  const score = losses.length
    ? `, and ${right} of ${examples.length} are read correctly.`
    : ", the loss of guessing (ln 10).";
  if (!picture) return `${done}${score}`;
  const { probabilities } = softmaxSteps(evidence(toInputs(toInk(picture.pixels)), weights));
  const answer = largest(probabilities);
  const own = losses.length
    ? ` It reads your drawing as ${answer}, with a probability of ${formatPercent(probabilities[answer])}.`
    : "";
  return `${done}${score}${own}`;
}
