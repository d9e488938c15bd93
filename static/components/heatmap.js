/** 784 numbers as a picture on a canvas of 28×28 pixels, or a multiple of it, which CSS enlarges. */

import { SIDE } from "../numbers/rasterizer.js";

/** The colours of the server's heatmaps, from the page's style sheet. */
const NEGATIVE = readToken("--heatmap-negative");
const POSITIVE = readToken("--heatmap-positive");

/** Intensity of the outline between ink and paper. */
const EDGE = 0.5;

/** Canvas pixels per side of a hatched heatmap's cell. */
const HATCHED_CELL = 6;

/** Diagonal white lines, in canvas pixels: the distance from one to the next, and their width. */
const LINE_DISTANCE = 2 * HATCHED_CELL;
const LINE_WIDTH = 4;

/** How far a line is from the cell's colour, 0, to white, 1. */
const LINE_STRENGTH = 0.85;

let isHatched = false;

/** What each heatmap shows. @type {Map<HTMLCanvasElement, [ArrayLike<number>, number]>} */
const shownValues = new Map();

/**
 * Choose whether white lines hatch the negative values of all heatmaps, painted and future ones, so that they can
 * be told from positive ones without colours.
 * @param {boolean} isOn
 */
export function setHatching(isOn) {
  if (isOn === isHatched) return;
  isHatched = isOn;
  for (const [canvas, [values, limit]] of shownValues) paintHeatmap(canvas, values, limit);
}

/**
 * Red is negative, blue is positive, white is zero.
 * @param {HTMLCanvasElement} canvas of the page: it is painted again when the hatching is switched
 * @param {ArrayLike<number>} values 784
 * @param {number} limit what is full blue, and its negative full red
 */
export function paintHeatmap(canvas, values, limit) {
  shownValues.set(canvas, [values, limit]);
  const cell = isHatched ? HATCHED_CELL : 1;
  const side = SIDE * cell;
  // Setting the size, even to the same value, allocates the canvas anew.
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const image = new ImageData(side, side);
  for (let pixel = 0; pixel < SIDE * SIDE; pixel++) {
    const share = limit ? Math.min(1, Math.abs(values[pixel]) / limit) : 0;
    const isNegative = values[pixel] < 0;
    const left = (pixel % SIDE) * cell;
    const top = Math.floor(pixel / SIDE) * cell;
    for (let y = top; y < top + cell; y++) {
      for (let x = left; x < left + cell; x++) {
        const isLine = isHatched && isNegative && (x + y) % LINE_DISTANCE < LINE_WIDTH;
        const strength = isLine ? share * (1 - LINE_STRENGTH) : share;
        setShade(image.data, y * side + x, strength, isNegative ? NEGATIVE : POSITIVE);
      }
    }
  }
  canvas.getContext("2d")?.putImageData(image, 0, 0);
}

/**
 * @param {Uint8ClampedArray} data
 * @param {number} index of a pixel
 * @param {number} share of the full colour, 0 to 1; the rest is white
 * @param {readonly number[]} full red, green and blue
 */
function setShade(data, index, share, full) {
  for (let channel = 0; channel < 3; channel++) {
    data[4 * index + channel] = Math.round(255 + share * (full[channel] - 255));
  }
  data[4 * index + 3] = 255;
}

/**
 * Ink with its intensity as opacity, so that a picture below shows where there is none.
 * @param {HTMLCanvasElement} canvas SIDE × SIDE, or all in one row
 * @param {ArrayLike<number>} pixels 784, 0 to 1
 * @param {string} colour as getComputedStyle gives it: rgb(…)
 */
export function paintInk(canvas, pixels, colour) {
  const channels = (colour.match(/\d+/g) ?? []).map(Number);
  paint(canvas, (data, pixel) => {
    for (let channel = 0; channel < 3; channel++) data[4 * pixel + channel] = channels[channel];
    data[4 * pixel + 3] = Math.round(pixels[pixel] * 255);
  });
}

/**
 * @param {string} name of a custom property whose value is #rrggbb
 * @returns {number[]} red, green and blue
 */
function readToken(name) {
  const hex = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  return [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16));
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {(data: Uint8ClampedArray, pixel: number) => void} setPixel
 */
function paint(canvas, setPixel) {
  const image = new ImageData(canvas.width, canvas.height);
  for (let pixel = 0; pixel < SIDE * SIDE; pixel++) setPixel(image.data, pixel);
  canvas.getContext("2d")?.putImageData(image, 0, 0);
}

/**
 * @param {readonly ArrayLike<number>[]} maps
 * @returns {number} the largest absolute value of all
 */
export function limitOf(maps) {
  let limit = 0;
  for (const values of maps) {
    for (let index = 0; index < values.length; index++) {
      limit = Math.max(limit, Math.abs(values[index]));
    }
  }
  return limit;
}

/**
 * @param {ArrayLike<number>} pixels 784, 0 to 1
 * @returns {string} an SVG path, in pixels, around the pixels above the outline's intensity
 */
export function inkOutline(pixels) {
  /** @param {number} row @param {number} column */
  const isInk = (row, column) =>
    row >= 0 && column >= 0 && row < SIDE && column < SIDE && pixels[row * SIDE + column] > EDGE;
  let path = "";
  for (let row = 0; row <= SIDE; row++) {
    for (let column = 0; column <= SIDE; column++) {
      const here = isInk(row, column);
      if (here !== isInk(row - 1, column)) path += `M${column} ${row}h1`;
      if (here !== isInk(row, column - 1)) path += `M${column} ${row}v1`;
    }
  }
  return path;
}
