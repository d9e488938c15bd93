/** Parts of sentences that several messages have, lists, and sentences that follow each other. */

import { LANGUAGE, LOCALE } from "./locale.js";
import { gettext } from "./messages.js";

// Some older browsers that run the page lack it.
const list = Intl.ListFormat
  ? new Intl.ListFormat(LOCALE, {
      type: "conjunction",
      // Chinese has no "and" between clauses and numbers.
      style: LANGUAGE.startsWith("zh") ? "narrow" : "long",
    })
  : null;

/** Chinese and Japanese have no space between sentences. */
const BETWEEN_SENTENCES = /^(?:zh|ja)\b/.test(LANGUAGE) ? "" : " ";

/**
 * @param {readonly string[]} items
 * @returns {string} as "a, b, and c"
 */
export function formatList(items) {
  return list?.format(items) ?? items.join(", ");
}

/**
 * @param {readonly string[]} sentences empty ones are left out
 * @returns {string}
 */
export function joinSentences(sentences) {
  return sentences.filter(Boolean).join(BETWEEN_SENTENCES);
}

/**
 * @param {number} pixel an index, row-major
 * @param {number} side pixels in a row
 * @returns {string} its row and column, counted from 1
 */
export function formatPlace(pixel, side) {
  const [row, column] = [Math.floor(pixel / side) + 1, (pixel % side) + 1];
  return gettext("Row {row}, column {column}", { row, column });
}
