/**
 * The page's address holds everything that can be shared: the view, the model, the drawing and the
 * views' settings, as `#view=NAME&model=NAME&drawing=…`. Defaults are left out.
 */

import { gettext } from "../language/messages.js";
import { DIGITS, PIXELS } from "../numbers/regression.js";
import { DRAWING_PROBLEMS, MAX_POINTS, PARTS, PartError, quoted, sumOf } from "./address_parts.js";
import { repairName, repairValue, splitFragment } from "./repair.js";

/** @typedef {import("../numbers/explain.js").Edit} Edit */
/** @typedef {import("../numbers/rasterizer.js").Picture} Picture */
/** @typedef {import("../numbers/rasterizer.js").Stroke} Stroke */

/**
 * The part of the state that an address can hold.
 * @typedef {object} Shareable
 * @property {string} view
 * @property {string} model empty for the default model
 * @property {readonly Stroke[]} strokes
 * @property {Uint8Array | null} image a picture in place of strokes: 784 intensities
 * @property {boolean} isProjector
 * @property {string} comparedModel the model whose weights are shown next to the chosen one's;
 *   empty for none
 * @property {boolean} isInkOverlaid whether the ink's outline is drawn over the weights
 * @property {[number, number]} pair of digits whose weights are compared
 * @property {number} temperature of the softmax
 * @property {number[]} addedEvidence units of evidence added to each digit
 * @property {number} followedDigit the digit whose evidence the guide explains
 * @property {number} summedPixels how many of its pixels are summed, 0 to 784
 * @property {readonly Edit[]} edits
 * @property {number | null} meanDigit the digit whose mean training image is shown under the drawing
 * @property {number} guideStep from 1
 * @property {number | null} label the drawing's true digit; null where nobody has said it
 * @property {string} run the training that is replayed, or its name; empty for the model's own
 * @property {number | null} replayStep which of the recorded steps, from 0; null for the last
 * @property {boolean} hasOneScale whether the heatmaps of all steps have one colour scale
 * @property {string[]} comparedRuns the trainings whose curves are shown too
 * @property {[number, number] | null} confusionCell label and digit of the test images shown
 * @property {boolean} isInRates whether the confusion matrix shows rates instead of counts
 */

/** @returns {Shareable} the state that an empty address describes */
export function emptyAddress() {
  return {
    view: "draw",
    model: "",
    strokes: [],
    image: null,
    isProjector: false,
    comparedModel: "",
    isInkOverlaid: true,
    pair: [3, 8],
    temperature: 1,
    addedEvidence: Array(DIGITS).fill(0),
    followedDigit: 0,
    summedPixels: PIXELS,
    edits: [],
    meanDigit: null,
    guideStep: 1,
    label: null,
    run: "",
    replayStep: null,
    hasOneScale: false,
    comparedRuns: [],
    confusionCell: null,
    isInRates: false,
  };
}

/** The names of the shareable properties. */
export const SHAREABLE = /** @type {(keyof Shareable)[]} */ (Object.keys(PARTS));

/**
 * The parts that a program may cut or change without making them unreadable.
 * @type {(keyof Shareable)[]}
 */
const CHECKED = ["strokes", "image", "edits"];

/** The part before them, which shows whether they are as they were written. */
const CHECK_NAME = "check";

/** How many places are tried as the end of an address. */
const MAX_CUTS = 30;

/**
 * Write the state as an address. A drawing with too many points is written as the 28×28 image that
 * the model gets.
 * @param {Shareable & {picture: Picture | null}} shown its strokes made of snapped points
 * @returns {string} from its `#` on
 */
export function writeAddress(shown) {
  const empty = emptyAddress();
  const count = shown.strokes.reduce((sum, stroke) => sum + stroke.length, 0);
  const isTooLong = shown.picture !== null && count > MAX_POINTS;
  const state = isTooLong ? { ...shown, strokes: [], image: shown.picture?.pixels ?? null } : shown;
  const firstChecked = CHECKED.find((key) => writePart(key, state) !== writePart(key, empty));
  const parts = SHAREABLE.flatMap((key) => {
    const text = writePart(key, state);
    const part = `${PARTS[key].name}=${encodeURIComponent(text)}`;
    if (text === writePart(key, empty)) return [];
    return key === firstChecked ? [`${CHECK_NAME}=${writeCheck(state)}`, part] : part;
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

/** @param {Shareable} state */
function writeCheck(state) {
  return sumOf(CHECKED.map((key) => writePart(key, state)).join("&"));
}

/** What is said of a check that is wrong. */
const CHANGED = gettext(
  "The drawing is not the one that was shared: part of the address is missing or was changed.",
);

/**
 * The parts that name something that may not exist.
 * @typedef {"view" | "model" | "comparedModel"} Reference
 */

/** @type {Record<string, keyof Shareable>} */
const KEYS_BY_NAME = Object.assign(
  Object.create(null),
  Object.fromEntries(SHAREABLE.map((key) => [PARTS[key].name, key])),
);

/**
 * Read an address as far as possible. Parts that are missing or cannot be read get their defaults.
 * @param {string} address from its `#` on, perhaps changed by programs that passed it on
 * @param {(kind: Reference, name: string) => boolean} [exists]
 * @returns {Shareable & {problems: string[]}} with one sentence for each part that cannot be read
 */
export function readAddress(address, exists = () => true) {
  const fragment = address.slice(1);
  const exact = readParts([...new URLSearchParams(fragment)], exists);
  if (exact.isWhole) return exact.state;
  const parts = splitFragment(fragment);
  const repaired = readParts(parts, exists);
  if (repaired.isChecked) return repaired.state;
  return readBeforeWords(parts, exists) ?? repaired.state;
}

/**
 * Words that follow an address in a message can be read as more ink. The check tells where they begin.
 * @param {[string, string][]} parts
 * @param {(kind: Reference, name: string) => boolean} exists
 * @returns {(Shareable & {problems: string[]}) | null} null if no cut makes the check right
 */
function readBeforeWords(parts, exists) {
  const [name, text] = parts[parts.length - 1];
  for (const { index } of [...text.matchAll(/[^\w-]/g)].slice(0, MAX_CUTS)) {
    const rest = text.slice(index);
    // Without white space, only the last place may be the end of the address: the full stops before it
    // are between strokes.
    if (!/\s/.test(rest) && /[^\w-]/.test(rest.slice(1))) continue;
    const cut = readParts([...parts.slice(0, -1), [name, text.slice(0, index)]], exists);
    if (!cut.isChecked) continue;
    cut.state.problems.push(describeWords(rest.trim()));
    return cut.state;
  }
  return null;
}

/**
 * @param {[string, string][]} parts
 * @param {(kind: Reference, name: string) => boolean} exists
 * @returns {{state: Shareable & {problems: string[]}, isWhole: boolean, isChecked: boolean}} `isWhole`
 *   if no part needed a repair or has a problem, `isChecked` if no check is wrong
 */
function readParts(parts, exists) {
  const state = emptyAddress();
  /** @type {string[]} */
  const problems = [];
  const read = new Set();
  const damaged = new Set();
  let isWhole = true;

  for (const [name, text] of parts) {
    if (repairName(name) === CHECK_NAME) continue;
    const key = KEYS_BY_NAME[name] ?? KEYS_BY_NAME[repairName(name)];
    if (!key) {
      // The presenter's key must not be shown.
      const unknown = quoted(/^\W*key\W/i.test(name) ? "key" : name || text);
      if (unknown.text) {
        problems.push(gettext("The address has an unknown part “{text}”.", unknown));
      }
    } else if (!read.has(key)) {
      read.add(key);
      const found = readPart(key, text, exists);
      Object.assign(state, found.value === undefined ? {} : { [key]: found.value });
      if (found.problem) {
        problems.push(found.problem);
        damaged.add(key);
      }
      isWhole &&= found.isWhole;
    }
  }
  if (state.image) state.strokes = [];
  const isChecked = isAsWritten(parts, state);
  if (!isChecked && !CHECKED.some((key) => damaged.has(key))) problems.push(CHANGED);
  return { state: { ...state, problems }, isWhole: isWhole && problems.length === 0, isChecked };
}

/**
 * @param {[string, string][]} parts
 * @param {Shareable} state which was read from them
 * @returns {boolean} whether the check is right; true where there is none, as in addresses that an
 *   earlier version has written
 */
function isAsWritten(parts, state) {
  const check = parts.find(([name]) => repairName(name) === CHECK_NAME);
  return !check || repairValue(check[1]).some(({ text }) => text === writeCheck(state));
}

/**
 * @param {keyof Shareable} key
 * @param {string} text
 * @param {(kind: Reference, name: string) => boolean} exists
 * @returns {{value?: unknown, problem?: string, isWhole: boolean}} `isWhole` if the text needed no
 *   repair
 */
function readPart(key, text, exists) {
  /** @type {PartError[]} */
  const errors = [];
  for (const repaired of repairValue(text)) {
    try {
      const value = PARTS[key].read(repaired.text);
      const isReference = key === "view" || key === "model" || key === "comparedModel";
      if (!isReference || !value || exists(key, repaired.text)) {
        const problem = repaired.rest && describeRest(key, repaired.rest);
        return { value, problem, isWhole: repaired.text === text };
      }
    } catch (error) {
      if (!(error instanceof PartError)) throw error;
      errors.push(error);
    }
  }
  // A name that does not exist is returned unrepaired, for the message.
  if (!errors.length) return { value: PARTS[key].read(text), isWhole: false };
  // Of strokes, the points count.
  const sizes = errors.map(({ readable }) => [readable ?? []].flat(2).length);
  const largest = Math.max(...sizes);
  const best = errors[largest ? sizes.lastIndexOf(largest) : 0];
  return { value: best.readable ?? undefined, problem: best.message, isWhole: false };
}

/**
 * @param {keyof Shareable} key
 * @param {string} rest the characters after the part's value
 */
function describeRest(key, rest) {
  // A full stop separates strokes, and programs that shorten links end them with an ellipsis.
  if (key === "strokes" && /^[.…]/.test(rest)) return DRAWING_PROBLEMS.cut;
  return describeWords(rest);
}

/** @param {string} words after the address */
function describeWords(words) {
  return gettext("The address ends in “{text}”, which does not belong to it.", quoted(words));
}
