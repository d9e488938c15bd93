/** How each part of an address is written and read. */

import { gettext, ngettext } from "../language/messages.js";
import { DIGITS, PIXELS } from "../numbers/regression.js";

/** @typedef {import("../numbers/explain.js").Edit} Edit */
/** @typedef {import("../numbers/rasterizer.js").Point} Point */
/** @typedef {import("./address.js").Shareable} Shareable */

/** The 64 characters of base64url: none of them needs escaping in an address. */
const CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/**
 * The largest prime number below 64²: with 64² itself, sums would hardly change where all capitals
 * become small letters, whose codes differ by 32.
 */
const LARGEST_PRIME = 4093;

/** Characters of each coordinate. */
const COORDINATE_LENGTH = 3;

/** Coordinates are multiples of this fraction of the pad's side, a power of two and so exact. */
const COORDINATE_STEP = 2 / CHARACTERS.length ** COORDINATE_LENGTH;

/** A pen may leave the pad: coordinates are clamped to the range from −0.5 to 1.5. */
const MIN_COORDINATE = -0.5;

/**
 * Messages about a part made of CHARACTERS that cannot be read to its end.
 * @typedef {object} Problems
 * @property {string} cut the part ends too soon
 * @property {(character: string) => string} other it has another character
 */

/** @type {Problems} */
export const DRAWING_PROBLEMS = {
  cut: gettext("The drawing in the address is cut off."),
  other: (character) => gettext("The drawing in the address has a “{character}”.", { character }),
};

/** @type {Problems} */
const IMAGE_PROBLEMS = {
  cut: gettext("The image in the address is cut off."),
  other: (character) => gettext("The image in the address has a “{character}”.", { character }),
};

/** @type {Problems} */
const EDITS_PROBLEMS = {
  cut: gettext("The edits in the address are cut off."),
  other: (character) => gettext("The address has a “{character}”.", { character }),
};

/** How many characters of an unreadable part a message repeats. */
const MAX_QUOTED = 60;

/** What may be the presenter's key, which no message repeats: the screen may be projected. */
const SECRETS = /[\w-]{32,}/g;

/**
 * Points of all strokes in an address. A digit has about a hundred. The address is written after
 * each stroke, and mail and chat programs must be able to pass it on.
 */
export const MAX_POINTS = 5000;

const MIN_TEMPERATURE = 0.1;
const MAX_TEMPERATURE = 10;

/**
 * What is chosen instead of a model to compare with: one model of each recipe. No model has this
 * name, because names begin with a letter or a digit.
 */
export const ALL_RECIPES = "-all";

/** Units of evidence that can be added to a digit, or taken from it. */
export const MAX_ADDED_EVIDENCE = 20;

/** An address has a part that cannot be read to its end. */
export class PartError extends RangeError {
  /**
   * @param {string} message
   * @param {{length: number} | null} [readable] the items before the error
   */
  constructor(message, readable = null) {
    super(message);
    this.readable = readable?.length ? readable : null;
  }
}

/**
 * How each part is written and read. `read` throws a PartError for text that it does not accept.
 * @type {{[Part in keyof Shareable]: {name: string, write: (part: Shareable[Part]) => string,
 *   read: (text: string) => Shareable[Part]}}}
 */
export const PARTS = {
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
  isProjector: { name: "projector", write: writeFlag, read: readFlag },
  comparedModel: { name: "beside", write: String, read: String },
  isInkOverlaid: { name: "ink", write: writeFlag, read: readFlag },
  pair: { name: "pair", write: (pair) => pair.join(""), read: readPair },
  temperature: {
    name: "temperature",
    write: String,
    read: (text) => readNumber(text, MIN_TEMPERATURE, MAX_TEMPERATURE),
  },
  followedDigit: { name: "digit", write: String, read: readDigit },
  summedPixels: { name: "count", write: String, read: (text) => readWhole(text, 0, PIXELS) },
  addedEvidence: {
    name: "added",
    write: (added) => (added.some(Boolean) ? added.join(",") : ""),
    read: (text) => {
      const added = text
        .split(",")
        .map((units) => readWhole(units, -MAX_ADDED_EVIDENCE, MAX_ADDED_EVIDENCE));
      if (added.length !== DIGITS) {
        throw new PartError(gettext("The added evidence must be ten numbers."));
      }
      return added;
    },
  },
  edits: {
    name: "edits",
    write: (edits) => edits.map(({ pixel, ink }) => writeCode(2 * pixel + ink, 2)).join(""),
    read: readEdits,
  },
  meanDigit: { name: "mean", write: writeChoice, read: readDigit },
  guideStep: { name: "step", write: String, read: (text) => readWhole(text, 1, Infinity) },
  label: { name: "label", write: writeChoice, read: readDigit },
  run: { name: "run", write: String, read: readRun },
  replayStep: { name: "at", write: writeChoice, read: (text) => readWhole(text, 0, Infinity) },
  hasOneScale: { name: "scale", write: writeFlag, read: readFlag },
  comparedRuns: {
    name: "compared",
    write: (names) => names.join(","),
    read: (text) => text.split(",").map(readRun),
  },
  confusionCell: { name: "cell", write: (cell) => cell?.join("") ?? "", read: readPair },
  isInRates: { name: "rates", write: writeFlag, read: readFlag },
};

/**
 * @param {string} text
 * @returns {{text: string}} as much of it as a message repeats
 */
export function quoted(text) {
  const open = text.replace(SECRETS, "…");
  return { text: open.length > MAX_QUOTED ? `${open.slice(0, MAX_QUOTED)}…` : open };
}

/**
 * @param {string} text
 * @returns {string} a sum over its characters, in two characters
 */
export function sumOf(text) {
  let sum = 0;
  for (let place = 0; place < text.length; place++) {
    sum = (sum * 31 + text.charCodeAt(place)) % LARGEST_PRIME;
  }
  return writeCode(sum, 2);
}

/**
 * Round a point to the nearest one that an address can hold: too little a change to see.
 * @param {Point} point
 * @returns {Point}
 */
export function snap({ x, y }) {
  return { x: fromCode(toCode(x)), y: fromCode(toCode(y)) };
}

/**
 * @param {number} coordinate
 * @returns {number} as a whole number from 0 to 64³ − 1
 */
function toCode(coordinate) {
  const code = Math.round((coordinate - MIN_COORDINATE) / COORDINATE_STEP);
  return Math.min(CHARACTERS.length ** COORDINATE_LENGTH - 1, Math.max(0, code));
}

/** @param {number} code */
function fromCode(code) {
  return code * COORDINATE_STEP + MIN_COORDINATE;
}

/** @param {Point} point */
function writePoint({ x, y }) {
  return writeCode(toCode(x), COORDINATE_LENGTH) + writeCode(toCode(y), COORDINATE_LENGTH);
}

/** @param {string} text */
function readStrokes(text) {
  const found = text
    ? text.split(".").map((part) => readCodes(part, COORDINATE_LENGTH, DRAWING_PROBLEMS))
    : [];
  let left = MAX_POINTS;
  let problem = found.find((part) => part.problem)?.problem;
  const strokes = found.map(({ codes, problem: cut }) => {
    // A stroke has at least one point, and a point two coordinates.
    if (!cut && (codes.length % 2 || !codes.length)) problem ??= DRAWING_PROBLEMS.cut;
    const points = Math.floor(codes.length / 2);
    if (points > left) {
      problem = ngettext(
        "The drawing in the address has more than {count} point.",
        "The drawing in the address has more than {count} points.",
        MAX_POINTS,
      );
    }
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
  const { codes, problem } = readCodes(text, 2, IMAGE_PROBLEMS);
  const bad = codes.findIndex((value) => value > 255);
  const values = codes.slice(0, bad < 0 ? PIXELS : Math.min(bad, PIXELS));
  // An image without ink is not a drawing.
  const image = values.some(Boolean) ? new Uint8Array(PIXELS) : null;
  image?.set(values);
  if (problem || codes.length !== PIXELS || bad >= 0) {
    const sizeProblem = gettext("The image in the address does not have 28 × 28 pixels.");
    throw new PartError(problem ?? sizeProblem, image);
  }
  return image;
}

/** @param {string} text */
function readEdits(text) {
  const { codes, problem } = readCodes(text, 2, EDITS_PROBLEMS);
  const bad = codes.findIndex((code) => code >= 2 * PIXELS);
  const edits = codes.slice(0, bad < 0 ? codes.length : bad).map((code) => {
    return /** @type {Edit} */ ({ pixel: code >> 1, ink: code & 1 ? 1 : 0 });
  });
  if (bad >= 0) {
    throw new PartError(gettext("The address edits a pixel outside the image."), edits);
  }
  if (problem) throw new PartError(problem, edits);
  return edits;
}

/**
 * @param {string} text
 * @param {number} size of each number, in characters
 * @param {Problems} problems messages about this part
 * @returns {{codes: number[], problem?: string}} the numbers before the first character that cannot be read
 */
function readCodes(text, size, problems) {
  const readable = /^[\w-]*/.exec(text)?.[0] ?? "";
  const codes = Array.from({ length: Math.floor(readable.length / size) }, (_, index) =>
    readCode(readable.slice(index * size, (index + 1) * size)),
  );
  if (readable !== text) {
    const character = String.fromCodePoint(text.codePointAt(readable.length) ?? 0);
    return { codes, problem: problems.other(character) };
  }
  return text.length % size ? { codes, problem: problems.cut } : { codes };
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

/** @param {string} text made of CHARACTERS */
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
    throw new PartError(gettext("The address has “{text}” where it needs 0 or 1.", quoted(text)));
  }
  return text === "1";
}

/** @param {string} text the ID of a training, or the name of a model */
function readRun(text) {
  const other = /[^\w.-]|^\.|\.$/.exec(text);
  if (other) throw new PartError(EDITS_PROBLEMS.other(other[0]));
  return text;
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
  if (text.length !== 2) {
    throw new PartError(gettext("“{text}” is not a pair of digits.", quoted(text)));
  }
  return [readDigit(text[0]), readDigit(text[1])];
}

/** @param {string} text */
function readDigit(text) {
  if (!/^\d$/.test(text)) {
    throw new PartError(gettext("The address has “{text}” instead of a digit.", quoted(text)));
  }
  return Number(text);
}

/**
 * @param {string} text
 * @param {number} min
 * @param {number} max
 */
function readNumber(text, min, max) {
  const number = Number(text);
  if (number >= min && number <= max) return number;
  // The limits are written like the numbers in addresses, in all languages.
  const values = { ...quoted(text), min, max };
  throw new PartError(
    max === Infinity
      ? gettext("The address has “{text}” instead of a number of at least {min}.", values)
      : gettext("The address has “{text}” instead of a number from {min} to {max}.", values),
  );
}

/**
 * @param {string} text
 * @param {number} min
 * @param {number} max
 */
function readWhole(text, min, max) {
  const number = readNumber(text, min, max);
  if (!Number.isInteger(number)) {
    throw new PartError(
      gettext("The address has “{text}” instead of a whole number.", quoted(text)),
    );
  }
  return number;
}
