/** How the page formats numbers. */

/** @param {number} fraction */
export function formatPercent(fraction) {
  return `${(fraction * 100).toFixed(1)} %`;
}

/**
 * @param {number} number
 * @param {number} [places]
 */
export function formatSigned(number, places = 2) {
  const text = Math.abs(number).toFixed(places);
  // A negative number that rounds to zero gets no minus sign.
  return `${number < 0 && Number(text) ? "−" : "+"}${text}`;
}

/**
 * Three significant digits, however small the number.
 * @param {number} number not negative
 */
export function formatSmall(number) {
  if (number === 0) return "0";
  if (number >= 1000) return number.toExponential(2).replace("e+", "e");
  if (number >= 100) return number.toFixed(0);
  if (number >= 10) return number.toFixed(1);
  if (number >= 1) return number.toFixed(2);
  if (number >= 0.001) return number.toPrecision(3);
  return number.toExponential(2).replace("-", "−");
}

/**
 * An intensity, short enough for a table of 28 columns.
 * @param {number} intensity 0 to 1
 */
export function formatIntensity(intensity) {
  return intensity.toFixed(2).replace("0.00", "0").replace("1.00", "1").replace(/^0\./, ".");
}

/**
 * @param {number} pixel an index, row-major
 * @param {number} side pixels in a row
 * @returns {string} its row and column, counted from 1
 */
export function formatPlace(pixel, side) {
  return `Row ${Math.floor(pixel / side) + 1}, column ${(pixel % side) + 1}`;
}
