/** The model's results on MNIST's test images, and the images that it misreads. */

import { createChart } from "../components/chart.js";
import { createConfusion } from "../components/confusion.js";
import { find, setText } from "../components/dom.js";
import { linearTicks } from "../numbers/axis.js";
import { formatPercent } from "../numbers/format.js";
import { paintInk } from "../components/heatmap.js";
import { SIDE, toInk } from "../numbers/rasterizer.js";
import { ALL_DIGITS } from "../numbers/regression.js";
import { FIRST_EXAMPLES } from "../state/state.js";
import { whenChanged } from "../state/memo.js";

/** @typedef {import("../network/api.js").Example} Example */
/** @typedef {import("../state/state.js").Evaluation} Evaluation */
/** @typedef {import("../state/state.js").Shown} Shown */
/** @typedef {import("../state/state.js").Change} Change */

/** Radii of the reliability diagram's dots, in rem: the larger a bin, the larger its dot. */
const LEAST_RADIUS = 0.15;
const MOST_RADIUS = 0.75;

/**
 * @param {Change} change
 * @returns {(shown: Shown) => void}
 */
export function createView(change) {
  const words = find("#accuracy-words", HTMLElement);
  const rates = find("#rates", HTMLInputElement);
  const all = find("#all-mistakes", HTMLButtonElement);
  const title = find("#examples-title", HTMLElement);
  const more = find("#more-examples", HTMLButtonElement);
  const showConfusion = createConfusion(
    find("#confusion", HTMLTableElement),
    "images",
    (confusionCell) => change({ confusionCell, examples: FIRST_EXAMPLES }),
  );
  const showReliability = createReliability();
  const showExamples = createExamples(change);
  let examples = FIRST_EXAMPLES;

  rates.addEventListener("change", () => change({ isInRates: rates.checked }));
  all.addEventListener("click", () => change({ confusionCell: null, examples: FIRST_EXAMPLES }));
  more.addEventListener("click", () => change({ examples: examples + FIRST_EXAMPLES }));

  return (shown) => {
    const { summary, confusionCell: cell } = shown;
    examples = shown.examples;
    const evaluation = summary && shown.evaluations.get(summary.digest);
    setText(words, describe(shown, evaluation));
    rates.checked = shown.isInRates;
    all.disabled = cell === null;
    showConfusion(evaluation?.confusion, cell, shown.isInRates);
    showReliability(evaluation);
    const chosen = evaluation ? choose(evaluation, cell) : [];
    setText(title, describeExamples(evaluation, cell, chosen.length));
    more.hidden = chosen.length <= examples;
    showExamples(evaluation, cell, examples, shown.inkColour);
  };
}

/**
 * @param {Evaluation} evaluation
 * @param {[number, number] | null} cell
 * @returns {Example[]} the images shown: all mistakes, or those of one cell
 */
function choose({ misread, read }, cell) {
  if (!cell) return misread;
  const [label, digit] = cell;
  return (label === digit ? read : misread).filter((example) => {
    return example.label === label && example.digit === digit;
  });
}

function createReliability() {
  const chart = createChart(find("#reliability", HTMLElement));
  const words = find("#reliability-words", HTMLElement);
  const ticks = linearTicks(0, 1, (fraction) => String(Math.round(100 * fraction)));

  return whenChanged((/** @type {Evaluation | undefined} */ evaluation) => {
    const bins = (evaluation?.reliability ?? []).flatMap(({ count, probability, right }) =>
      probability === null || right === null ? [] : [{ count, probability, right }],
    );
    const most = Math.max(1, ...bins.map(({ count }) => count));
    chart.show({
      places: bins.map(({ probability }) => probability),
      series: [{ className: "chosen", values: bins.map(({ right }) => right) }],
      range: { least: 0, most: 1 },
      xTicks: ticks,
      yTicks: ticks,
      radii: bins.map(({ count }) => {
        return LEAST_RADIUS + (MOST_RADIUS - LEAST_RADIUS) * Math.sqrt(count / most);
      }),
      describe(position) {
        const { count, probability, right } = bins[position];
        return `${count.toLocaleString("en")} predictions with about ${formatPercent(probability)}: ${formatPercent(right)} correct`;
      },
      headers: ["Mean predicted probability", "Fraction correct", "Predictions"],
      toCells(position) {
        const { count, probability, right } = bins[position];
        return [formatPercent(probability), formatPercent(right), count.toLocaleString("en")];
      },
    });
    setText(
      words,
      evaluation
        ? `On the diagonal, the fraction of correct predictions equals their probability. The mean distance
          from it, the expected calibration error, is ${formatPercent(evaluation.calibration_error)}.`
        : "",
    );
  });
}

/** @param {Change} change */
function createExamples(change) {
  const list = find("#examples", HTMLOListElement);

  return whenChanged(
    (
      /** @type {Evaluation | undefined} */ evaluation,
      /** @type {[number, number] | null} */ cell,
      /** @type {number} */ count,
      /** @type {string} */ colour,
    ) => {
      const chosen = evaluation ? choose(evaluation, cell).slice(0, count) : [];
      list.replaceChildren(
        ...chosen.map((example) => {
          const { label, digit, probability, pixels, index } = example;
          const canvas = document.createElement("canvas");
          canvas.width = canvas.height = SIDE;
          paintInk(canvas, toInk(pixels), colour);
          const caption = document.createElement("span");
          caption.textContent = `${label} → ${digit}, ${(100 * probability).toFixed(0)} %`;
          const button = document.createElement("button");
          button.type = "button";
          button.ariaLabel = `Test image ${index}: a ${label}, read as ${digit} with ${formatPercent(probability)}. Explain this image`;
          button.append(canvas, caption);
          button.addEventListener("click", () => {
            change({ image: pixels, strokes: [], label, view: "draw" });
          });
          const item = document.createElement("li");
          item.append(button);
          return item;
        }),
      );
    },
  );
}

/**
 * @param {Shown} shown
 * @param {Evaluation | undefined} evaluation
 */
function describe({ summary }, evaluation) {
  if (!summary) return "";
  if (!summary.evaluation) {
    return `There is no evaluation of ${summary.name}: its training did not save one.`;
  }
  if (!evaluation) return "Loading…";
  const { accuracy, loss, confusion } = evaluation;
  const total = confusion.flat().reduce((sum, count) => sum + count, 0);
  const right = ALL_DIGITS.reduce((sum, digit) => sum + confusion[digit][digit], 0);
  return (
    `${summary.name} reads ${right.toLocaleString("en")} of MNIST's ${total.toLocaleString("en")} ` +
    `test images correctly: ${(100 * accuracy).toFixed(2)} %, with a mean loss of ${loss.toFixed(3)}.`
  );
}

/**
 * @param {Evaluation | undefined} evaluation
 * @param {[number, number] | null} cell
 * @param {number} count how many images the page has
 */
function describeExamples(evaluation, cell, count) {
  if (!evaluation) return "Mistakes";
  const { confusion } = evaluation;
  /** @param {number} total */
  const some = (total) => (count < total ? `${count} of ${total}` : String(total));
  if (!cell) {
    const all = confusion.flat().reduce((sum, one) => sum + one, 0);
    const right = ALL_DIGITS.reduce((sum, digit) => sum + confusion[digit][digit], 0);
    return `${some(all - right)} mistakes, largest loss first: press one to see why`;
  }
  const [label, digit] = cell;
  const total = confusion[label][digit];
  const images = total === 1 ? "image" : "images";
  return label === digit
    ? `${some(total)} ${images} of ${label} read correctly`
    : `${some(total)} ${images} of ${label} read as ${digit}`;
}
