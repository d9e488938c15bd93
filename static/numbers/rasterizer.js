/**
 * From strokes to the 784 pixels of the model's input, prepared as MNIST's images were: crop to the
 * ink, scale the longer side to 20 pixels by area averaging, and move the centre of mass to the centre
 * of 28×28.
 *
 * Source: Y. LeCun et al., "The MNIST database of handwritten digits", 1998.
 */

/** @typedef {{x: number, y: number}} Point Fractions of the pad's side, y pointing down. */
/** @typedef {Point[]} Stroke Where the pen went between touching the pad and leaving it. */

export const SIDE = 28;

/** The longer side of the ink in the 28×28 picture. */
const FIT = 20;

/** The pen's width as a fraction of the pad's. */
export const PEN_WIDTH = 0.08;

/** Cells along the pad's side: a digit half as high as the pad has 8×8 cells to a pixel. */
const GRID = 320;

/**
 * @param {Uint8Array} pixels intensities, 0 to 255
 * @returns {Float32Array} the same as ink, 0 to 1
 */
export function toInk(pixels) {
  return Float32Array.from(pixels, (value) => value / 255);
}

/**
 * A drawing in 28×28 pixels, and the square of the pad that they show.
 * @typedef {object} Picture
 * @property {Uint8Array} pixels 784 intensities, row-major, 0 = paper, 255 = ink
 * @property {{left: number, top: number, side: number}} crop in fractions of the pad's side
 */

/**
 * @param {readonly Stroke[]} strokes
 * @returns {Picture | null} null without ink
 */
export function strokesToPicture(strokes) {
  return createRasterizer()(strokes);
}

/** @typedef {[Point, Point]} Segment The same point twice where a stroke begins: a tap leaves ink. */

/**
 * Make a function that returns the segments added since its last call, so that the cost of a pen's
 * move does not grow with the drawing. Between two calls, the last stroke may grow at its end, and
 * strokes may be appended in a new list. After any other change, `isAnew` is true and all segments are
 * returned.
 * @returns {(strokes: readonly Stroke[]) => {isAnew: boolean, segments: Segment[]}}
 */
export function createSegmentTracker() {
  /** @type {readonly Stroke[]} */
  let known = [];
  /** How many points of the last known stroke have been returned. */
  let points = 0;

  return (strokes) => {
    const isAnew = strokes !== known && !known.every((stroke, index) => stroke === strokes[index]);
    /** @type {Segment[]} */
    const segments = [];
    const last = isAnew ? -1 : known.length - 1;
    for (let index = Math.max(0, last); index < strokes.length; index++) {
      const stroke = strokes[index];
      for (let point = index === last ? points : 0; point < stroke.length; point++) {
        segments.push([stroke[Math.max(0, point - 1)], stroke[point]]);
      }
      points = stroke.length;
    }
    known = strokes;
    return { isAnew, segments };
  };
}

/**
 * Make a function like `strokesToPicture` that rasterizes only the segments added since its last
 * call, as `createSegmentTracker` finds them.
 * @returns {(strokes: readonly Stroke[]) => Picture | null}
 */
export function createRasterizer() {
  const findNewSegments = createSegmentTracker();
  let grid = createGrid();

  return (strokes) => {
    const { isAnew, segments } = findNewSegments(strokes);
    if (isAnew) grid = createGrid();
    for (const segment of segments) inkSegment(grid, segment);
    return gridToPicture(grid);
  };
}

/**
 * The pad as a grid of cells.
 * @typedef {object} Grid
 * @property {Uint8Array} mask GRID × GRID, row-major, 1 = ink
 * @property {number} count of cells with ink
 * @property {number} x sum of their columns
 * @property {number} y sum of their rows
 * @property {number} left first column with ink
 * @property {number} right last
 * @property {number} top first row with ink
 * @property {number} bottom last
 */

/** @returns {Grid} without ink */
function createGrid() {
  const mask = new Uint8Array(GRID * GRID);
  return { mask, count: 0, x: 0, y: 0, left: GRID, right: -1, top: GRID, bottom: -1 };
}

/**
 * @param {Grid} grid
 * @returns {Picture | null}
 */
function gridToPicture({ mask, count, x, y, left, right, top, bottom }) {
  if (!count) return null;
  const scale = FIT / (Math.max(right - left, bottom - top) + 1);
  // The centre of a cell is half a cell from its edge.
  const centre = { x: x / count + 0.5, y: y / count + 0.5 };
  const across = areaWeights(centre.x, scale);
  const down = areaWeights(centre.y, scale);
  const side = SIDE / scale / GRID;
  return {
    pixels: averageAreas(mask, across, down),
    crop: { left: centre.x / GRID - side / 2, top: centre.y / GRID - side / 2, side },
  };
}

/**
 * Ink every cell whose centre the round pen covers. Ink outside the pad is lost, as on screen.
 * @param {Grid} grid
 * @param {Segment} segment
 */
function inkSegment(grid, [from, to]) {
  const radius = (PEN_WIDTH / 2) * GRID;
  const [x0, y0, x1, y1] = [from.x * GRID, from.y * GRID, to.x * GRID, to.y * GRID];
  const [dx, dy] = [x1 - x0, y1 - y0];
  const lengthSquared = dx * dx + dy * dy;
  const top = Math.max(0, Math.floor(Math.min(y0, y1) - radius));
  const bottom = Math.min(GRID, Math.ceil(Math.max(y0, y1) + radius));
  const left = Math.max(0, Math.floor(Math.min(x0, x1) - radius));
  const right = Math.min(GRID, Math.ceil(Math.max(x0, x1) + radius));
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      if (grid.mask[row * GRID + column]) continue;
      const [px, py] = [column + 0.5 - x0, row + 0.5 - y0];
      // The position of the segment's nearest point, 0 to 1.
      const along = lengthSquared && Math.min(1, Math.max(0, (px * dx + py * dy) / lengthSquared));
      const [ex, ey] = [px - along * dx, py - along * dy];
      if (ex * ex + ey * ey <= radius * radius) inkCell(grid, row, column);
    }
  }
}

/**
 * @param {Grid} grid
 * @param {number} row
 * @param {number} column of a cell without ink
 */
function inkCell(grid, row, column) {
  grid.mask[row * GRID + column] = 1;
  grid.count++;
  grid.x += column;
  grid.y += row;
  grid.left = Math.min(grid.left, column);
  grid.right = Math.max(grid.right, column);
  grid.top = Math.min(grid.top, row);
  grid.bottom = Math.max(grid.bottom, row);
}

/**
 * The fraction of each pixel that each cell covers, along one axis, with `centre` in the middle.
 * @param {number} centre in cells
 * @param {number} scale pixels a cell
 * @returns {{first: number, weights: number[]}[]} for each pixel its first cell, and the
 *   fractions that this cell and those after it cover
 */
function areaWeights(centre, scale) {
  return Array.from({ length: SIDE }, (_, pixel) => {
    const start = centre + (pixel - SIDE / 2) / scale;
    const end = start + 1 / scale;
    const first = Math.max(0, Math.floor(start));
    const weights = [];
    for (let cell = first; cell < Math.min(GRID, end); cell++) {
      weights.push((Math.min(cell + 1, end) - Math.max(cell, start)) * scale);
    }
    return { first, weights };
  });
}

/**
 * @param {Uint8Array} mask
 * @param {{first: number, weights: number[]}[]} across
 * @param {{first: number, weights: number[]}[]} down
 * @returns {Uint8Array} 784 intensities, 0 to 255
 */
function averageAreas(mask, across, down) {
  const pixels = new Uint8Array(SIDE * SIDE);
  down.forEach(({ first: top, weights: heights }, row) => {
    across.forEach(({ first: left, weights: widths }, column) => {
      let ink = 0;
      for (let y = 0; y < heights.length; y++) {
        const line = (top + y) * GRID + left;
        for (let x = 0; x < widths.length; x++) {
          if (mask[line + x]) ink += heights[y] * widths[x];
        }
      }
      pixels[row * SIDE + column] = Math.round(Math.min(1, ink) * 255);
    });
  });
  return pixels;
}
