/** How the page formats numbers and lists in its language, always with the digits 0 to 9. */

import { IS_RIGHT_TO_LEFT, LANGUAGE, gettext } from "./messages.js";

/** With the digits 0 to 9 in all languages. */
const LOCALE = `${LANGUAGE}-u-nu-latn`;

/** The left-to-right mark, without which a sign follows its number in text from right to left. */
const BEFORE_SIGN = IS_RIGHT_TO_LEFT ? "\u200e" : "";

/** Chinese and Japanese have no space between sentences. */
const BETWEEN_SENTENCES = /^(?:zh|ja)\b/.test(LANGUAGE) ? "" : " ";

const compact = new Intl.NumberFormat(LOCALE, { notation: "compact", maximumSignificantDigits: 3 });

/** Chinese has no "and" between clauses and numbers. */
const list = new Intl.ListFormat(LOCALE, {
  type: "conjunction",
  style: LANGUAGE.startsWith("zh") ? "narrow" : "long",
});

/** @type {Map<string, Intl.NumberFormat>} Creating a format takes longer than formatting. */
const formats = new Map();

/**
 * @param {number} number
 * @param {Intl.NumberFormatOptions} options
 */
function format(number, options) {
  const key = JSON.stringify(options);
  let found = formats.get(key);
  if (!found) {
    found = new Intl.NumberFormat(LOCALE, options);
    formats.set(key, found);
  }
  return found.format(number);
}

/** @param {number} places after the decimal point */
function exactly(places) {
  return { minimumFractionDigits: places, maximumFractionDigits: places };
}

/**
 * @param {number} number not negative
 * @param {number} places after the decimal point
 */
export function formatNumber(number, places) {
  // Intl would round 1.005 up, although the nearest binary number is less than that.
  return format(Number(number.toFixed(places)), { style: "decimal", ...exactly(places) });
}

/** @param {number} count */
export function formatCount(count) {
  return format(count, { style: "decimal", ...exactly(0) });
}

/**
 * @param {number} count
 * @returns {string} three significant digits, as 60K
 */
export function formatCompact(count) {
  return compact.format(count);
}

/**
 * @param {number} fraction
 * @param {number} [places]
 */
export function formatPercent(fraction, places = 1) {
  const percent = Number((fraction * 100).toFixed(places));
  return format(percent / 100, { style: "percent", ...exactly(places) });
}

/**
 * @param {number} number
 * @param {number} [places]
 */
export function formatSigned(number, places = 2) {
  // A negative number that rounds to zero gets no minus sign.
  const sign = number < 0 && Number(number.toFixed(places)) ? "−" : "+";
  return `${BEFORE_SIGN}${sign}${formatNumber(Math.abs(number), places)}`;
}

/**
 * Three significant digits, however small the number.
 * @param {number} number not negative
 */
export function formatSmall(number) {
  if (number === 0) return "0";
  if (number >= 1000 || number < 0.001) return formatPower(number);
  return format(number, { minimumSignificantDigits: 3, maximumSignificantDigits: 3 });
}

/**
 * All digits of a number that somebody chose, as 0.001.
 * @param {number} number not negative
 */
export function formatExact(number) {
  return format(number, { style: "decimal", maximumSignificantDigits: 15 });
}

/** @param {number} number */
function formatPower(number) {
  const [mantissa, exponent] = number.toExponential(2).split("e");
  const power = exponent.replace("+", "").replace("-", "−");
  return `${formatNumber(Number(mantissa), 2)}e${power}`;
}

/**
 * An intensity, short enough for a table of 28 columns.
 * @param {number} intensity 0 to 1
 */
export function formatIntensity(intensity) {
  const text = intensity.toFixed(2);
  if (text === "0.00" || text === "1.00") return text[0];
  return formatNumber(intensity, 2).slice(1);
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

/**
 * @param {readonly string[]} items
 * @returns {string} as "a, b, and c"
 */
export function formatList(items) {
  return list.format(items);
}

/** @param {readonly string[]} sentences */
export function joinSentences(sentences) {
  return sentences.filter(Boolean).join(BETWEEN_SENTENCES);
}
