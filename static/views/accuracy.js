/** The model's results on MNIST's test images, and the images that it misreads. */

import { scaleY } from "../components/chart.js";
import { createConfusion } from "../components/confusion.js";
import { find, setText } from "../components/dom.js";
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

/** The reliability diagram's viewBox. */
const SQUARE = 300;

/** Largest radius of its points, whose areas are proportional to the images in a bin. */
const LARGEST_POINT = 12;

const SVG = "http://www.w3.org/2000/svg";

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
  const points = find("#reliability .points", SVGGElement);
  const line = find("#reliability .chosen", SVGPathElement);
  const words = find("#reliability-words", HTMLElement);
  const toY = scaleY(SQUARE, 0, 1);

  return whenChanged((/** @type {Evaluation | undefined} */ evaluation) => {
    const bins = evaluation?.reliability ?? [];
    const most = Math.max(1, ...bins.map(({ count }) => count));
    const circles = bins.flatMap(({ count, probability, right }) => {
      if (probability === null || right === null) return [];
      const circle = document.createElementNS(SVG, "circle");
      circle.setAttribute("cx", String(probability * SQUARE));
      circle.setAttribute("cy", String(toY(right)));
      circle.setAttribute("r", String(2 + (LARGEST_POINT - 2) * Math.sqrt(count / most)));
      const title = document.createElementNS(SVG, "title");
      title.textContent = `${count} predictions with about ${formatPercent(probability)}: ${formatPercent(right)} correct`;
      circle.append(title);
      return [circle];
    });
    points.replaceChildren(...circles);
    const places = circles.map((c) => `${c.getAttribute("cx")} ${c.getAttribute("cy")}`);
    line.setAttribute("d", places.length ? `M${places.join("L")}` : "");
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
