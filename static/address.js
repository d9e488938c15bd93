/**
 * The page's address holds the drawing and the model, so that both can be shared and come back
 * after a reload: `#model=NAME&drawing=STROKE.STROKE…`, a stroke being six characters a point.
 */

/** @typedef {import("./pixels.js").Point} Point */
/** @typedef {import("./pixels.js").Stroke} Stroke */

/** Those that stand in an address as they are. */
const CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Of each coordinate. */
const LENGTH = 3;

/** Coordinates are kept in whole numbers of this fraction of the pad's side, as numbers exact. */
const STEP = 2 / CHARACTERS.length ** LENGTH;

/** A pen may leave the pad: coordinates from −0.5 to 1.5 are kept, others moved to these. */
const LEAST = -0.5;

/**
 * @param {number} coordinate
 * @returns {number} its number in an address, 0 to 64³ − 1
 */
function toCode(coordinate) {
  const code = Math.round((coordinate - LEAST) / STEP);
  return Math.min(CHARACTERS.length ** LENGTH - 1, Math.max(0, code));
}

/**
 * Move a point by less than can be seen to where an address can hold it.
 * @param {Point} point
 * @returns {Point}
 */
export function snap({ x, y }) {
  return { x: toCode(x) * STEP + LEAST, y: toCode(y) * STEP + LEAST };
}

/**
 * @param {string} model
 * @param {readonly Stroke[]} strokes of snapped points
 * @returns {string} from its `#` on
 */
export function writeAddress(model, strokes) {
  const parts = [`model=${encodeURIComponent(model)}`];
  if (strokes.length) {
    const drawn = strokes.map((stroke) => stroke.map(writePoint).join(""));
    parts.push(`drawing=${drawn.join(".")}`);
  }
  return `#${parts.join("&")}`;
}

/** @param {Point} point */
function writePoint({ x, y }) {
  return writeCode(toCode(x)) + writeCode(toCode(y));
}

/** @param {number} code */
function writeCode(code) {
  const base = CHARACTERS.length;
  return (
    CHARACTERS[Math.floor(code / base ** 2)] +
    CHARACTERS[Math.floor(code / base) % base] +
    CHARACTERS[code % base]
  );
}

/**
 * @param {string} address from its `#` on
 * @returns {{model: string | null, strokes: Stroke[]}} no strokes where it holds no drawing
 * @throws {RangeError} its drawing cannot be read
 */
export function readAddress(address) {
  const parameters = new URLSearchParams(address.slice(1));
  const drawing = parameters.get("drawing");
  return {
    model: parameters.get("model"),
    strokes: drawing ? drawing.split(".").map(readStroke) : [],
  };
}

/** @param {string} text */
function readStroke(text) {
  const size = 2 * LENGTH;
  if (!text || text.length % size) {
    throw new RangeError("The drawing in the address is cut off.");
  }
  /** @type {Stroke} */
  const stroke = [];
  for (let start = 0; start < text.length; start += size) {
    const middle = start + LENGTH;
    stroke.push({
      x: readCode(text.slice(start, middle)) * STEP + LEAST,
      y: readCode(text.slice(middle, start + size)) * STEP + LEAST,
    });
  }
  return stroke;
}

/** @param {string} text */
function readCode(text) {
  let code = 0;
  for (const character of text) {
    const value = CHARACTERS.indexOf(character);
    if (value < 0) throw new RangeError(`The drawing in the address has a “${character}”.`);
    code = code * CHARACTERS.length + value;
  }
  return code;
}
