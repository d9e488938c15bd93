/** Step 1 of the guide: the picture, and the same numbers in one row. */

import { find, setText } from "../components/dom.js";
import { paintInk } from "../components/heatmap.js";
import { formatPlace } from "../numbers/format.js";
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
    const ink = pixels ? `: ${pixels[chosen].toFixed(2)}` : "";
    setText(
      words,
      `Number ${chosen + 1} of 784 is ${formatPlace(chosen, SIDE).toLowerCase()}${ink}`,
    );
  };
}
