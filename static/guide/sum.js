/** Step 3 of the guide: the running sum of pixel times weight. */

import { linePath, scaleY } from "../numbers/axis.js";
import { find, findAll, setText } from "../components/dom.js";
import { limitOf, paintHeatmap } from "../components/heatmap.js";
import { formatSigned } from "../numbers/format.js";
import { DIGITS, PIXELS, contributions, evidence } from "../numbers/regression.js";
import { memoized, whenChanged } from "../state/memo.js";
import { createDigitButtons } from "./digit_buttons.js";

/** @typedef {import("../state/state.js").Explanation} Explanation */
/** @typedef {import("../state/state.js").Shown} Shown */
/** @typedef {import("../state/state.js").Change} Change */
/** @typedef {import("../numbers/regression.js").Weights} Weights */

/** The chart's viewBox. */
const SUMS = { width: 784, height: 200 };

/** @param {Change} change */
export function createSum(change) {
  const section = find("#guide-3", HTMLElement);
  const showLabels = createDigitButtons(section, (followedDigit) => change({ followedDigit }));
  const map = find("#guide-sum-map", HTMLCanvasElement);
  const [axis, ...rest] = findAll("#guide-sums path", SVGPathElement);
  const lines = rest.slice(0, DIGITS);
  const [chosen, now] = rest.slice(DIGITS);
  const slider = find("#guide-count", HTMLInputElement);
  const words = find("#guide-sum-words", HTMLElement);

  slider.addEventListener("input", () => change({ summedPixels: slider.valueAsNumber }));
  const sumUp = memoized(
    (/** @type {Explanation | null} */ explanation, /** @type {Weights | undefined} */ learned) => {
      if (!explanation || !learned) return null;
      const terms = learned.columns.map((weights) => contributions(explanation.pixels, weights));
      return { terms, sums: terms.map(runningSums), limit: limitOf(terms) };
    },
  );
  const drawLines = whenChanged((/** @type {ReturnType<typeof sumUp>} */ found) => {
    const range = rangeOf(found?.sums ?? []);
    lines.forEach((line, digit) => {
      line.setAttribute("d", found ? linePath(found.sums[digit], { ...SUMS, ...range }) : "");
    });
    const zero = scaleY(SUMS.height, range.least, range.most)(0);
    axis.setAttribute("d", `M0 ${zero}H${SUMS.width}`);
  });

  return (
    /** @type {Shown} */ { explanation, learned, followedDigit: followed, summedPixels: count },
  ) => {
    showLabels(followed);
    slider.value = String(count);
    const found = sumUp(explanation, learned);
    drawLines(found);
    now.setAttribute("d", `M${count} 0V${SUMS.height}`);
    const terms = found?.terms[followed] ?? new Float64Array(PIXELS);
    paintHeatmap(
      map,
      terms.map((term, pixel) => (pixel < count ? term : 0)),
      found?.limit ?? 1,
    );
    chosen.setAttribute("d", lines[followed].getAttribute("d") ?? "");
    if (!found || !learned) return setText(words, "Draw a digit or choose a sample digit.");
    const bias = learned.bias[followed];
    const sum = found.sums[followed][count];
    const so = `The first ${count} pixels add up to ${formatSigned(sum)} for ${followed}.`;
    const all = `With the bias ${formatSigned(bias)} that is the evidence, ${formatSigned(sum + bias)}.`;
    setText(words, count === PIXELS ? `${so} ${all}` : so);
  };
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
