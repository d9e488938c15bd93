/** W as ten heatmaps, for one model or several, and the difference between two digits. */

import { find, findAll, setChoices, setText } from "../components/dom.js";
import { formatNumber, formatPercent, formatSigned } from "../language/format.js";
import { formatPlace, joinSentences } from "../language/sentences.js";
import { gettext } from "../language/messages.js";
import { inkOutline, limitOf, paintHeatmap } from "../components/heatmap.js";
import { SIDE } from "../numbers/rasterizer.js";
import { contributions } from "../numbers/regression.js";
import { ALL_RECIPES } from "../state/address_parts.js";
import { inputsUnder } from "../state/inputs.js";
import { whenChanged } from "../state/memo.js";
import { comparedModels } from "../state/state.js";

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
  const [own, ...others] = findAll(".weight-maps", HTMLElement).map(createMaps);
  const differenceOutline = find(".pair .outline path", SVGPathElement);

  comparison.addEventListener("change", () => change({ comparedModel: comparison.value }));
  overlaid.addEventListener("change", () => change({ isInkOverlaid: overlaid.checked }));
  for (const select of [first, second]) {
    select.addEventListener("change", () => {
      change({ pair: [Number(first.value), Number(second.value)] });
    });
  }

  const showMaps = whenChanged((/** @type {(Weights | undefined)[]} */ ...all) => {
    const limit = limitOf(all.flatMap((weights) => weights?.columns ?? []));
    [own, ...others].forEach((maps, place) => {
      const weights = all[place];
      if (weights) maps.paint(weights, limit);
    });
    const ends = { least: formatSigned(-limit), most: formatSigned(limit) };
    setText(least, ends.least);
    setText(most, ends.most);
    scale.ariaLabel = gettext(
      "Red is negative, down to {least}; white is zero; blue is positive, up to {most}",
      ends,
    );
  });
  const showDifference = whenChanged(
    (/** @type {Weights} */ learned, /** @type {number} */ a, /** @type {number} */ b) => {
      const values = subtract(learned.columns[a], learned.columns[b]);
      paintHeatmap(difference, values, limitOf([values]));
    },
  );
  const showInkOfFirst = whenChanged((/** @type {ArrayLike<number> | undefined} */ pixels) => {
    differenceOutline.setAttribute("d", pixels ? inkOutline(pixels) : "");
  });

  return (shown) => {
    const { learned, pixel, pair } = shown;
    const choices = shown.models.filter(({ name }) => name !== shown.model);
    setChoices(
      comparison,
      [
        { value: "", text: gettext("no other model") },
        ...choices.map(({ name }) => ({ value: name, text: name })),
        { value: ALL_RECIPES, text: gettext("all recipes") },
      ],
      shown.comparedModel,
    );
    overlaid.checked = shown.isInkOverlaid;
    first.value = String(pair[0]);
    second.value = String(pair[1]);

    const compared = comparedModels(shown);
    const weights = others.map((_, place) => shown.weights.get(compared[place]?.digest ?? ""));
    showMaps(learned, ...weights);
    const ownInputs = shown.isInkOverlaid ? shown.explanation?.inputs : undefined;
    own.show(shown.summary, learned, pixel, ownInputs);
    showInkOfFirst(ownInputs?.[pair[0]]);
    others.forEach((maps, place) => {
      const inputs = shown.isInkOverlaid
        ? inputsUnder(shown, compared[place], weights[place])
        : undefined;
      maps.show(compared[place], weights[place], pixel, inputs);
    });

    if (learned) {
      showDifference(learned, ...pair);
      const apart =
        pixel === null ? null : learned.columns[pair[0]][pixel] - learned.columns[pair[1]][pixel];
      setText(differenceValue, apart === null ? "" : formatSigned(apart));
    }
    setText(words, describePair(shown));
    setText(at, pixel === null ? gettext("Point at a pixel") : formatPlace(pixel, SIDE));
  };
}

/** @param {HTMLElement} section ten heatmaps and their model's name */
function createMaps(section) {
  const name = find("h2", HTMLElement, section);
  const canvases = findAll("canvas", HTMLCanvasElement, section);
  const values = findAll(".value", HTMLElement, section);
  const outlines = findAll(".outline path", SVGPathElement, section);

  const showOutlines = outlines.map((outline) =>
    whenChanged((/** @type {ArrayLike<number> | undefined} */ pixels) => {
      outline.setAttribute("d", pixels ? inkOutline(pixels) : "");
    }),
  );

  return {
    /** @param {Weights} weights @param {number} limit */
    paint({ columns }, limit) {
      canvases.forEach((canvas, digit) => paintHeatmap(canvas, columns[digit], limit));
    },

    /**
     * @param {Shown["summary"]} model
     * @param {Weights | undefined} weights
     * @param {number | null} pixel
     * @param {readonly ArrayLike<number>[] | undefined} inputs whose ink is outlined
     */
    show(model, weights, pixel, inputs) {
      section.hidden = !model;
      showOutlines.forEach((showOutline, digit) => showOutline(inputs?.[digit]));
      setText(name, model ? describeModel(model) : "");
      values.forEach((value, digit) => {
        const weight = pixel === null ? undefined : weights?.columns[digit][pixel];
        setText(value, weight === undefined ? "" : formatSigned(weight));
      });
    },
  };
}

/** @param {NonNullable<Shown["summary"]>} model */
function describeModel({ name, test_accuracy }) {
  return gettext("{name}, {percent} on MNIST", { name, percent: formatPercent(test_accuracy) });
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
  if (a === b) return gettext("Choose two different digits.");
  const rule = gettext(
    "Blue: ink here is evidence for {digit} over {other}; red: for {other} over {digit}.",
    { digit: a, other: b },
  );
  if (!learned || !explanation) return rule;
  const [ofFirst, ofSecond] = [a, b].map((digit) =>
    contributions(explanation.inputs[digit], learned.columns[digit]).reduce(
      (sum, term) => sum + term,
      0,
    ),
  );
  const ink = ofFirst - ofSecond;
  const bias = learned.bias[a] - learned.bias[b];
  const lead = ink + bias;
  const [digit, other] = lead < 0 ? [b, a] : [a, b];
  const decision = gettext("Your ink {ink}, the bias {bias}: {digit} leads {other} by {lead}.", {
    ink: formatSigned(ink),
    bias: formatSigned(bias),
    digit,
    other,
    lead: formatNumber(Math.abs(lead), 2),
  });
  return joinSentences([rule, decision]);
}
