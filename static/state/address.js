/**
 * The page's address holds all that can be shared: the view, the model, the drawing, and what the
 * views were set to, as `#view=NAME&model=NAME&drawing=…`. What is as it is at first is left out.
 */

import { DIGITS, PIXELS } from "../numbers/regression.js";
import { repairName, repairValue, splitFragment } from "./repair.js";

/** @typedef {import("../numbers/explain.js").Edit} Edit */
/** @typedef {import("../numbers/rasterizer.js").Picture} Picture */
/** @typedef {import("../numbers/rasterizer.js").Point} Point */
/** @typedef {import("../numbers/rasterizer.js").Stroke} Stroke */

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
const IMAGE = "The image in the address";

/** How much of what cannot be read is repeated, in characters. */
const MAX_QUOTED = 60;

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

/** A part of an address cannot be read, or not the whole of it. */
class PartError extends RangeError {
  /**
   * @param {string} message
   * @param {{length: number} | null} [readable] what could be read: as much as its length
   */
  constructor(message, readable = null) {
    super(message);
    this.readable = readable?.length ? readable : null;
  }
}

/**
 * How each part is written and read. Reading throws a PartError for what is no such part.
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
        throw new PartError("The added evidence is not that of ten digits.");
      return added;
    },
  },
  edits: {
    name: "edits",
    write: (edits) => edits.map(({ pixel, ink }) => writeCode(2 * pixel + ink, 2)).join(""),
    read: readEdits,
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
 * What names something that may not exist.
 * @typedef {"view" | "model" | "beside"} Reference
 */

/** @type {Record<string, keyof Shareable>} */
const KEYS_BY_NAME = Object.assign(
  Object.create(null),
  Object.fromEntries(KEYS.map((key) => [PARTS[key].name, key])),
);

/**
 * Read an address as far as it can be read. What is not there, or cannot be read, is as it is at
 * first.
 * @param {string} address from its `#` on, perhaps changed by programs that it was sent with
 * @param {(kind: Reference, name: string) => boolean} [exists]
 * @returns {Shareable & {problems: string[]}} with what could not be read, in words
 */
export function readAddress(address, exists = () => true) {
  const fragment = address.slice(1);
  const exact = readParts([...new URLSearchParams(fragment)], exists);
  return exact.isWhole ? exact.state : readParts(splitFragment(fragment), exists).state;
}

/**
 * @param {[string, string][]} parts
 * @param {(kind: Reference, name: string) => boolean} exists
 */
function readParts(parts, exists) {
  const state = emptyAddress();
  /** @type {string[]} */
  const problems = [];
  const read = new Set();
  let isWhole = true;

  for (const [name, text] of parts) {
    const key = KEYS_BY_NAME[name] ?? KEYS_BY_NAME[repairName(name)];
    if (!key) {
      if (name || text) problems.push(`The address has an unknown part ${quote(name || text)}.`);
    } else if (!read.has(key)) {
      read.add(key);
      const found = readPart(key, text, exists);
      Object.assign(state, found.value === undefined ? {} : { [key]: found.value });
      if (found.problem) problems.push(found.problem);
      isWhole &&= found.isWhole;
    }
  }
  if (state.image) state.strokes = [];
  return { state: { ...state, problems }, isWhole: isWhole && problems.length === 0 };
}

/**
 * @param {keyof Shareable} key
 * @param {string} text
 * @param {(kind: Reference, name: string) => boolean} exists
 * @returns {{value?: unknown, problem?: string, isWhole: boolean}} `isWhole` if the text is as it
 *   was written
 */
function readPart(key, text, exists) {
  /** @type {PartError[]} */
  const errors = [];
  for (const repaired of repairValue(text)) {
    try {
      const value = PARTS[key].read(repaired.text);
      const isReference = key === "view" || key === "model" || key === "beside";
      if (!isReference || !value || exists(key, repaired.text)) {
        const problem = repaired.rest && describeRest(key, repaired.rest);
        return { value, problem, isWhole: repaired.text === text };
      }
    } catch (error) {
      if (!(error instanceof PartError)) throw error;
      errors.push(error);
    }
  }
  // What does not exist is named as it stands in the address.
  if (!errors.length) return { value: PARTS[key].read(text), isWhole: false };
  const lengths = errors.map(({ readable }) => readable?.length ?? 0);
  const most = Math.max(...lengths);
  const best = errors[most ? lengths.lastIndexOf(most) : 0];
  return { value: best.readable ?? undefined, problem: best.message, isWhole: false };
}

/**
 * @param {keyof Shareable} key
 * @param {string} rest after its value
 */
function describeRest(key, rest) {
  // Strokes are set apart by full stops, and an ellipsis stands for what was left out.
  if (key === "strokes" && /^[.…]/.test(rest)) return `${DRAWING} is cut off.`;
  return `The address ends in ${quote(rest)}, which is no part of it.`;
}

/** @param {string} text */
function quote(text) {
  return `“${text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text}”`;
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
  const found = text ? text.split(".").map((part) => readCodes(part, LENGTH, DRAWING)) : [];
  let left = MOST_POINTS;
  let problem = found.find((part) => part.problem)?.problem;
  const strokes = found.map(({ codes, problem: cut }) => {
    // A stroke has a point, and a point two coordinates.
    if (!cut && (codes.length % 2 || !codes.length)) problem ??= `${DRAWING} is cut off.`;
    const points = Math.floor(codes.length / 2);
    if (points > left) problem = `${DRAWING} has more than ${MOST_POINTS} points.`;
    const kept = Math.min(points, left);
    left -= kept;
    return Array.from({ length: kept }, (_, point) => {
      return { x: fromCode(codes[2 * point]), y: fromCode(codes[2 * point + 1]) };
    });
  });
  const readable = strokes.filter((stroke) => stroke.length);
  if (problem) throw new PartError(problem, readable);
  return readable;
}

/** @param {string} text */
function readImage(text) {
  const { codes, problem } = readCodes(text, 2, IMAGE);
  const bad = codes.findIndex((value) => value > 255);
  const values = codes.slice(0, bad < 0 ? PIXELS : Math.min(bad, PIXELS));
  // Paper without ink is no drawing.
  const image = values.some(Boolean) ? new Uint8Array(PIXELS) : null;
  image?.set(values);
  if (problem || codes.length !== PIXELS || bad >= 0) {
    throw new PartError(problem ?? `${IMAGE} is not of 28 × 28 pixels.`, image);
  }
  return image;
}

/** @param {string} text */
function readEdits(text) {
  const { codes, problem } = readCodes(text, 2, "The address");
  const bad = codes.findIndex((code) => code >= 2 * PIXELS);
  const edits = codes.slice(0, bad < 0 ? codes.length : bad).map((code) => {
    return /** @type {Edit} */ ({ pixel: code >> 1, ink: code & 1 ? 1 : 0 });
  });
  if (bad >= 0) throw new PartError("The address edits a pixel that is not there.", edits);
  if (problem) {
    const isCut = /^[\w-]*$/.test(text);
    throw new PartError(isCut ? "The edits in the address are cut off." : problem, edits);
  }
  return edits;
}

/**
 * @param {string} text
 * @param {number} size of each number, in characters
 * @param {string} what has them
 * @returns {{codes: number[], problem?: string}} the numbers up to what cannot be read
 */
function readCodes(text, size, what) {
  const readable = /^[\w-]*/.exec(text)?.[0] ?? "";
  const codes = Array.from({ length: Math.floor(readable.length / size) }, (_, index) =>
    readCode(readable.slice(index * size, (index + 1) * size)),
  );
  if (readable !== text) {
    const character = String.fromCodePoint(text.codePointAt(readable.length) ?? 0);
    return { codes, problem: `${what} has a “${character}”.` };
  }
  return text.length % size ? { codes, problem: `${what} is cut off.` } : { codes };
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

/** @param {string} text of characters that an address can have */
function readCode(text) {
  let code = 0;
  for (const character of text) code = code * CHARACTERS.length + CHARACTERS.indexOf(character);
  return code;
}

/** @param {boolean} flag */
function writeFlag(flag) {
  return flag ? "1" : "0";
}

/** @param {string} text */
function readFlag(text) {
  if (text !== "0" && text !== "1") {
    throw new PartError(`The address has ${quote(text)} where it takes 0 or 1.`);
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
  if (text.length !== 2) throw new PartError(`${quote(text)} is no pair of digits.`);
  return [readDigit(text[0]), readDigit(text[1])];
}

/** @param {string} text */
function readDigit(text) {
  if (!/^\d$/.test(text)) throw new PartError(`The address has ${quote(text)} for a digit.`);
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
    throw new PartError(`The address has ${quote(text)} for a number ${range}.`);
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
    throw new PartError(`The address has ${quote(text)} for a whole number.`);
  }
  return number;
}
