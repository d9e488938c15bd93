/** Why one digit came out before another, in the numbers of W, b and the pixels. */

import { SIDE } from "./pixels.js";

/** @typedef {import("./api.js").Weights} Weights */

const ROWS = ["top", "middle", "bottom"];
const COLUMNS = ["left", "centre", "right"];

/**
 * @param {number} index of a pixel, row-major
 * @returns {string} which ninth of the picture it lies in
 */
function placeOf(index) {
  const row = ROWS[Math.floor((Math.floor(index / SIDE) * 3) / SIDE)];
  const column = COLUMNS[Math.floor(((index % SIDE) * 3) / SIDE)];
  if (row === "middle" && column === "centre") return "in the middle";
  return `at the ${row} ${column}`;
}

/**
 * What gave a digit its lead in evidence over another: its ink in each ninth of the picture, and
 * the bias. All parts add up to the lead.
 * @param {readonly number[]} pixels 784, 0 to 1
 * @param {Weights} model
 * @param {number} digit
 * @param {number} other
 * @returns {{lead: number, parts: {source: string, amount: number}[]}} largest part first
 */
export function compareEvidence(pixels, { weights, bias }, digit, other) {
  /** @type {Map<string, number>} */
  const sums = new Map([["the bias", bias[digit] - bias[other]]]);
  pixels.forEach((pixel, index) => {
    const source = `ink ${placeOf(index)}`;
    const amount = pixel * (weights[index][digit] - weights[index][other]);
    sums.set(source, (sums.get(source) ?? 0) + amount);
  });
  const parts = [...sums].map(([source, amount]) => ({ source, amount }));
  parts.sort((a, b) => b.amount - a.amount);
  return { lead: parts.reduce((sum, { amount }) => sum + amount, 0), parts };
}

/**
 * @param {readonly number[]} values
 * @param {number} digit
 * @returns {number} which other digit has the largest value
 */
export function runnerUp(values, digit) {
  const others = values.map((value, other) => (other === digit ? -Infinity : value));
  return others.indexOf(Math.max(...others));
}
