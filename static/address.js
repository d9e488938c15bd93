/**
 * The page's address holds all that can be shared: the view, the model, the drawing, and what the
 * views were set to, as `#view=NAME&model=NAME&drawing=…`. What is as it is at first is left out.
 */

import { DIGITS, PIXELS } from "./regression.js";

/** @typedef {import("./explain.js").Edit} Edit */
/** @typedef {import("./pixels.js").Picture} Picture */
/** @typedef {import("./pixels.js").Point} Point */
/** @typedef {import("./pixels.js").Stroke} Stroke */

/**
 * What an address can hold.
 * @typedef {object} Shareable
 * @property {string} view
 * @property {string} model empty for the default one
 * @property {Stroke[]} strokes
 * @property {Uint8Array | null} image a picture in place of strokes: 784 intensities
 * @property {boolean} projector
 * @property {string} beside the model whose weights are shown beside, empty for none
 * @property {boolean} overlaid whether ink is laid over the weights
 * @property {[number, number]} pair of digits whose weights are compared
 * @property {number} temperature
 * @property {number[]} added units of evidence to each digit
 * @property {number} followed the digit whose evidence the guide follows
 * @property {number} count how many pixels of it are summed
 * @property {Edit[]} edits
 * @property {number | null} mean the digit whose mean lies under the drawing
 * @property {number} step of the guide, from 1
 * @property {number | null} label what the drawing is taken to be in truth
 * @property {string} run the training that is replayed, or its name; empty for the model's own
 * @property {number | null} at which of its recorded steps, from 0; null for the last
 * @property {boolean} oneScale whether all steps' heatmaps have one scale
 * @property {string[]} compared the trainings whose curves are shown too
 * @property {[number, number] | null} cell label and answer of the test images that are shown
 * @property {boolean} rates whether the confusion matrix is in rates
 */

/** Those that stand in an address as they are. */
const CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Of each coordinate. */
const LENGTH = 3;

/** Coordinates are kept in whole numbers of this fraction of the pad's side, as numbers exact. */
const STEP = 2 / CHARACTERS.length ** LENGTH;

/** A pen may leave the pad: coordinates from −0.5 to 1.5 are kept, others moved to these. */
const LEAST = -0.5;

const DRAWING = "The drawing in the address";

/**
 * Points of all strokes in an address: a digit has some hundred. It is written after each stroke,
 * and has to go through mail and chats.
 */
const MOST_POINTS = 5000;

/** What the temperature may be, and the units of evidence added to a digit. */
const TEMPERATURES = { least: 0.1, most: 10 };
export const MOST_ADDED = 20;

/** Steps of the guide. */
export const GUIDE_STEPS = 6;

/** @returns {Shareable} what an address with nothing in it stands for */
export function emptyAddress() {
  return {
    view: "draw",
    model: "",
    strokes: [],
    image: null,
    projector: false,
    beside: "",
    overlaid: true,
    pair: [3, 8],
    temperature: 1,
    added: Array(DIGITS).fill(0),
    followed: 0,
    count: PIXELS,
    edits: [],
    mean: null,
    step: 1,
    label: null,
    run: "",
    at: null,
    oneScale: false,
    compared: [],
    cell: null,
    rates: false,
  };
}

/**
 * How each part is written and read. Reading throws a RangeError for what is no such part.
 * @type {{[Part in keyof Shareable]: {name: string, write: (part: Shareable[Part]) => string,
 *   read: (text: string) => Shareable[Part]}}}
 */
const PARTS = {
  view: { name: "view", write: String, read: String },
  model: { name: "model", write: String, read: String },
  strokes: {
    name: "drawing",
    write: (strokes) => strokes.map((stroke) => stroke.map(writePoint).join("")).join("."),
    read: readStrokes,
  },
  image: {
    name: "image",
    write: (image) => (image ? [...image].map((value) => writeCode(value, 2)).join("") : ""),
    read: readImage,
  },
  projector: { name: "projector", write: writeFlag, read: readFlag },
  beside: { name: "beside", write: String, read: String },
  overlaid: { name: "ink", write: writeFlag, read: readFlag },
  pair: { name: "pair", write: (pair) => pair.join(""), read: readPair },
  temperature: {
    name: "temperature",
    write: String,
    read: (text) => readNumber(text, TEMPERATURES.least, TEMPERATURES.most),
  },
  followed: { name: "digit", write: String, read: readDigit },
  count: { name: "count", write: String, read: (text) => readWhole(text, 0, PIXELS) },
  added: {
    name: "added",
    write: (added) => (added.some(Boolean) ? added.join(",") : ""),
    read: (text) => {
      const added = text.split(",").map((units) => readWhole(units, -MOST_ADDED, MOST_ADDED));
      if (added.length !== DIGITS)
        throw new RangeError("The added evidence is not that of ten digits.");
      return added;
    },
  },
  edits: {
    name: "edits",
    write: (edits) => edits.map(({ pixel, ink }) => writeCode(2 * pixel + ink, 2)).join(""),
    read: (text) =>
      pieces(text, 2, "The edits in the address are").map((piece) => {
        const code = readCode(piece, "The address");
        if (code >= 2 * PIXELS)
          throw new RangeError("The address edits a pixel that is not there.");
        return { pixel: code >> 1, ink: code & 1 ? 1 : 0 };
      }),
  },
  mean: { name: "mean", write: writeChoice, read: readDigit },
  step: { name: "step", write: String, read: (text) => readWhole(text, 1, GUIDE_STEPS) },
  label: { name: "label", write: writeChoice, read: readDigit },
  run: { name: "run", write: String, read: String },
  at: { name: "at", write: writeChoice, read: (text) => readWhole(text, 0, Infinity) },
  oneScale: { name: "scale", write: writeFlag, read: readFlag },
  compared: {
    name: "compared",
    write: (names) => names.join(","),
    read: (text) => text.split(","),
  },
  cell: { name: "cell", write: (cell) => cell?.join("") ?? "", read: readPair },
  rates: { name: "rates", write: writeFlag, read: readFlag },
};

const KEYS = /** @type {(keyof Shareable)[]} */ (Object.keys(PARTS));

/**
 * A drawing of too many points is written as the image that the model gets of it.
 * @param {Shareable & {picture: Picture | null}} shown its strokes of snapped points
 * @returns {string} from its `#` on
 */
export function writeAddress(shown) {
  const empty = emptyAddress();
  const isTooLong = shown.picture !== null && countPoints(shown.strokes) > MOST_POINTS;
  const state = isTooLong ? { ...shown, strokes: [], image: shown.picture?.pixels ?? null } : shown;
  const written = KEYS.map((key) => [key, writePart(key, state), writePart(key, empty)]);
  const changed = written.filter(([, text, before]) => text !== before);
  const parts = changed.map(([key, text]) => {
    return `${PARTS[/** @type {keyof Shareable} */ (key)].name}=${encodeURIComponent(text)}`;
  });
  return `#${parts.join("&")}`;
}

/**
 * @template {keyof Shareable} Part
 * @param {Part} key
 * @param {Shareable} state
 */
function writePart(key, state) {
  return PARTS[key].write(state[key]);
}

/**
 * @param {string} address from its `#` on
 * @returns {Shareable}
 * @throws {RangeError} a part of it cannot be read
 */
export function readAddress(address) {
  const parameters = new URLSearchParams(address.slice(1));
  const state = emptyAddress();
  for (const key of KEYS) {
    const text = parameters.get(PARTS[key].name);
    if (text !== null) Object.assign(state, { [key]: PARTS[key].read(text) });
  }
  if (state.image) state.strokes = [];
  return state;
}

/**
 * Move a point by less than can be seen to where an address can hold it.
 * @param {Point} point
 * @returns {Point}
 */
export function snap({ x, y }) {
  return { x: fromCode(toCode(x)), y: fromCode(toCode(y)) };
}

/**
 * @param {number} coordinate
 * @returns {number} its number in an address, 0 to 64³ − 1
 */
function toCode(coordinate) {
  const code = Math.round((coordinate - LEAST) / STEP);
  return Math.min(CHARACTERS.length ** LENGTH - 1, Math.max(0, code));
}

/** @param {number} code */
function fromCode(code) {
  return code * STEP + LEAST;
}

/** @param {Point} point */
function writePoint({ x, y }) {
  return writeCode(toCode(x), LENGTH) + writeCode(toCode(y), LENGTH);
}

/** @param {readonly Stroke[]} strokes */
function countPoints(strokes) {
  return strokes.reduce((count, stroke) => count + stroke.length, 0);
}

/** @param {string} text */
function readStrokes(text) {
  const pieces = text ? text.split(".") : [];
  const points = (text.length - (pieces.length - 1)) / (2 * LENGTH);
  if (points > MOST_POINTS) {
    throw new RangeError(`${DRAWING} has more than ${MOST_POINTS} points.`);
  }
  return pieces.map(readStroke);
}

/** @param {string} text */
function readStroke(text) {
  if (!text) throw new RangeError(`${DRAWING} is cut off.`);
  return pieces(text, 2 * LENGTH, `${DRAWING} is`).map((point) => ({
    x: fromCode(readCode(point.slice(0, LENGTH), DRAWING)),
    y: fromCode(readCode(point.slice(LENGTH), DRAWING)),
  }));
}

/** @param {string} text */
function readImage(text) {
  const values = pieces(text, 2, "The image in the address is").map((value) =>
    readCode(value, "The image in the address"),
  );
  if (values.length !== PIXELS || values.some((value) => value > 255)) {
    throw new RangeError("The image in the address is not of 28 × 28 pixels.");
  }
  // Paper without ink is no drawing.
  return values.some(Boolean) ? Uint8Array.from(values) : null;
}

/**
 * @param {string} text
 * @param {number} size
 * @param {string} what it is, and a verb
 */
function pieces(text, size, what) {
  if (text.length % size) throw new RangeError(`${what} cut off.`);
  return text.match(new RegExp(`.{${size}}`, "gs")) ?? [];
}

/**
 * @param {number} code
 * @param {number} length in characters
 */
function writeCode(code, length) {
  let text = "";
  for (let place = 0; place < length; place++) {
    text = CHARACTERS[code % CHARACTERS.length] + text;
    code = Math.floor(code / CHARACTERS.length);
  }
  return text;
}

/**
 * @param {string} text
 * @param {string} what has it
 */
function readCode(text, what) {
  let code = 0;
  for (const character of text) {
    const value = CHARACTERS.indexOf(character);
    if (value < 0) throw new RangeError(`${what} has a “${character}”.`);
    code = code * CHARACTERS.length + value;
  }
  return code;
}

/** @param {boolean} flag */
function writeFlag(flag) {
  return flag ? "1" : "0";
}

/** @param {string} text */
function readFlag(text) {
  if (text !== "0" && text !== "1") {
    throw new RangeError(`The address has “${text}” where it takes 0 or 1.`);
  }
  return text === "1";
}

/** @param {number | null} choice */
function writeChoice(choice) {
  return choice === null ? "" : String(choice);
}

/**
 * @param {string} text
 * @returns {[number, number]}
 */
function readPair(text) {
  if (text.length !== 2) throw new RangeError(`“${text}” is no pair of digits.`);
  return [readDigit(text[0]), readDigit(text[1])];
}

/** @param {string} text */
function readDigit(text) {
  if (!/^\d$/.test(text)) throw new RangeError(`The address has “${text}” for a digit.`);
  return Number(text);
}

/**
 * @param {string} text
 * @param {number} least
 * @param {number} most
 */
function readNumber(text, least, most) {
  const number = Number(text);
  if (!(number >= least && number <= most)) {
    const range = most === Infinity ? `from ${least} on` : `from ${least} to ${most}`;
    throw new RangeError(`The address has “${text}” for a number ${range}.`);
  }
  return number;
}

/**
 * @param {string} text
 * @param {number} least
 * @param {number} most
 */
function readWhole(text, least, most) {
  const number = readNumber(text, least, most);
  if (!Number.isInteger(number)) {
    throw new RangeError(`The address has “${text}” for a whole number.`);
  }
  return number;
}
