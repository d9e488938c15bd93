/** Erasing and filling pixels of the model's input, and the answer that follows. */

import { find, findAll, setText } from "../components/dom.js";
import { applyEdits, editInputs, fewestEdits, pixelsBetween } from "../numbers/explain.js";
import { formatNumber, formatPercent, formatSigned } from "../language/format.js";
import { formatPlace, joinSentences } from "../language/sentences.js";
import { gettext, ngettext } from "../language/messages.js";
import { paintInk } from "../components/heatmap.js";
import { SIDE, toInk } from "../numbers/rasterizer.js";
import { isSpace } from "../drawing/pad.js";
import { listenToStrokes } from "../drawing/pointer.js";
import { evidence, largest, runnerUp, softmaxSteps } from "../numbers/regression.js";
import { createProbability } from "../components/bars.js";
import { whenChanged } from "../state/memo.js";
import { seenPixels } from "../state/inputs.js";
import { describeTransformation } from "../numbers/transformations.js";

/** @typedef {import("../numbers/explain.js").Edit} Edit */
/** @typedef {import("../numbers/rasterizer.js").Point} Point */
/** @typedef {import("../numbers/regression.js").Weights} Weights */
/** @typedef {import("../state/state.js").Shown} Shown */
/** @typedef {import("../state/state.js").Change} Change */

/**
 * @param {Change} change
 * @returns {(shown: Shown) => void}
 */
export function createView(change) {
  const showEditor = createEditor(change);
  const showFewest = createFewest(change);
  const at = find("#change-at", HTMLElement);
  const words = find("#change-words", HTMLElement);
  const margin = find("#flip-evidence", HTMLElement);
  const input = find("#change-input", HTMLElement);
  const rows = findAll("#before-after [data-row]", HTMLElement).map(createRow);

  return (shown) => {
    const { explanation, learned, edits, pixel } = shown;
    showEditor(shown);
    showFewest(explanation?.inputs, learned);
    setText(input, describeInput(shown));

    if (!explanation || !learned) {
      rows.forEach((row) => row.clear());
      setText(
        words,
        gettext("Draw a digit or choose a sample digit; then erase and add ink in its pixels."),
      );
      setText(margin, "");
      setText(at, "");
      return;
    }
    const inputs = editInputs(explanation.inputs, edits);
    const before = evidence(explanation.inputs, learned);
    const after = evidence(inputs, learned);
    const { probabilities } = softmaxSteps(after);
    rows.forEach((row, digit) => row.show(before, after, probabilities, digit));
    setText(words, describeChange(before, after, probabilities, edits));
    setText(margin, describeMargin(after));
    setText(at, pixel === null ? "" : describeLever(pixel, inputs, learned, after));
  };
}

/**
 * The picture whose pixels are erased and filled, and its controls.
 * @param {Change} change
 * @returns {(shown: Shown) => void}
 */
function createEditor(change) {
  const map = find("#edit", HTMLElement);
  const tools = findAll("#view-change [name=tool]", HTMLInputElement);
  const mean = find("#mean", HTMLSelectElement);
  const undo = find("#edit-undo", HTMLButtonElement);
  const reset = find("#edit-reset", HTMLButtonElement);
  const showPictures = createPictures();
  /** @type {Shown | null} */
  let current = null;

  /** @param {number[]} pixels @param {0 | 1} ink */
  const setInk = (pixels, ink) => {
    if (!current?.explanation) return;
    const drawn = seenPixels(current.explanation);
    const others = current.edits.filter(({ pixel }) => !pixels.includes(pixel));
    const made = pixels.filter((pixel) => drawn[pixel] !== ink).map((pixel) => ({ pixel, ink }));
    change({ edits: [...others, ...made] });
  };
  listenToEdits(map, {
    begin() {
      const before = current;
      /** The edits that the stroke has left. @type {Shown["edits"]} */
      let after = before?.edits ?? [];
      /** @type {Set<Edit>} */
      const made = new Set();
      return {
        draw(pixels) {
          if (!current) return;
          const known = new Set(current.edits);
          setInk(pixels, current.tool);
          after = current.edits;
          for (const edit of after) if (!known.has(edit)) made.add(edit);
        },
        cancel() {
          if (!current || !before) return;
          const { edits, explanation } = current;
          // What has changed the edits since then, as Reset does, stays.
          const isLast = edits === after && explanation === before.explanation;
          change({ edits: isLast ? before.edits : edits.filter((edit) => !made.has(edit)) });
        },
      };
    },
    toggle() {
      if (!current?.explanation || current.pixel === null) return;
      const now = applyEdits(seenPixels(current.explanation), current.edits)[current.pixel];
      setInk([current.pixel], now > 0.5 ? 0 : 1);
    },
  });
  for (const tool of tools) {
    tool.addEventListener("change", () => change({ tool: tool.value === "1" ? 1 : 0 }));
  }
  mean.addEventListener("change", () => {
    change({ meanDigit: mean.value === "" ? null : Number(mean.value) });
  });
  undo.addEventListener("click", () => change({ edits: current?.edits.slice(0, -1) ?? [] }));
  reset.addEventListener("click", () => change({ edits: [] }));

  return (shown) => {
    current = shown;
    for (const tool of tools) tool.checked = tool.value === String(shown.tool);
    mean.value = String(shown.meanDigit ?? "");
    undo.disabled = reset.disabled = shown.edits.length === 0;
    showPictures(shown);
  };
}

/**
 * The edited input with its edits outlined, over a digit's mean image.
 * @returns {(shown: Shown) => void}
 */
function createPictures() {
  const ink = find("#edit-ink", HTMLCanvasElement);
  const meanPicture = find("#edit-mean", HTMLCanvasElement);
  const marks = find("#edit-marks", SVGPathElement);

  const showInk = whenChanged(
    (
      /** @type {ArrayLike<number> | undefined} */ pixels,
      /** @type {readonly Edit[]} */ edits,
      /** @type {string} */ colour,
    ) => {
      paintInk(ink, pixels ? applyEdits(pixels, edits) : new Float64Array(SIDE * SIDE), colour);
      marks.setAttribute("d", edits.map(({ pixel }) => outlineOf(pixel)).join(""));
    },
  );
  const showMean = whenChanged(
    (/** @type {Uint8Array | undefined} */ pixels, /** @type {string} */ _scheme) => {
      meanPicture.hidden = !pixels;
      if (pixels) paintInk(meanPicture, toInk(pixels), getComputedStyle(meanPicture).color);
    },
  );

  return ({ explanation, edits, inkColour, meanDigit, sampleDigits, summary }) => {
    showInk(explanation ? seenPixels(explanation) : undefined, edits, inkColour);
    const means = sampleDigits?.means[summary?.normalization ?? ""];
    showMean(meanDigit === null ? undefined : means?.[meanDigit], inkColour);
  };
}

/**
 * The smallest set of pixels that changes the answer, and the button that edits them.
 * @param {Change} change
 */
function createFewest(change) {
  const words = find("#flip-pixels", HTMLElement);
  const button = find("#flip", HTMLButtonElement);
  /** @type {Edit[]} */
  let fewest = [];

  button.addEventListener("click", () => change({ edits: fewest }));
  return whenChanged(
    (
      /** @type {ArrayLike<number>[] | undefined} */ inputs,
      /** @type {Weights | undefined} */ learned,
    ) => {
      const found = inputs && learned ? fewestEdits(inputs, learned) : null;
      fewest = found?.edits ?? [];
      button.disabled = !found;
      setText(words, inputs && learned ? describeFewest(found) : "");
    },
  );
}

/**
 * @param {HTMLElement} map that shows 28×28 pixels
 * @param {object} pen
 * @param {() => {draw: (pixels: number[]) => void, cancel: () => void}} pen.begin `draw` gets the
 *   pixels that the pen passes over
 * @param {() => void} pen.toggle
 */
function listenToEdits(map, { begin, toggle }) {
  let last = { x: 0, y: 0 };
  let lastPixel = -1;
  /** @type {(pixels: number[]) => void} */
  let draw = () => {};

  /** @param {Point[]} points */
  const pass = (points) => {
    const passed = points.flatMap((point) => {
      const pixels = pixelsBetween(last, point);
      last = point;
      return pixels;
    });
    const pixels = [...new Set(passed)].filter((pixel) => pixel !== lastPixel);
    lastPixel = passed.at(-1) ?? lastPixel;
    if (pixels.length) draw(pixels);
  };

  listenToStrokes(map, {
    begin(point) {
      last = point;
      lastPixel = -1;
      const stroke = begin();
      draw = stroke.draw;
      pass([point]);
      return stroke.cancel;
    },
    extend: pass,
    end() {},
  });
  map.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (!isSpace(event) && event.key !== "Enter") return;
    event.preventDefault();
    if (!event.repeat) toggle();
  });
}

/** @param {HTMLElement} element a row of the table */
function createRow(element) {
  const before = find(".before", HTMLElement, element);
  const change = find(".change", HTMLElement, element);
  const after = find(".after", HTMLElement, element);
  const showProbability = createProbability(element);

  return {
    clear() {
      for (const cell of [before, change, after]) setText(cell, "");
      showProbability(undefined);
      element.classList.remove("answered");
    },

    /**
     * @param {number[]} drawn evidence of the drawing
     * @param {number[]} changed
     * @param {number[]} probabilities
     * @param {number} digit
     */
    show(drawn, changed, probabilities, digit) {
      const difference = changed[digit] - drawn[digit];
      setText(before, formatSigned(drawn[digit]));
      setText(change, difference ? formatSigned(difference) : "");
      change.classList.toggle("for", difference > 0);
      change.classList.toggle("against", difference < 0);
      setText(after, formatSigned(changed[digit]));
      showProbability(probabilities[digit]);
      element.classList.toggle("answered", digit === largest(changed));
    },
  };
}

/**
 * @param {Shown} shown
 * @returns {string} which picture is edited, if the digits transform it
 */
function describeInput({ explanation, summary }) {
  if (!explanation || summary?.transformations === "none") return "";
  const { digit, transformations } = explanation;
  return joinSentences([
    gettext("This is the drawing as {digit} gets it.", { digit }),
    describeTransformation(digit, transformations[digit]),
    gettext(
      "Each other digit keeps its own version, in which the same pixels are erased or filled.",
    ),
  ]);
}

/** @param {number} pixel */
function outlineOf(pixel) {
  return `M${pixel % SIDE} ${Math.floor(pixel / SIDE)}h1v1h-1z`;
}

/**
 * @param {number[]} before
 * @param {number[]} after
 * @param {number[]} probabilities
 * @param {readonly Edit[]} edits
 */
function describeChange(before, after, probabilities, edits) {
  const [digit, now] = [largest(before), largest(after)];
  const percent = formatPercent(probabilities[now]);
  if (!edits.length) {
    return gettext("As drawn it is a {digit}, with {percent}. Erase or add ink to change that.", {
      digit,
      percent,
    });
  }
  const change = formatSigned(after[digit] - before[digit]);
  return now === digit
    ? ngettext(
        "One pixel changed the evidence for {digit} by {change}: " +
          "it is still a {digit}, with {percent}.",
        "{count} pixels changed the evidence for {digit} by {change}: " +
          "it is still a {digit}, with {percent}.",
        edits.length,
        { digit, change, percent },
      )
    : ngettext(
        "One pixel changed the evidence for {digit} by {change}: now it is a {now}, with {percent}.",
        "{count} pixels changed the evidence for {digit} by {change}: " +
          "now it is a {now}, with {percent}.",
        edits.length,
        { digit, change, now, percent },
      );
}

/**
 * @param {number[]} amounts
 * @returns {string} the smallest change in evidence that makes another digit win
 */
function describeMargin(amounts) {
  const digit = largest(amounts);
  const other = runnerUp(amounts, digit);
  const lead = formatNumber(amounts[digit] - amounts[other], 2);
  return gettext(
    "{digit} leads {other} by {lead} of evidence: {other} wins as soon as more than that is taken " +
      "from {digit}, added to {other}, or both together.",
    { digit, other, lead },
  );
}

/** @param {ReturnType<typeof fewestEdits>} found */
function describeFewest(found) {
  if (!found) return gettext("As drawn: no erased or added pixels make another digit win.");
  const { digit, edits } = found;
  const filled = edits.filter(({ ink }) => ink === 1).length;
  return ngettext(
    "As drawn: changing one pixel of the model's input makes it a {digit}, and no smaller number " +
      "changes the answer: {erased} to erase, {filled} to fill.",
    "As drawn: changing {count} pixels of the model's input makes it a {digit}, and no smaller " +
      "number changes the answer: {erased} to erase, {filled} to fill.",
    edits.length,
    { digit, erased: edits.length - filled, filled },
  );
}

/**
 * @param {number} pixel
 * @param {Float64Array[]} inputs
 * @param {Weights} model
 * @param {number[]} amounts
 * @returns {string} how changing the pixel would change the lead
 */
function describeLever(pixel, inputs, { columns }, amounts) {
  const digit = largest(amounts);
  const other = runnerUp(amounts, digit);
  const [ofDigit, ofOther] = [columns[digit][pixel], columns[other][pixel]];
  const now = inputs[digit][pixel] * ofDigit - inputs[other][pixel] * ofOther;
  return gettext(
    "{place}: x = {ink}. The lead of {digit} over {other} changes by {erased} if it is erased, " +
      "by {filled} if filled.",
    {
      place: formatPlace(pixel, SIDE),
      ink: formatNumber(inputs[digit][pixel], 2),
      digit,
      other,
      erased: formatSigned(-now),
      filled: formatSigned(ofDigit - ofOther - now),
    },
  );
}
