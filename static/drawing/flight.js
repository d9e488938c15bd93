/**
 * The animation of how a drawing is prepared: the pad's ink is cropped and scaled to 28×28 pixels, and
 * each of those pixels moves to its place in the picture that the predicted digit weighs.
 */

import { queryMedia } from "../components/dom.js";
import { SIDE } from "../numbers/rasterizer.js";
import { movedPlace } from "../numbers/transformations.js";

/** @typedef {import("../network/api.js").Placement} Placement */
/** @typedef {import("../numbers/rasterizer.js").Picture} Picture */
/** @typedef {import("../numbers/transformations.js").Transformation} Transformation */

/** Durations of the two parts and of the pause between them, ms. */
const FIT_MS = 500;
const REST_MS = 150;
const NORMALIZE_MS = 600;

const HALF = SIDE / 2;

/**
 * @param {HTMLElement} main a positioned ancestor of the canvases
 * @param {HTMLCanvasElement} pad
 * @param {HTMLCanvasElement} sent the drawing in 28×28
 * @param {HTMLCanvasElement} normalized the model's input
 */
export function createFlight(main, pad, sent, normalized) {
  const overlay = document.createElement("canvas");
  overlay.className = "flight";
  overlay.ariaHidden = "true";
  let frame = 0;

  const stop = () => {
    cancelAnimationFrame(frame);
    overlay.remove();
    delete main.dataset.flight;
  };

  /**
   * @param {Picture} picture
   * @param {Placement} placement
   * @param {Transformation} transformation of the predicted digit
   */
  const start = (picture, placement, transformation) => {
    stop();
    if (queryMedia("(prefers-reduced-motion: reduce)")?.matches) return;
    const origin = main.getBoundingClientRect();
    const [from, middle, to] = [pad, sent, normalized].map((canvas) => {
      return boxWithin(canvas.getBoundingClientRect(), origin);
    });
    const context = layOver(overlay, [from, middle, to]);
    if (!context || !from.width || !to.width) return;
    main.append(overlay);
    context.fillStyle = getComputedStyle(pad).color;
    /** @param {number} x @param {number} y */
    const toPlace = (x, y) => movedPlace(transformation, ...normalizedPlace(placement, x, y));
    const begin = performance.now();

    /** @param {number} now */
    const step = (now) => {
      const elapsed = Math.max(0, now - begin);
      const normalizing = elapsed - FIT_MS - REST_MS;
      if (normalizing > NORMALIZE_MS) return stop();
      context.clearRect(0, 0, main.offsetWidth, main.offsetHeight);
      if (elapsed < FIT_MS) {
        main.dataset.flight = "fitting";
        drawFitting(context, pad, picture.crop, from, middle, ease(elapsed / FIT_MS));
      } else {
        main.dataset.flight = "normalizing";
        const progress = ease(Math.max(0, normalizing) / NORMALIZE_MS);
        drawNormalizing(context, picture.pixels, toPlace, middle, to, progress);
      }
      frame = requestAnimationFrame(step);
    };
    step(begin);
  };

  return { start, stop };
}

/** @typedef {{left: number, top: number, width: number}} Box A square, in CSS px. */

/**
 * @param {DOMRect} box
 * @param {DOMRect} origin
 * @returns {Box}
 */
function boxWithin(box, origin) {
  return { left: box.left - origin.left, top: box.top - origin.top, width: box.width };
}

/**
 * Place the overlay over the boxes, and set its unit to CSS px.
 * @param {HTMLCanvasElement} overlay
 * @param {Box[]} boxes
 */
function layOver(overlay, boxes) {
  const left = Math.min(...boxes.map((box) => box.left));
  const top = Math.min(...boxes.map((box) => box.top));
  const width = Math.max(...boxes.map((box) => box.left + box.width)) - left;
  const height = Math.max(...boxes.map((box) => box.top + box.width)) - top;
  overlay.width = Math.round(width * devicePixelRatio);
  overlay.height = Math.round(height * devicePixelRatio);
  Object.assign(overlay.style, {
    left: `${left}px`,
    top: `${top}px`,
    width: `${width}px`,
    height: `${height}px`,
  });
  const context = overlay.getContext("2d");
  context?.scale(devicePixelRatio, devicePixelRatio);
  context?.translate(-left, -top);
  return context;
}

/**
 * Draw the pad's ink between the pad and the picture of 28×28.
 * @param {CanvasRenderingContext2D} context
 * @param {HTMLCanvasElement} pad
 * @param {Picture["crop"]} crop
 * @param {Box} from
 * @param {Box} to
 * @param {number} progress 0 to 1
 */
function drawFitting(context, pad, crop, from, to, progress) {
  // The cropped square, moving from the pad to the picture.
  const square = {
    left: mix(from.left + crop.left * from.width, to.left, progress),
    top: mix(from.top + crop.top * from.width, to.top, progress),
    width: mix(crop.side * from.width, to.width, progress),
  };
  const width = square.width / crop.side;
  const left = square.left - crop.left * width;
  context.drawImage(pad, left, square.top - crop.top * width, width, width);
}

/**
 * Draw the 28×28 pixels between the picture and the normalized picture.
 * @param {CanvasRenderingContext2D} context
 * @param {Uint8Array} pixels
 * @param {(x: number, y: number) => [number, number]} toPlace from a place in the picture to its place
 *   in the one that the predicted digit weighs
 * @param {Box} from
 * @param {Box} to
 * @param {number} progress 0 to 1
 */
function drawNormalizing(context, pixels, toPlace, from, to, progress) {
  /** @param {number} x @param {number} y */
  const move = (x, y) => {
    const [u, v] = toPlace(x, y);
    return [
      mix(from.left + (x / SIDE) * from.width, to.left + (u / SIDE) * to.width, progress),
      mix(from.top + (y / SIDE) * from.width, to.top + (v / SIDE) * to.width, progress),
    ];
  };
  pixels.forEach((intensity, pixel) => {
    if (!intensity) return;
    const [x, y] = [pixel % SIDE, Math.floor(pixel / SIDE)];
    const corners = [move(x, y), move(x + 1, y), move(x + 1, y + 1), move(x, y + 1)];
    context.globalAlpha = intensity / 255;
    context.beginPath();
    for (const [left, top] of corners) context.lineTo(left, top);
    context.fill();
  });
  context.globalAlpha = 1;
}

/**
 * @param {Placement} placement
 * @param {number} x
 * @param {number} y a place in the drawing's 28×28, in pixels
 * @returns {[number, number]} its place in the normalized picture, in pixels
 */
export function normalizedPlace({ centre, slant, reach: [left, right, top, bottom] }, x, y) {
  const below = y - centre[1];
  const across = x - centre[0] - slant * below;
  return [
    HALF + (HALF * across) / (across < 0 ? left : right),
    HALF + (HALF * below) / (below < 0 ? top : bottom),
  ];
}

/** @param {number} a @param {number} b @param {number} share */
function mix(a, b, share) {
  return a + (b - a) * share;
}

/** @param {number} progress 0 to 1; slow at both ends */
function ease(progress) {
  return progress * progress * (3 - 2 * progress);
}
