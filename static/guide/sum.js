/** Step 3 of the guide: the running sum of pixel times weight. */

import { createChart, placeLine } from "../components/chart.js";
import { find, setText } from "../components/dom.js";
import { limitOf, paintHeatmap } from "../components/heatmap.js";
import { linearTicks } from "../numbers/axis.js";
import { formatCount, formatSigned } from "../language/format.js";
import { joinSentences } from "../language/sentences.js";
import { gettext, ngettext } from "../language/messages.js";
import { ALL_DIGITS, PIXELS, contributions } from "../numbers/regression.js";
import { memoized, whenChanged } from "../state/memo.js";
import { createDigitButtons } from "./digit_buttons.js";

/** @typedef {import("../state/state.js").Explanation} Explanation */
/** @typedef {import("../state/state.js").Shown} Shown */
/** @typedef {import("../state/state.js").Change} Change */
/** @typedef {import("../numbers/regression.js").Weights} Weights */

/** The places of the sums of the first 0, 1, … and all pixels. */
const PLACES = Array.from({ length: PIXELS + 1 }, (_, count) => count / PIXELS);

/** @param {Change} change */
export function createSum(change) {
  const section = find("#guide-3", HTMLElement);
  const showLabels = createDigitButtons(section, (followedDigit) => change({ followedDigit }));
  const map = find("#guide-sum-map", HTMLCanvasElement);
  const root = find("#guide-sums", HTMLElement);
  const now = find(".now", SVGLineElement, root);
  const chart = createChart(root);
  const slider = find("#guide-count", HTMLInputElement);
  const words = find("#guide-sum-words", HTMLElement);

  slider.addEventListener("input", () => change({ summedPixels: slider.valueAsNumber }));
  const sumUp = memoized(
    (/** @type {Explanation | null} */ explanation, /** @type {Weights | undefined} */ learned) => {
      if (!explanation || !learned) return null;
      const terms = explanation.inputs.map((pixels, digit) =>
        contributions(pixels, learned.columns[digit]),
      );
      return { terms, sums: terms.map(runningSums), limit: limitOf(terms) };
    },
  );
  const drawLines = whenChanged(
    (/** @type {ReturnType<typeof sumUp>} */ found, /** @type {number} */ followed) => {
      const range = rangeOf(found?.sums ?? []);
      const others = ALL_DIGITS.filter((digit) => digit !== followed);
      chart.show({
        places: found ? PLACES : [],
        // The last one is drawn on top of the others.
        series: [...others, followed].map((digit) => ({
          className: digit === followed ? "chosen" : "",
          values: found ? [...found.sums[digit]] : [],
        })),
        range,
        xTicks: linearTicks(0, PIXELS, formatCount),
        yTicks: linearTicks(range.least, range.most, formatTick),
        describe: (count) =>
          ngettext(
            "The first {count} pixel: {sum} for {digit}",
            "The first {count} pixels: {sum} for {digit}",
            count,
            { sum: formatSigned(found?.sums[followed][count] ?? 0), digit: followed },
          ),
        headers: [gettext("Pixels"), ...ALL_DIGITS.map(String)],
        toCells: (count) => [
          formatCount(count),
          ...ALL_DIGITS.map((digit) => formatSigned(found?.sums[digit][count] ?? 0)),
        ],
      });
    },
  );

  return (
    /** @type {Shown} */ { explanation, learned, followedDigit: followed, summedPixels: count },
  ) => {
    showLabels(followed);
    slider.value = String(count);
    const found = sumUp(explanation, learned);
    drawLines(found, followed);
    now.classList.remove("away");
    placeLine(now, "x", PLACES[count]);
    const terms = found?.terms[followed] ?? new Float64Array(PIXELS);
    paintHeatmap(
      map,
      terms.map((term, pixel) => (pixel < count ? term : 0)),
      found?.limit ?? 1,
    );
    if (!found || !learned) {
      return setText(words, gettext("Draw a digit or choose a sample digit."));
    }
    const sum = found.sums[followed][count];
    setText(words, describeSum(count, followed, sum, learned.bias[followed]));
  };
}

/**
 * @param {number} count of the summed pixels
 * @param {number} digit
 * @param {number} sum
 * @param {number} bias
 */
function describeSum(count, digit, sum, bias) {
  const soFar = ngettext(
    "The first {count} pixel adds up to {sum} for {digit}.",
    "The first {count} pixels add up to {sum} for {digit}.",
    count,
    { sum: formatSigned(sum), digit },
  );
  if (count < PIXELS) return soFar;
  const total = gettext("With the bias {bias} that is the evidence, {evidence}.", {
    bias: formatSigned(bias),
    evidence: formatSigned(sum + bias),
  });
  return joinSentences([soFar, total]);
}

/** @param {number} sum @returns {string} with a sign only if it is negative */
function formatTick(sum) {
  const places = Number.isInteger(Number(sum.toFixed(1))) ? 0 : 1;
  return formatSigned(sum, places).replace("+", "");
}

/**
 * @param {Float64Array} terms
 * @returns {Float64Array} the sum of the first 0, 1, … and all of them
 */
function runningSums(terms) {
  const sums = new Float64Array(terms.length + 1);
  terms.forEach((term, index) => {
    sums[index + 1] = sums[index] + term;
  });
  return sums;
}

/**
 * @param {readonly Float64Array[]} lines
 * @returns {{least: number, most: number}} what all of them lie within, and 0
 */
function rangeOf(lines) {
  const ends = lines.flatMap((line) => [Math.min(...line), Math.max(...line)]);
  return { least: Math.min(0, ...ends), most: Math.max(1, ...ends) };
}
