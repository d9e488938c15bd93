/** Numbers that can be checked by hand: four inked pixels, two digits with weights. */

import assert from "node:assert/strict";
import test from "node:test";

import {
  DIGITS,
  PIXELS,
  contributions,
  crossEntropy,
  descend,
  evidence,
  largest,
  runnerUp,
  softmaxSteps,
  toInputs,
  zeroWeights,
} from "../../../static/numbers/regression.js";

/** The pixels 0 to 3 have ink. */
const INK = Float32Array.from({ length: PIXELS }, (_, pixel) => [1, 0.5, 0.25, 1][pixel] ?? 0);

function model() {
  const { columns, bias } = zeroWeights();
  columns[0].set([1, 2, 0, -1]);
  columns[1].set([-1, 0, 3, 1]);
  bias.set([0.5, -0.5]);
  return { columns, bias };
}

/** @param {number} found @param {number} expected */
function assertClose(found, expected, tolerance = 1e-6) {
  assert.ok(Math.abs(found - expected) <= tolerance, `${found} is not ${expected}`);
}

test("contributions and bias add up to evidence", () => {
  // 1·1 + 0.5·2 + 1·(−1) + 0.5 = 1.5 and 1·(−1) + 0.25·3 + 1·1 − 0.5 = 0.25
  assert.deepEqual(evidence(toInputs(INK), model()), [1.5, 0.25, 0, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual([...contributions(INK, model().columns[1])].slice(0, 5), [-1, 0, 0.75, 1, 0]);
});

test("softmax turns one more unit of evidence into odds of e", () => {
  const { shifted, total, probabilities } = softmaxSteps([3, 2]);
  assert.deepEqual(shifted, [0, -1]);
  assertClose(total, 1 + 1 / Math.E);
  assertClose(probabilities[0] / probabilities[1], Math.E);
  assertClose(probabilities[0] + probabilities[1], 1);
});

test("softmax survives evidence whose exponential overflows", () => {
  assert.deepEqual(softmaxSteps([1000, 0]).probabilities, [1, 0]);
});

test("a temperature divides the evidence", () => {
  assert.deepEqual(softmaxSteps([4, 0], 2).probabilities, softmaxSteps([2, 0]).probabilities);
});

test("the loss is −ln of the label's probability, even where that rounds to 0", () => {
  assertClose(crossEntropy([0, 0], 1), Math.log(2));
  assertClose(crossEntropy([1000, 0], 1), 1000);
});

test("a step of gradient descent adds the ink to the label and takes it from the others", () => {
  const { columns, bias } = descend(zeroWeights(), [{ pixels: INK, label: 3 }], 0.5);
  // All probabilities are 1/10: the label's gradient is −0.9, each other digit's 0.1.
  assertClose(bias[3], 0.45);
  assertClose(bias[4], -0.05);
  assertClose(columns[3][1], 0.5 * 0.45);
  assertClose(columns[4][1], 0.5 * -0.05);
  assert.equal(columns[3][4], 0);
});

test("gradient descent leaves its input as it was", () => {
  const before = model();
  descend(before, [{ pixels: INK, label: 0 }], 1);
  assert.deepEqual(before, model());
});

test("the largest and the second largest value are found", () => {
  const values = Array.from({ length: DIGITS }, (_, digit) => (digit === 7 ? 9 : digit));
  assert.equal(largest(values), 7);
  assert.equal(runnerUp(values, 7), 9);
});
