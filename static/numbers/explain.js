/** Why one digit has more evidence than another, and what would change that, from W, b and x. */

import { gettext } from "../language/messages.js";
import { SIDE } from "./rasterizer.js";
import { ALL_DIGITS, PIXELS, evidence, largest } from "./regression.js";

/** @typedef {import("./rasterizer.js").Point} Point */
/** @typedef {import("./regression.js").Weights} Weights */

/** @typedef {readonly ArrayLike<number>[]} Inputs Each digit's picture: 784 pixels, 0 to 1. */

/** @typedef {{pixel: number, ink: 0 | 1}} Edit One pixel erased or filled. */

/** The ink in each ninth of a picture, row-major. */
const NINTHS = [
  gettext("ink at the top left"),
  gettext("ink at the top centre"),
  gettext("ink at the top right"),
  gettext("ink at the middle left"),
  gettext("ink in the middle"),
  gettext("ink at the middle right"),
  gettext("ink at the bottom left"),
  gettext("ink at the bottom centre"),
  gettext("ink at the bottom right"),
];

/**
 * @param {number} pixel an index, row-major
 * @returns {number} the ninth of the picture that contains it
 */
function ninthOf(pixel) {
  const row = Math.floor((3 * Math.floor(pixel / SIDE)) / SIDE);
  const column = Math.floor((3 * (pixel % SIDE)) / SIDE);
  return 3 * row + column;
}

/**
 * Split a digit's lead in evidence over another into the parts from the ink in each ninth of the
 * picture and from the bias. The parts add up to the lead.
 * @param {Inputs} inputs
 * @param {Weights} model
 * @param {number} digit
 * @param {number} other
 * @returns {{lead: number, parts: {source: string, amount: number}[]}} largest part first;
 *   `source` is a noun phrase in the page's language
 */
export function compareEvidence(inputs, { columns, bias }, digit, other) {
  const amounts = NINTHS.map(() => 0);
  for (let pixel = 0; pixel < PIXELS; pixel++) {
    amounts[ninthOf(pixel)] +=
      inputs[digit][pixel] * columns[digit][pixel] - inputs[other][pixel] * columns[other][pixel];
  }
  const parts = [
    { source: gettext("the bias"), amount: bias[digit] - bias[other] },
    ...NINTHS.map((source, ninth) => ({ source, amount: amounts[ninth] })),
  ];
  parts.sort((a, b) => b.amount - a.amount);
  return { lead: parts.reduce((sum, { amount }) => sum + amount, 0), parts };
}

/**
 * The pixels on a straight line, without gaps: a fast pointer skips pixels between two moves.
 * @param {Point} from as fractions of the picture's sides
 * @param {Point} to
 * @returns {number[]} in the order passed, without repeats; those outside of the picture are left out
 */
export function pixelsBetween(from, to) {
  // Between two steps, neither the row nor the column changes by more than one.
  const steps = Math.ceil(SIDE * Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y)));
  const pixels = new Set();
  for (let step = 0; step <= steps; step++) {
    const part = steps ? step / steps : 1;
    const column = Math.floor(SIDE * (from.x + part * (to.x - from.x)));
    const row = Math.floor(SIDE * (from.y + part * (to.y - from.y)));
    const isInside = column >= 0 && row >= 0 && column < SIDE && row < SIDE;
    if (isInside) pixels.add(row * SIDE + column);
  }
  return [...pixels];
}

/**
 * @param {ArrayLike<number>} pixels 784, 0 to 1
 * @param {readonly Edit[]} edits later ones go before earlier ones
 * @returns {Float64Array} the edited pixels
 */
export function applyEdits(pixels, edits) {
  const edited = Float64Array.from(pixels);
  for (const { pixel, ink } of edits) edited[pixel] = ink;
  return edited;
}

/**
 * Edit the pictures of all digits in the same way. Each digit keeps its transformation.
 * @param {Inputs} inputs
 * @param {readonly Edit[]} edits
 * @returns {Float64Array[]}
 */
export function editInputs(inputs, edits) {
  return inputs.map((pixels) => applyEdits(pixels, edits));
}

/**
 * The smallest set of pixels that makes another digit win when each is erased or filled.
 *
 * The model is linear: each pixel changes the lead over a digit by an amount that does not depend on
 * the other pixels. So taking the largest changes first needs the fewest pixels, and the smallest set
 * over all other digits is the answer.
 * @param {Inputs} inputs
 * @param {Weights} model
 * @returns {{digit: number, edits: Edit[]} | null} the digit that then wins; null if no edits
 *   make another digit win
 */
export function fewestEdits(inputs, model) {
  const amounts = evidence(inputs, model);
  const answer = largest(amounts);
  let fewest = null;
  for (const digit of ALL_DIGITS) {
    if (digit === answer) continue;
    const edits = editsTowards(inputs, model, answer, digit, amounts[answer] - amounts[digit]);
    if (!edits || (fewest && fewest.edits.length <= edits.length)) continue;
    // A third digit may have gained even more: then that one wins, with these edits or fewer.
    const winner = largest(evidence(editInputs(inputs, edits), model));
    if (winner !== answer) fewest = { digit: winner, edits };
  }
  return fewest;
}

/**
 * @param {Inputs} inputs
 * @param {Weights} model
 * @param {number} answer
 * @param {number} digit
 * @param {number} lead of the answer over the digit, in evidence
 * @returns {Edit[] | null} the smallest set that gives the digit more evidence than the
 *   answer; null if none does
 */
function editsTowards(inputs, { columns }, answer, digit, lead) {
  const changes = Array.from(columns[answer], (_, pixel) => {
    const [own, other] = [columns[answer][pixel], columns[digit][pixel]];
    // The change of the lead if the pixel is erased, and how much more if it is filled.
    const erased = inputs[digit][pixel] * other - inputs[answer][pixel] * own;
    const slope = own - other;
    return slope > 0
      ? { pixel, ink: /** @type {const} */ (0), amount: erased }
      : { pixel, ink: /** @type {const} */ (1), amount: erased + slope };
  });
  changes.sort((a, b) => a.amount - b.amount);
  const edits = [];
  let left = lead;
  for (const { pixel, ink, amount } of changes) {
    if (amount >= 0) return null;
    edits.push({ pixel, ink });
    left += amount;
    if (left < 0) return edits;
  }
  return null;
}
