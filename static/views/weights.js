/** W as ten heatmaps, for one model or two, and the difference between two digits. */

import { find, findAll, setChoices, setText } from "../components/dom.js";
import { formatPercent, formatPlace, formatSigned } from "../numbers/format.js";
import { inkOutline, limitOf, paintHeatmap } from "../components/heatmap.js";
import { SIDE } from "../numbers/rasterizer.js";
import { findModel, normalizedInkOf } from "../state/state.js";
import { whenChanged } from "../state/memo.js";

/** @typedef {import("../numbers/regression.js").Weights} Weights */
/** @typedef {import("../state/state.js").Shown} Shown */
/** @typedef {import("../state/state.js").Change} Change */

/**
 * @param {Change} change
 * @returns {(shown: Shown) => void}
 */
export function createView(change) {
  const comparison = find("#beside", HTMLSelectElement);
  const overlaid = find("#overlaid", HTMLInputElement);
  const least = find("#scale-least", HTMLElement);
  const most = find("#scale-most", HTMLElement);
  const scale = find("#scale", HTMLElement);
  const first = find("#pair-first", HTMLSelectElement);
  const second = find("#pair-second", HTMLSelectElement);
  const difference = find("#difference", HTMLCanvasElement);
  const differenceValue = find("#difference-value", HTMLElement);
  const words = find("#pair-words", HTMLElement);
  const at = find("#weights-at", HTMLElement);
  const own = createMaps(find("#weights-own", HTMLElement));
  const other = createMaps(find("#weights-beside", HTMLElement));
  const differenceOutline = find(".pair .outline path", SVGPathElement);

  comparison.addEventListener("change", () => change({ comparedModel: comparison.value }));
  overlaid.addEventListener("change", () => change({ isInkOverlaid: overlaid.checked }));
  for (const select of [first, second]) {
    select.addEventListener("change", () => {
      change({ pair: [Number(first.value), Number(second.value)] });
    });
  }

  const showMaps = whenChanged(
    (/** @type {Weights | undefined} */ learned, /** @type {Weights | undefined} */ compared) => {
      const limit = limitOf([...(learned?.columns ?? []), ...(compared?.columns ?? [])]);
      if (learned) own.paint(learned, limit);
      if (compared) other.paint(compared, limit);
      setText(least, formatSigned(-limit));
      setText(most, formatSigned(limit));
      scale.ariaLabel = `Red is negative, down to ${formatSigned(-limit)}; white is zero; blue is
        positive, up to ${formatSigned(limit)}`;
    },
  );
  const showDifference = whenChanged(
    (/** @type {Weights} */ learned, /** @type {number} */ a, /** @type {number} */ b) => {
      const values = subtract(learned.columns[a], learned.columns[b]);
      paintHeatmap(difference, values, limitOf([values]));
    },
  );
  const showInk = whenChanged((/** @type {ArrayLike<number> | undefined} */ pixels) => {
    const path = pixels ? inkOutline(pixels) : "";
    own.showOutline(path);
    differenceOutline.setAttribute("d", path);
  });
  const showComparedInk = whenChanged((/** @type {ArrayLike<number> | undefined} */ pixels) => {
    other.showOutline(pixels ? inkOutline(pixels) : "");
  });

  return (shown) => {
    const { learned, pixel, pair } = shown;
    const choices = shown.models.filter(({ name }) => name !== shown.model);
    setChoices(
      comparison,
      [
        { value: "", text: "no other model" },
        ...choices.map(({ name }) => ({ value: name, text: name })),
      ],
      shown.comparedModel,
    );
    overlaid.checked = shown.isInkOverlaid;
    first.value = String(pair[0]);
    second.value = String(pair[1]);

    const comparedModel = findModel(shown, shown.comparedModel);
    const compared = comparedModel && shown.weights.get(comparedModel.digest);
    showMaps(learned, compared);
    own.show(shown.summary, learned, pixel);
    other.show(comparedModel, compared, pixel);
    showInk(shown.isInkOverlaid ? shown.explanation?.pixels : undefined);
    showComparedInk(
      shown.isInkOverlaid ? normalizedInkOf(shown, comparedModel?.normalization) : undefined,
    );

    if (learned) {
      showDifference(learned, ...pair);
      const apart =
        pixel === null ? null : learned.columns[pair[0]][pixel] - learned.columns[pair[1]][pixel];
      setText(differenceValue, apart === null ? "" : formatSigned(apart));
    }
    setText(words, describePair(shown));
    setText(at, pixel === null ? "Point at a pixel" : formatPlace(pixel, SIDE));
  };
}

/** @param {HTMLElement} section ten heatmaps and their model's name */
function createMaps(section) {
  const name = find("h2", HTMLElement, section);
  const canvases = findAll("canvas", HTMLCanvasElement, section);
  const values = findAll(".value", HTMLElement, section);
  const outlines = findAll(".outline path", SVGPathElement, section);

  return {
    /** @param {string} path around the ink */
    showOutline(path) {
      for (const outline of outlines) outline.setAttribute("d", path);
    },

    /** @param {Weights} weights @param {number} limit */
    paint({ columns }, limit) {
      canvases.forEach((canvas, digit) => paintHeatmap(canvas, columns[digit], limit));
    },

    /**
     * @param {Shown["summary"]} model
     * @param {Weights | undefined} weights
     * @param {number | null} pixel
     */
    show(model, weights, pixel) {
      section.hidden = !model;
      setText(name, model ? `${model.name}, ${formatPercent(model.test_accuracy)} on MNIST` : "");
      values.forEach((value, digit) => {
        const weight = pixel === null ? undefined : weights?.columns[digit][pixel];
        setText(value, weight === undefined ? "" : formatSigned(weight));
      });
    },
  };
}

/**
 * @param {Float32Array} a
 * @param {Float32Array} b
 */
function subtract(a, b) {
  return Float32Array.from(a, (value, index) => value - b[index]);
}

/**
 * @param {Shown} shown
 * @returns {string} how the drawing's ink and the bias decide between the two digits
 */
function describePair({ pair: [a, b], learned, explanation }) {
  if (a === b) return "Choose two different digits.";
  const rule = `Blue: ink here is evidence for ${a} over ${b}; red: for ${b} over ${a}.`;
  if (!learned || !explanation) return rule;
  const apart = explanation.pixels.reduce((sum, ink, pixel) => {
    return sum + ink * (learned.columns[a][pixel] - learned.columns[b][pixel]);
  }, 0);
  const bias = learned.bias[a] - learned.bias[b];
  return `${rule} Your ink ${formatSigned(apart)}, the bias ${formatSigned(bias)}: ${
    apart + bias < 0 ? `${b} leads ${a}` : `${a} leads ${b}`
  } by ${Math.abs(apart + bias).toFixed(2)}.`;
}
