/** One row for each digit: weights, contributions, their sum, bias, evidence, probability. */

import { find, findAll, setText } from "../components/dom.js";
import { formatNumber, formatSigned } from "../language/format.js";
import { formatPlace } from "../language/sentences.js";
import { gettext } from "../language/messages.js";
import { limitOf, paintHeatmap } from "../components/heatmap.js";
import { SIDE } from "../numbers/rasterizer.js";
import { contributions } from "../numbers/regression.js";
import { createBar, createPercent } from "../components/bars.js";
import { throttled, whenChanged } from "../state/memo.js";
import { seenPixels } from "../state/inputs.js";

/** @typedef {import("../state/state.js").Explanation} Explanation */
/** @typedef {import("../state/state.js").Shown} Shown */
/** @typedef {import("../numbers/regression.js").Weights} Weights */

/**
 * The interval at which the numbers change while the pen moves, in milliseconds. Nobody reads them
 * faster, and to lay out the text of ten rows in every frame would delay the bars by 2 ms.
 */
const NUMBERS_MS = 100;

/** @returns {(shown: Shown) => void} */
export function createView() {
  const pixelWords = find("#pixel", HTMLElement);
  const rows = findAll("#rows [data-class]", HTMLElement).map(createRow);

  const showWeights = whenChanged((/** @type {Weights} */ learned) => {
    const limit = limitOf(learned.columns);
    rows.forEach((row, digit) => row.showWeights(learned, digit, limit));
  });
  const showTerms = whenChanged(
    (/** @type {Explanation | null} */ explanation, /** @type {Weights | undefined} */ learned) => {
      if (!explanation || !learned) return rows.forEach((row) => row.showTerms(null, 0));
      const maps = explanation.inputs.map((pixels, digit) =>
        contributions(pixels, learned.columns[digit]),
      );
      const limit = limitOf(maps);
      rows.forEach((row, digit) => row.showTerms(maps[digit], limit));
    },
  );

  const showNumbers = throttled(NUMBERS_MS, (/** @type {Shown} */ shown) => {
    rows.forEach((row, digit) => row.showNumbers(shown, digit));
  });

  return (shown) => {
    if (shown.learned) showWeights(shown.learned);
    showTerms(shown.explanation, shown.learned);
    rows.forEach((row, digit) => row.show(shown, digit));
    showNumbers(shown, !shown.isDrawing);
    setText(pixelWords, describePixel(shown));
  };
}

/** @param {HTMLElement} element a row of the table */
function createRow(element) {
  const weights = find(".weights", HTMLCanvasElement, element);
  const terms = find(".contributions", HTMLCanvasElement, element);
  const weight = find(".weight", HTMLElement, element);
  const contribution = find(".contribution", HTMLElement, element);
  const sum = find(".sum", HTMLElement, element);
  const bias = find(".bias", HTMLElement, element);
  const evidence = find(".evidence", HTMLElement, element);
  const showBar = createBar(element);
  const showPercent = createPercent(element);

  return {
    /** @param {Weights} learned @param {number} digit @param {number} limit */
    showWeights(learned, digit, limit) {
      paintHeatmap(weights, learned.columns[digit], limit);
      setText(bias, formatSigned(learned.bias[digit]));
    },

    /** @param {Float64Array | null} values @param {number} limit */
    showTerms(values, limit) {
      terms.classList.toggle("empty", !values);
      if (values) paintHeatmap(terms, values, limit);
      setText(sum, values ? formatSigned(values.reduce((total, value) => total + value, 0)) : "");
    },

    /** @param {Shown} shown @param {number} digit */
    show({ prediction, explanation, learned, pixel }, digit) {
      const probability = prediction?.probabilities[digit];
      element.dataset.probability = probability === undefined ? "" : String(probability);
      element.classList.toggle("answered", prediction?.digit === digit);
      showBar(probability);
      const here = pixel === null ? undefined : learned?.columns[digit][pixel];
      const ink = pixel === null ? undefined : explanation?.inputs[digit][pixel];
      setText(weight, here === undefined ? "" : formatSigned(here));
      const term = here === undefined || ink === undefined ? "" : formatSigned(ink * here);
      setText(contribution, term);
    },

    /** @param {Shown} shown @param {number} digit */
    showNumbers({ prediction }, digit) {
      showPercent(prediction?.probabilities[digit]);
      const amount = prediction?.evidence?.[digit];
      setText(evidence, amount === undefined ? "" : formatSigned(amount));
    },
  };
}

/**
 * @param {Shown} shown
 * @returns {string} the pixel's row and column, counted from 1, and its ink
 */
export function describePixel({ pixel, explanation }) {
  if (pixel === null) return "";
  const ink = explanation && seenPixels(explanation)[pixel];
  const place = formatPlace(pixel, SIDE);
  return ink == null ? place : gettext("{place}: x = {ink}", { place, ink: formatNumber(ink, 2) });
}
