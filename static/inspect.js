/** Choosing one of the 784 pixels by pointing at any picture of them, or with the arrow keys. */

import { SIDE } from "./pixels.js";

/** @type {Record<string, [number, number]>} rows and columns to move by */
const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/**
 * @param {HTMLElement} root holds pictures of 28×28 pixels, each in an element of class "map"
 * @param {{current: () => number | null, choose: (pixel: number | null) => void}} pixel an index,
 *   row-major; null for none
 */
export function listenToPixels(root, { current, choose }) {
  /** @param {PointerEvent} event */
  const point = (event) => {
    const map = /** @type {Element} */ (event.target).closest(".map");
    // A mouse that leaves a picture lets go of the pixel; a finger that is lifted does not.
    if (!map) return event.pointerType === "mouse" && choose(null);
    const box = map.getBoundingClientRect();
    const column = cell((event.clientX - box.left) / box.width);
    choose(cell((event.clientY - box.top) / box.height) * SIDE + column);
  };
  root.addEventListener("pointermove", point);
  root.addEventListener("pointerdown", point);
  root.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse") choose(null);
  });

  root.addEventListener("keydown", (event) => {
    const map = /** @type {Element} */ (event.target).closest(".map");
    const move = MOVES[event.key];
    if (!map || !move) return;
    event.preventDefault();
    const from = current() ?? (SIDE / 2) * SIDE + SIDE / 2;
    const row = clamp(Math.floor(from / SIDE) + move[0]);
    choose(row * SIDE + clamp((from % SIDE) + move[1]));
  });
}

/** @param {number} fraction of a picture's side */
function cell(fraction) {
  return clamp(Math.floor(fraction * SIDE));
}

/** @param {number} index of a row or a column */
function clamp(index) {
  return Math.min(SIDE - 1, Math.max(0, index));
}
