/** Strokes as an SVG path, for pictures of drawings that are smaller than the pad. */

/** @typedef {import("./rasterizer.js").Stroke} Stroke */

/** Points closer than this to the last one are left out, in fractions of the pad's side. */
const MIN_DISTANCE = 0.006;

/**
 * @param {readonly Stroke[]} strokes
 * @returns {string} a path in a viewBox of 1 × 1, to be drawn with the pen's width and round ends
 */
export function strokesToPath(strokes) {
  return strokes
    .filter((stroke) => stroke.length > 0)
    .map(strokeToPath)
    .join("");
}

/** @param {Stroke} stroke with at least one point */
function strokeToPath(stroke) {
  const [first] = stroke;
  const end = stroke.length - 1;
  let last = first;
  let path = `M${format(first.x)} ${format(first.y)}`;
  for (const [index, point] of stroke.entries()) {
    const isFar = Math.hypot(point.x - last.x, point.y - last.y) >= MIN_DISTANCE;
    if (index === 0 || !(isFar || index === end)) continue;
    path += `L${format(point.x)} ${format(point.y)}`;
    last = point;
  }
  // A line of no length: its round ends are the dot that a tap leaves.
  return end === 0 ? `${path}h0` : path;
}

/** @param {number} coordinate */
function format(coordinate) {
  return String(Math.round(coordinate * 1000) / 1000);
}
