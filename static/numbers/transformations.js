/**
 * Transformations: how each digit of a model may change the drawing before it weighs it. The
 * arithmetic is that of `server/regression/transformations.py`.
 */

import { formatList } from "../language/sentences.js";
import { gettext } from "../language/messages.js";
import { SIDE } from "./rasterizer.js";
import { ALL_DIGITS, largest } from "./regression.js";

/**
 * A rotation about the centre of the picture, and then a shift.
 * @typedef {object} Transformation
 * @property {number} rotation in degrees, clockwise
 * @property {number} right in whole pixels
 * @property {number} down in whole pixels
 */

/** The middle of a picture, from the middle of its first pixel. */
const MIDDLE = (SIDE - 1) / 2;

/**
 * Rotate a picture, and sample it bilinearly. Outside the picture, pixels are 0.
 * @param {ArrayLike<number>} pixels 784
 * @param {number} degrees clockwise
 * @returns {ArrayLike<number>} 784
 */
function rotate(pixels, degrees) {
  if (degrees === 0) return pixels;
  const angle = (degrees * Math.PI) / 180;
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  return Float64Array.from({ length: SIDE * SIDE }, (_, pixel) => {
    const x = (pixel % SIDE) - MIDDLE;
    const y = Math.floor(pixel / SIDE) - MIDDLE;
    // Each pixel of the result is sampled where the inverse rotation moves it.
    const [row, column] = [cosine * y - sine * x + MIDDLE, cosine * x + sine * y + MIDDLE];
    const [top, left] = [Math.floor(row), Math.floor(column)];
    const [lower, later] = [row - top, column - left];
    return (
      (1 - lower) * ((1 - later) * at(pixels, top, left) + later * at(pixels, top, left + 1)) +
      lower * ((1 - later) * at(pixels, top + 1, left) + later * at(pixels, top + 1, left + 1))
    );
  });
}

/**
 * @param {ArrayLike<number>} pixels 784
 * @param {number} right
 * @param {number} down
 * @returns {ArrayLike<number>} 784: what has left the picture is lost
 */
function shift(pixels, right, down) {
  if (right === 0 && down === 0) return pixels;
  return Float64Array.from({ length: SIDE * SIDE }, (_, pixel) =>
    at(pixels, Math.floor(pixel / SIDE) - down, (pixel % SIDE) - right),
  );
}

/**
 * @param {ArrayLike<number>} pixels
 * @param {number} row
 * @param {number} column
 * @returns {number} the pixel there, 0 outside the picture
 */
function at(pixels, row, column) {
  const isInside = row >= 0 && row < SIDE && column >= 0 && column < SIDE;
  return isInside ? pixels[row * SIDE + column] : 0;
}

/**
 * @param {ArrayLike<number>} pixels 784
 * @param {readonly Transformation[]} transformations
 * @returns {ArrayLike<number>[]} the pixels after each transformation; after equal ones, the same
 *   array
 */
export function transformPixels(pixels, transformations) {
  const rotateOnce = remember((rotation) => rotate(pixels, rotation));
  const shiftOnce = remember((rotation, right, down) => shift(rotateOnce(rotation), right, down));
  return transformations.map(({ rotation, right, down }) => shiftOnce(rotation, right, down));
}

/**
 * @param {(...numbers: number[]) => ArrayLike<number>} compute
 * @returns {(...numbers: number[]) => ArrayLike<number>} the same, computed once for the same numbers
 */
function remember(compute) {
  /** @type {Map<string, ArrayLike<number>>} */
  const known = new Map();
  return (...numbers) => {
    const key = numbers.join();
    const result = known.get(key) ?? compute(...numbers);
    known.set(key, result);
    return result;
  };
}

/**
 * @param {Transformation} transformation
 * @param {number} x
 * @param {number} y a place in the picture, in pixels from its corner
 * @returns {[number, number]} where the transformation moves it
 */
export function movedPlace({ rotation, right, down }, x, y) {
  const angle = (rotation * Math.PI) / 180;
  const [across, below] = [x - SIDE / 2, y - SIDE / 2];
  return [
    SIDE / 2 + Math.cos(angle) * across - Math.sin(angle) * below + right,
    SIDE / 2 + Math.sin(angle) * across + Math.cos(angle) * below + down,
  ];
}

/**
 * Let each digit choose what gives it the most evidence.
 * @param {readonly ArrayLike<number>[]} versions of one drawing
 * @param {readonly ArrayLike<number>[]} columns W's ten columns
 * @returns {ArrayLike<number>[]} the version that each digit chooses
 */
export function chooseInputs(versions, columns) {
  return ALL_DIGITS.map((digit) => {
    const weights = columns[digit];
    const sums = versions.map((pixels) => {
      let sum = 0;
      for (let pixel = 0; pixel < weights.length; pixel++) sum += pixels[pixel] * weights[pixel];
      return sum;
    });
    return versions[largest(sums)];
  });
}

/**
 * @param {number} digit
 * @param {Transformation} transformation
 * @returns {string} a sentence: what the digit did to the drawing
 */
export function describeTransformation(digit, { rotation, right, down }) {
  const shift = describeShift(right, down);
  const values = { digit, degrees: Math.abs(rotation), shift };
  if (rotation > 0) {
    return shift
      ? gettext("{digit} turned it {degrees}° clockwise and moved it {shift}.", values)
      : gettext("{digit} turned it {degrees}° clockwise.", values);
  }
  if (rotation < 0) {
    return shift
      ? gettext("{digit} turned it {degrees}° anticlockwise and moved it {shift}.", values)
      : gettext("{digit} turned it {degrees}° anticlockwise.", values);
  }
  return shift
    ? gettext("{digit} moved it {shift}.", values)
    : gettext("{digit} left it as it is.", values);
}

/**
 * @param {number} right
 * @param {number} down
 * @returns {string} as "2 px left and 1 px down"; empty without a shift
 */
function describeShift(right, down) {
  const parts = [];
  if (right < 0) parts.push(gettext("{pixels} px left", { pixels: -right }));
  if (right > 0) parts.push(gettext("{pixels} px right", { pixels: right }));
  if (down < 0) parts.push(gettext("{pixels} px up", { pixels: -down }));
  if (down > 0) parts.push(gettext("{pixels} px down", { pixels: down }));
  return formatList(parts);
}
