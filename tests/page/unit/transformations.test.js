/** Rotations and shifts of small pictures that can be checked by hand. */

import assert from "node:assert/strict";
import test from "node:test";

import { PIXELS, zeroWeights } from "../../../static/numbers/regression.js";
import {
  chooseInputs,
  describeTransformation,
  movedPlace,
  transformPixels,
} from "../../../static/numbers/transformations.js";

const NONE = { rotation: 0, right: 0, down: 0 };

/** @param {number} row @param {number} column */
function dotAt(row, column) {
  const pixels = new Float64Array(PIXELS);
  pixels[row * 28 + column] = 1;
  return pixels;
}

test("a shift is to the right and down, and what leaves the picture is lost", () => {
  const [moved, lost] = transformPixels(dotAt(5, 26), [
    { rotation: 0, right: 1, down: 2 },
    { rotation: 0, right: 2, down: 0 },
  ]);
  assert.deepEqual([...moved], [...dotAt(7, 27)]);
  assert.deepEqual([...lost], [...new Float64Array(PIXELS)]);
});

test("a quarter turn is clockwise", () => {
  const [turned] = transformPixels(dotAt(13, 20), [{ rotation: 90, right: 0, down: 0 }]);
  const top = turned.indexOf(Math.max(...turned));
  assert.deepEqual([Math.floor(top / 28), top % 28], [20, 14]);
  assert.ok(Math.abs(turned[top] - 1) < 1e-9);
});

test("a shift follows the rotation, as a place does", () => {
  const both = { rotation: 90, right: 1, down: 2 };
  const [moved] = transformPixels(dotAt(13, 20), [both]);
  const top = moved.indexOf(Math.max(...moved));
  const [x, y] = movedPlace(both, 20.5, 13.5);
  assert.deepEqual([top % 28, Math.floor(top / 28)], [Math.floor(x), Math.floor(y)]);
});

test("without a transformation, the pixels are the same array", () => {
  const pixels = dotAt(3, 4);
  const found = transformPixels(pixels, [NONE, { rotation: 0, right: 1, down: 0 }, NONE]);
  assert.equal(found[0], pixels);
  assert.equal(found[2], pixels);
});

test("each digit chooses the version that gives it the most evidence, at a tie the first", () => {
  const { columns } = zeroWeights();
  columns[3][40] = 1;
  columns[4][41] = 1;
  const versions = transformPixels(dotAt(1, 12), [NONE, { rotation: 0, right: 1, down: 0 }]);
  const inputs = chooseInputs(versions, columns);
  assert.deepEqual(
    inputs.map((input) => versions.indexOf(input)),
    [0, 0, 0, 0, 1, 0, 0, 0, 0, 0],
  );
});

test("a sentence says what a digit did", () => {
  assert.equal(describeTransformation(7, NONE), "7 left it as it is.");
  assert.equal(
    describeTransformation(7, { rotation: -8, right: -2, down: 1 }),
    "7 turned it 8° anticlockwise and moved it 2 px left and 1 px down.",
  );
  assert.equal(
    describeTransformation(1, { rotation: 0, right: 0, down: -1 }),
    "1 moved it 1 px up.",
  );
  assert.equal(
    describeTransformation(1, { rotation: 8, right: 2, down: 0 }),
    "1 turned it 8° clockwise and moved it 2 px right.",
  );
  assert.equal(
    describeTransformation(1, { rotation: 8, right: 0, down: 0 }),
    "1 turned it 8° clockwise.",
  );
  assert.equal(
    describeTransformation(1, { rotation: -8, right: 0, down: 0 }),
    "1 turned it 8° anticlockwise.",
  );
});
