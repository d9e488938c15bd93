/** Step 1 of the guide: the picture, and the same numbers in one row. */

import { find, setText } from "../components/dom.js";
import { paintInk } from "../components/heatmap.js";
import { formatNumber } from "../language/format.js";
import { gettext } from "../language/messages.js";
import { SIDE } from "../numbers/rasterizer.js";
import { PIXELS } from "../numbers/regression.js";
import { whenChanged } from "../state/memo.js";
import { seenPixels } from "../state/inputs.js";

/** @typedef {import("../state/state.js").Shown} Shown */
/** @typedef {import("../state/state.js").Change} Change */

/** @param {Change} change */
export function createPicture(change) {
  const picture = find("#guide-picture", HTMLCanvasElement);
  const strip = find("#guide-strip", HTMLCanvasElement);
  const mark = find("#guide-strip-mark", HTMLElement);
  const slider = find("#guide-pixel", HTMLInputElement);
  const words = find("#guide-pixel-words", HTMLElement);

  slider.addEventListener("input", () => change({ pixel: slider.valueAsNumber }));
  const paint = whenChanged(
    (/** @type {ArrayLike<number> | undefined} */ pixels, /** @type {string} */ colour) => {
      const ink = pixels ?? new Float32Array(PIXELS);
      paintInk(picture, ink, colour);
      paintInk(strip, ink, colour);
    },
  );

  return (/** @type {Shown} */ { explanation, pixel, inkColour }) => {
    const pixels = explanation ? seenPixels(explanation) : undefined;
    paint(pixels, inkColour);
    const chosen = pixel ?? 0;
    slider.value = String(chosen);
    mark.style.left = `${(100 * (chosen + 0.5)) / PIXELS}%`;
    setText(words, describeNumber(chosen, pixels));
  };
}

/**
 * @param {number} pixel
 * @param {ArrayLike<number> | undefined} pixels
 * @returns {string} its place in the picture, counted from 1, and its ink
 */
function describeNumber(pixel, pixels) {
  const place = {
    number: pixel + 1,
    row: Math.floor(pixel / SIDE) + 1,
    column: (pixel % SIDE) + 1,
  };
  return pixels
    ? gettext("Number {number} of 784 is row {row}, column {column}: {ink}", {
        ...place,
        ink: formatNumber(pixels[pixel], 2),
      })
    : gettext("Number {number} of 784 is row {row}, column {column}", place);
}
