/** How well a room's drawings are read: their readings, and what can be counted of them. */

import { DIGITS } from "./regression.js";

/** @typedef {{digit: number, isSure: boolean}} Reading What a model reads in a drawing. */

/**
 * A drawing with its first answer.
 * @typedef {Reading & {id: number, label: number}} LabelledDrawing
 */

/**
 * @template {LabelledDrawing} Drawing
 * @typedef {object} Entry a drawing of the wall as the chosen model reads it
 * @property {Drawing} drawing
 * @property {number} digit
 * @property {boolean} isSure
 * @property {boolean} isRight
 * @property {boolean} wasRight whether the first answer was right
 */

/**
 * Which drawings are shown; null for all.
 * @typedef {{label: number | null, digit: number | null, isWrongOnly: boolean}} Filter
 */

/**
 * @template {LabelledDrawing} Drawing
 * @param {Drawing} drawing
 * @param {Reading | undefined} reading the chosen model's; undefined where only the first is known
 * @returns {Entry<Drawing>}
 */
export function toEntry(drawing, reading) {
  const { digit, isSure } = reading ?? drawing;
  const { label } = drawing;
  return { drawing, digit, isSure, isRight: digit === label, wasRight: drawing.digit === label };
}

/**
 * @param {Entry<LabelledDrawing>} entry
 * @param {Filter} filter
 */
export function matches({ drawing, digit, isRight }, filter) {
  return (
    (filter.label === null || filter.label === drawing.label) &&
    (filter.digit === null || filter.digit === digit) &&
    !(filter.isWrongOnly && isRight)
  );
}

/**
 * @typedef {object} Summary
 * @property {number} count
 * @property {number} right
 * @property {number} rightBefore how many first answers were right
 * @property {number} unsure
 * @property {number} gained how many were wrong at first and are right now
 * @property {number} lost how many were right at first and are wrong now
 * @property {number[][]} confusion counts, by label and then by digit
 */

/**
 * @param {Iterable<Entry<LabelledDrawing>>} entries
 * @returns {Summary}
 */
export function summarize(entries) {
  const confusion = Array.from({ length: DIGITS }, () => Array(DIGITS).fill(0));
  const summary = { count: 0, right: 0, rightBefore: 0, unsure: 0, gained: 0, lost: 0, confusion };
  for (const { drawing, digit, isSure, isRight, wasRight } of entries) {
    summary.count += 1;
    summary.right += Number(isRight);
    summary.rightBefore += Number(wasRight);
    summary.unsure += Number(!isSure);
    summary.gained += Number(isRight && !wasRight);
    summary.lost += Number(!isRight && wasRight);
    confusion[drawing.label][digit] += 1;
  }
  return summary;
}
