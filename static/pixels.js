/**
 * From strokes to the 784 pixels that a model takes, made as MNIST's were: crop to the ink, scale
 * the longer side to 20 pixels by area averaging, and place the centre of mass at the centre of
 * 28×28.
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

/**
 * Make a function like `strokesToPicture` that inks only what is new since its last call: a pen's
 * move costs the same however much was drawn before. Strokes may grow between two calls, in number
 * and at their last one's end; whatever else changes begins anew.
 * @returns {(strokes: readonly Stroke[]) => Picture | null}
 */
export function createRasterizer() {
  const mask = new Uint8Array(GRID * GRID);
  /** @type {Stroke[]} */
  let inked = [];
  /** How many points of the last of them are inked. */
  let points = 0;

  return (strokes) => {
    if (!inked.every((stroke, index) => stroke === strokes[index])) {
      mask.fill(0);
      inked = [];
    }
    for (let index = Math.max(0, inked.length - 1); index < strokes.length; index++) {
      const done = index === inked.length - 1 ? points : 0;
      inkStroke(mask, strokes[index], done);
      points = strokes[index].length;
    }
    inked = [...strokes];
    return maskToPicture(mask);
  };
}

/**
 * @param {Uint8Array} mask
 * @returns {Picture | null}
 */
function maskToPicture(mask) {
  const rows = extent(mask, GRID, 1);
  const columns = extent(mask, 1, GRID);
  if (!rows || !columns) return null;
  const scale = FIT / Math.max(rows.end - rows.start, columns.end - columns.start);
  const centre = centreOfMass(mask);
  const across = areaWeights(centre.x, scale);
  const down = areaWeights(centre.y, scale);
  const side = SIDE / scale / GRID;
  return {
    pixels: averageAreas(mask, across, down),
    crop: { left: centre.x / GRID - side / 2, top: centre.y / GRID - side / 2, side },
  };
}

/**
 * Ink every cell whose centre the round pen covers. Ink beyond the pad's edge is lost, as it is on
 * screen.
 * @param {Uint8Array} mask GRID × GRID, row-major, 0 or 1
 * @param {Stroke} stroke
 * @param {number} done how many of its points are inked already
 */
function inkStroke(mask, stroke, done) {
  for (let index = done; index < stroke.length; index++) {
    inkSegment(mask, stroke[Math.max(0, index - 1)], stroke[index]);
  }
}

/**
 * @param {Uint8Array} mask
 * @param {Point} from
 * @param {Point} to the same as `from` for a dot
 */
function inkSegment(mask, from, to) {
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
      const [px, py] = [column + 0.5 - x0, row + 0.5 - y0];
      // How far along the segment the nearest point to this cell lies, 0 to 1.
      const along = lengthSquared && Math.min(1, Math.max(0, (px * dx + py * dy) / lengthSquared));
      const [ex, ey] = [px - along * dx, py - along * dy];
      if (ex * ex + ey * ey <= radius * radius) mask[row * GRID + column] = 1;
    }
  }
}

/**
 * The first and the last line of cells with ink, where lines are `lineStep` apart and a line's
 * cells `cellStep`.
 * @param {Uint8Array} mask
 * @param {number} lineStep
 * @param {number} cellStep
 * @returns {{start: number, end: number} | null} `end` is one past the last; null without ink
 */
function extent(mask, lineStep, cellStep) {
  /** @param {number} line */
  const hasInk = (line) => {
    for (let cell = 0; cell < GRID; cell++) {
      if (mask[line * lineStep + cell * cellStep]) return true;
    }
    return false;
  };
  let start = 0;
  while (start < GRID && !hasInk(start)) start++;
  if (start === GRID) return null;
  let end = GRID;
  while (!hasInk(end - 1)) end--;
  return { start, end };
}

/**
 * @param {Uint8Array} mask with some ink
 * @returns {Point} in cells
 */
function centreOfMass(mask) {
  let [ink, x, y] = [0, 0, 0];
  for (let row = 0; row < GRID; row++) {
    for (let column = 0; column < GRID; column++) {
      if (!mask[row * GRID + column]) continue;
      ink++;
      x += column + 0.5;
      y += row + 0.5;
    }
  }
  return { x: x / ink, y: y / ink };
}

/**
 * How much of each cell falls on each pixel along one axis, when cells are scaled and `centre`
 * lands in the middle.
 * @param {number} centre in cells
 * @param {number} scale pixels a cell
 * @returns {{first: number, weights: number[]}[]} one a pixel: its first cell, and for this and
 *   each that follows the fraction of the pixel that the cell covers
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
