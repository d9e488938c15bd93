/** Step 6 of the guide: gradient descent on the sample digits, step by step. */

import { createChart } from "../components/chart.js";
import { find, findAll, setChoices, setText } from "../components/dom.js";
import { limitOf, paintHeatmap } from "../components/heatmap.js";
import { describeReading } from "../components/replay.js";
import { linearTicks } from "../numbers/axis.js";
import { formatCount, formatExact, formatNumber } from "../language/format.js";
import { joinSentences } from "../language/sentences.js";
import { gettext, ngettext } from "../language/messages.js";
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
  const rates = [...rate.options].map(({ value }) => {
    return { value, text: formatExact(Number(value)) };
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
        xTicks: linearTicks(0, end, formatCount),
        yTicks: linearTicks(range.least, range.most, (loss) => formatNumber(loss, 1)),
        describe: (step) =>
          gettext("Step {step}: a mean loss of {loss}", {
            step: formatCount(step),
            loss: formatNumber(all[step], 3),
          }),
        headers: [gettext("Step"), gettext("Mean loss")],
        toCells: (step) => [formatCount(step), formatNumber(all[step], 3)],
      });
    },
  );

  return (/** @type {Shown} */ shown) => {
    current = shown;
    for (const button of buttons) button.disabled = !shown.sampleDigits;
    setChoices(rate, rates, String(shown.learningRate));
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
  if (!examples.length) return gettext("Loading the digits…");
  const loss = formatNumber(meanLoss(weights, examples), 3);
  if (!losses.length) {
    return gettext("After 0 steps the mean loss is {loss}, the loss of guessing (ln 10).", {
      loss,
    });
  }
  const right = examples.filter(({ label, pixels }) => {
    return largest(evidence(toInputs(pixels), weights)) === label;
  }).length;
  const result = ngettext(
    "After one step the mean loss is {loss}, and {right} of {total} are read correctly.",
    "After {count} steps the mean loss is {loss}, and {right} of {total} are read correctly.",
    losses.length,
    { loss, right, total: examples.length },
  );
  if (!picture) return result;
  const { probabilities } = softmaxSteps(evidence(toInputs(toInk(picture.pixels)), weights));
  return joinSentences([result, describeReading(probabilities)]);
}
