/** How the page formats numbers in its language. */

import { IS_RIGHT_TO_LEFT, LOCALE } from "./locale.js";

/** The left-to-right mark, without which a sign follows its number in text from right to left. */
const BEFORE_SIGN = IS_RIGHT_TO_LEFT ? "\u200e" : "";

const decimals = createFormats((places) => exactly(places));
const percents = createFormats((places) => ({ style: "percent", ...exactly(places) }));
const threeDigits = new Intl.NumberFormat(LOCALE, {
  minimumSignificantDigits: 3,
  maximumSignificantDigits: 3,
});
const allDigits = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 15 });
const compact = new Intl.NumberFormat(LOCALE, { notation: "compact", maximumSignificantDigits: 3 });

/**
 * Creating a format takes longer than formatting, so each is created once.
 * @param {(places: number) => Intl.NumberFormatOptions} toOptions
 * @returns {(places: number) => Intl.NumberFormat}
 */
function createFormats(toOptions) {
  /** @type {Map<number, Intl.NumberFormat>} */
  const formats = new Map();
  return (places) => {
    const format = formats.get(places) ?? new Intl.NumberFormat(LOCALE, toOptions(places));
    formats.set(places, format);
    return format;
  };
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
  return decimals(places).format(Number(number.toFixed(places)));
}

/** @param {number} count */
export function formatCount(count) {
  return decimals(0).format(count);
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
  return percents(places).format(percent / 100);
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
  return threeDigits.format(number);
}

/**
 * All digits of a number that somebody chose, as 0.001.
 * @param {number} number not negative
 */
export function formatExact(number) {
  return allDigits.format(number);
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
