/** Lines as SVG paths. The SVG's viewBox is the chart's size. */

/**
 * @param {ArrayLike<number>} values those beyond the range are drawn at its edge
 * @param {{width: number, height: number, least: number, most: number, count?: number}} chart
 *   `count` is the number of values that fill the width, if more are to come
 * @param {ArrayLike<number>} [places] of the values, from the left; evenly spaced unless given
 * @returns {string} a path from left to right, with `most` at the top
 */
export function linePath(values, { width, height, least, most, count = values.length }, places) {
  const toY = scaleY(height, least, most);
  let path = "";
  for (let index = 0; index < values.length; index++) {
    const x = places ? places[index] : (index / Math.max(1, count - 1)) * width;
    path += `${index ? "L" : "M"}${x.toFixed(2)} ${toY(values[index]).toFixed(2)}`;
  }
  return path;
}

/**
 * @param {number} height
 * @param {number} least
 * @param {number} most
 * @returns {(value: number) => number} a value's distance from the top
 */
export function scaleY(height, least, most) {
  return (value) => {
    const share = most > least ? (value - least) / (most - least) : 0;
    return height * (1 - Math.min(1, Math.max(0, share)));
  };
}
