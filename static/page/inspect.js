/** Choosing one of the 784 pixels, by pointing at any picture of them or with the arrow keys. */

import { SIDE } from "../numbers/rasterizer.js";

/** @type {Record<string, [number, number]>} rows and columns to move by */
const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/**
 * @param {HTMLElement} root holds pictures of 28×28 pixels, each in an element of class "map"
 * @param {{current: () => number | null, choose: (pixel: number | null) => void}} pixel an index,
 *   row-major; null for none
 */
export function listenToPixels(root, { current, choose }) {
  let isPointedAt = false;

  /**
   * When the mouse leaves a picture, the pixel that it pointed at is no longer chosen. A pixel that was
   * chosen by touch or with the keyboard stays.
   * @param {PointerEvent} event
   */
  const leave = (event) => {
    if (event.pointerType === "mouse" && isPointedAt) choose(null);
    isPointedAt = false;
  };

  /** @param {PointerEvent} event */
  const point = (event) => {
    const map = /** @type {Element} */ (event.target).closest(".map");
    if (!map) return leave(event);
    isPointedAt = true;
    const box = map.getBoundingClientRect();
    const column = cell((event.clientX - box.left) / box.width);
    choose(cell((event.clientY - box.top) / box.height) * SIDE + column);
  };
  root.addEventListener("pointermove", point);
  root.addEventListener("pointerdown", (event) => {
    const isOutside = !(/** @type {Element} */ (event.target).closest(".map, input"));
    // Touching anything else ends the choice.
    if (isOutside && event.pointerType !== "mouse") choose(null);
    else point(event);
  });
  root.addEventListener("pointerleave", leave);

  root.addEventListener("keydown", (event) => {
    const map = /** @type {Element} */ (event.target).closest(".map");
    const move = MOVES[event.key];
    if (!map || !move || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    isPointedAt = false;
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
