/** What gives one digit its lead, and which pixels would change the answer. */

import assert from "node:assert/strict";
import test from "node:test";

import {
  applyEdits,
  compareEvidence,
  editInputs,
  fewestEdits,
  pixelsBetween,
} from "../../../static/numbers/explain.js";
import {
  PIXELS,
  evidence,
  largest,
  toInputs,
  zeroWeights,
} from "../../../static/numbers/regression.js";

const CENTRE = 14 * 28 + 14;

test("the parts of a lead add up to it, largest first", () => {
  const pixels = new Float32Array(PIXELS);
  pixels[0] = 1;
  pixels[CENTRE] = 0.5;
  const { columns, bias } = zeroWeights();
  columns[7][0] = 2;
  columns[1][CENTRE] = 3;
  bias[7] = 0.25;
  const { lead, parts } = compareEvidence(toInputs(pixels), { columns, bias }, 7, 1);
  assert.equal(lead, 2 + 0.25 - 1.5);
  assert.equal(parts.length, 10);
  assert.deepEqual(parts[0], { source: "ink at the top left", amount: 2 });
  assert.deepEqual(parts.at(-1), { source: "ink in the middle", amount: -1.5 });
  assert.deepEqual(
    parts.find(({ source }) => source === "the bias"),
    { source: "the bias", amount: 0.25 },
  );
});

test("later edits go before earlier ones, and the pixels stay as they were", () => {
  const pixels = new Float32Array([0.5, 0.5, 0.5]);
  const edits = [
    { pixel: 0, ink: 1 },
    { pixel: 2, ink: 1 },
    { pixel: 2, ink: 0 },
  ];
  assert.deepEqual([...applyEdits(pixels, edits)], [1, 0.5, 0]);
  assert.deepEqual([...pixels], [0.5, 0.5, 0.5]);
});

test("the fewest edits take the pixels that change the lead most", () => {
  const pixels = new Float32Array(PIXELS);
  pixels.fill(1, 0, 3);
  const model = zeroWeights();
  model.columns[7].set([3, 2, 1]);
  model.columns[1].set([0, 0, 0, 4]);
  // 7 leads by 6. Ink on pixel 3 gives 1 four, and erasing pixel 0 takes three from 7.
  const found = fewestEdits(toInputs(pixels), model);
  assert.deepEqual(found, {
    digit: 1,
    edits: [
      { pixel: 3, ink: 1 },
      { pixel: 0, ink: 0 },
    ],
  });
  assert.equal(largest(evidence(editInputs(toInputs(pixels), found.edits), model)), 1);
});

test("a pixel counts with the ink that each digit has there", () => {
  const inputs = toInputs(new Float32Array(PIXELS));
  inputs[1] = new Float32Array(PIXELS).fill(1, 5, 6);
  const model = zeroWeights();
  model.bias[7] = 1;
  model.columns[7][5] = 3;
  model.columns[1][5] = -2;
  // 7 leads 1 by 1 + 2. Erasing the pixel takes the 2 that speak against 1; filling it gives 7 three.
  const { lead, parts } = compareEvidence(inputs, model, 7, 1);
  assert.equal(lead, 3);
  assert.deepEqual(parts[0], { source: "ink at the top left", amount: 2 });
  model.bias[1] = 0.5;
  model.columns[1][5] = -2;
  // Erased, 1 still has less than 7.
  assert.equal(fewestEdits(inputs, model), null);
  model.bias[1] = 1.5;
  assert.deepEqual(fewestEdits(inputs, model), { digit: 1, edits: [{ pixel: 5, ink: 0 }] });
});

test("where no pixel helps, no edits are found", () => {
  const model = zeroWeights();
  model.bias[4] = 1;
  assert.equal(fewestEdits(toInputs(new Float32Array(PIXELS)), model), null);
});

/** @type {[string, [number, number], [number, number], [number, number][]][]} columns and rows */
const LINES = [
  ["a point", [3, 5], [3, 5], [[3, 5]]],
  [
    "a row, from right to left",
    [4, 0],
    [2, 0],
    [
      [4, 0],
      [3, 0],
      [2, 0],
    ],
  ],
  [
    "a diagonal that leaves the picture",
    [26, 1],
    [29, 4],
    [
      [26, 1],
      [27, 2],
    ],
  ],
  ["a line outside of the picture", [-3, 5], [-1, 9], []],
];

for (const [name, from, to, expected] of LINES) {
  test(`the pixels of ${name}`, () => {
    const [start, end] = [from, to].map(([x, y]) => ({ x: (x + 0.5) / 28, y: (y + 0.5) / 28 }));
    const found = pixelsBetween(start, end).map((pixel) => [pixel % 28, Math.floor(pixel / 28)]);
    assert.deepEqual(found, expected);
  });
}

test("the pixels of any line touch each other", () => {
  for (let turn = 0; turn < 1; turn += 0.01) {
    const [x, y] = [0.5 * Math.cos(2 * Math.PI * turn), 0.5 * Math.sin(2 * Math.PI * turn)];
    const pixels = pixelsBetween({ x: 0.5, y: 0.5 }, { x: 0.5 + 0.9 * x, y: 0.5 + 0.9 * y });
    for (const [index, pixel] of pixels.slice(1).entries()) {
      const before = pixels[index];
      assert.ok(Math.abs((pixel % 28) - (before % 28)) <= 1);
      assert.ok(Math.abs(Math.floor(pixel / 28) - Math.floor(before / 28)) <= 1);
    }
    assert.ok(pixels.length >= 10);
  }
});
