/** Sample digits of MNIST as buttons: pressing one replaces the drawing. */

import { paintInk } from "./heatmap.js";
import { gettext } from "../language/messages.js";
import { SIDE, toInk } from "../numbers/rasterizer.js";
import { DIGITS } from "../numbers/regression.js";
import { whenChanged } from "../state/memo.js";

/** @typedef {import("../state/state.js").SampleDigits} SampleDigits */
/** @typedef {import("../state/state.js").Shown} Shown */
/** @typedef {import("../state/state.js").Change} Change */

/**
 * @param {HTMLElement} root
 * @param {number} each how many of each label are shown
 * @param {Change} change
 * @param {() => void} [close] after one was chosen
 * @returns {(shown: Shown) => void}
 */
export function createGallery(root, each, change, close) {
  /** @type {{canvas: HTMLCanvasElement, pixels: Float32Array}[]} */
  let pictures = [];

  const fill = whenChanged((/** @type {SampleDigits | null} */ samples) => {
    const counts = Array(DIGITS).fill(0);
    const counted = (samples?.digits ?? []).map((digit) => {
      return { ...digit, number: ++counts[digit.label] };
    });
    const digits = counted.filter(({ number }) => number <= each);
    pictures = digits.map(({ pixels }) => {
      const canvas = document.createElement("canvas");
      canvas.width = canvas.height = SIDE;
      return { canvas, pixels: toInk(pixels) };
    });
    const buttons = digits.map(({ label, pixels, number }, index) => {
      const button = document.createElement("button");
      button.type = "button";
      button.ariaLabel = gettext("A {label} of MNIST, number {number}", { label, number });
      button.append(pictures[index].canvas);
      button.addEventListener("click", () => {
        change({ image: pixels, strokes: [], label });
        close?.();
      });
      return button;
    });
    root.replaceChildren(...buttons);
  });
  const paint = whenChanged((/** @type {typeof pictures} */ all, /** @type {string} */ colour) => {
    for (const { canvas, pixels } of all) paintInk(canvas, pixels, colour);
  });

  return ({ sampleDigits, inkColour }) => {
    fill(sampleDigits);
    paint(pictures, inkColour);
  };
}
