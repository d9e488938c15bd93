/** Axes of charts: round ticks, the logarithmic axis of steps, the nearest value, lines as paths. */

import { formatCompact, formatCount } from "../language/format.js";

/**
 * A number on an axis, and its place: 0 is the start of the axis, 1 its end.
 * @typedef {{place: number, text: string}} Tick
 */

/** Steps of a tick that are round numbers, times a power of ten. */
const ROUND_STEPS = [1, 2, 5, 10];

/** Rounding errors below this fraction do not move a tick. */
const TOLERANCE = 1e-9;

/** The end of an axis of steps has a number of its own only this far from the last power of ten. */
const MIN_DISTANCE = 0.14;

/**
 * @param {number} least
 * @param {number} most more than `least`
 * @param {(value: number) => string} format
 * @param {number} [intervals] how many there are at most
 * @returns {Tick[]} at multiples of 1, 2 or 5 times a power of ten
 */
export function linearTicks(least, most, format, intervals = 5) {
  const rough = (most - least) / intervals;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = ROUND_STEPS.find((one) => one * power >= rough * (1 - TOLERANCE)) ?? 10;
  const step = factor * power;
  const first = Math.ceil(least / step - TOLERANCE);
  const last = Math.floor(most / step + TOLERANCE);
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const value = (first + index) * step;
    return { place: (value - least) / (most - least), text: format(value) };
  });
}

/**
 * @param {number} step
 * @param {number} steps at the end of the axis, at least 1
 * @returns {number} its place on a logarithmic axis that begins with step 0
 */
export function placeOfStep(step, steps) {
  return Math.log1p(step) / Math.log1p(steps);
}

/**
 * @param {number} steps at the end of the axis, at least 1
 * @returns {Tick[]} at 0, the powers of ten, and the end unless a power of ten is close to it
 */
export function stepTicks(steps) {
  const marked = [0];
  for (let power = 1; power <= steps; power *= 10) marked.push(power);
  const last = placeOfStep(marked[marked.length - 1], steps);
  if (1 - last > MIN_DISTANCE) marked.push(steps);
  return marked.map((step) => ({ place: placeOfStep(step, steps), text: formatStep(step) }));
}

/**
 * @param {number} step
 * @returns {string} short enough for seven of them on a phone
 */
function formatStep(step) {
  return step < 10_000 ? formatCount(step) : formatCompact(step);
}

/**
 * @param {readonly number[]} places
 * @param {number} place
 * @returns {number} the index of the nearest of them; −1 if there are none
 */
export function nearestIndex(places, place) {
  let nearest = -1;
  let least = Infinity;
  places.forEach((one, index) => {
    const distance = Math.abs(one - place);
    if (distance >= least) return;
    nearest = index;
    least = distance;
  });
  return nearest;
}

/**
 * @param {readonly number[]} places sorted
 * @param {readonly (number | null)[]} values at these places; null where there is none
 * @param {number} index
 * @returns {number | null} the value there, or what a line between its neighbours has there; null
 *   before the first value and after the last
 */
export function valueOnLine(places, values, index) {
  const known = values[index];
  if (known !== null) return known;
  let before = index;
  while (before >= 0 && values[before] === null) before--;
  let after = index;
  while (after < values.length && values[after] === null) after++;
  const [start, end] = [values[before] ?? null, values[after] ?? null];
  if (start === null || end === null) return null;
  const share = (places[index] - places[before]) / (places[after] - places[before]);
  return start + (end - start) * share;
}

/**
 * @param {number} value
 * @param {number} least
 * @param {number} most
 * @returns {number} its place between them; a value beyond them is at the end
 */
export function placeBetween(value, least, most) {
  const place = most > least ? (value - least) / (most - least) : 0;
  return Math.min(1, Math.max(0, place));
}

/**
 * @param {readonly number[]} values those beyond the range are drawn at its edge
 * @param {{width: number, height: number, least: number, most: number}} chart the size of the SVG's
 *   viewBox and the range
 * @param {readonly number[]} places of the values, from 0 (left) to 1
 * @returns {string} an SVG path from left to right, with `most` at the top
 */
export function linePath(values, { width, height, least, most }, places) {
  const points = values.map((value, index) => {
    const y = height * (1 - placeBetween(value, least, most));
    return `${(places[index] * width).toFixed(2)} ${y.toFixed(2)}`;
  });
  return points.length ? `M${points.join("L")}` : "";
}
