/** From strokes to 28×28: crop, scale, centre. `test_rasterizer.py` compares with Pillow. */

import assert from "node:assert/strict";
import test from "node:test";

import {
  PEN_WIDTH,
  SIDE,
  createRasterizer,
  createSegmentTracker,
  strokesToPicture,
  toInk,
} from "../../../static/numbers/rasterizer.js";

/** @param {...[number, number]} points */
const stroke = (...points) => points.map(([x, y]) => ({ x, y }));

/** @param {Uint8Array} pixels */
function centreOfMass(pixels) {
  let [sum, x, y] = [0, 0, 0];
  pixels.forEach((value, index) => {
    sum += value;
    x += value * ((index % SIDE) + 0.5);
    y += value * (Math.floor(index / SIDE) + 0.5);
  });
  return [x / sum, y / sum];
}

test("without ink on the pad there is no picture", () => {
  assert.equal(strokesToPicture([]), null);
  assert.equal(strokesToPicture([stroke([1.5, 0.5], [2, 0.5])]), null);
});

test("the longer side has 20 pixels, and the centre of mass is in the middle", () => {
  const { pixels } = strokesToPicture([stroke([0.3, 0.1], [0.3, 0.9], [0.6, 0.9])]);
  const rows = Array.from({ length: SIDE }, (_, row) => row).filter((row) =>
    pixels.subarray(SIDE * row, SIDE * (row + 1)).some(Boolean),
  );
  const height = rows.at(-1) - rows[0] + 1;
  assert.ok(height === 20 || height === 21, `${height}`);
  for (const coordinate of centreOfMass(pixels)) {
    assert.ok(Math.abs(coordinate - SIDE / 2) < 0.05, `${coordinate}`);
  }
});

test("the crop says which square of the pad the picture shows", () => {
  const { crop } = strokesToPicture([stroke([0.5, 0.5])]);
  // A dot as wide as the pen is scaled to 20 of 28 pixels, to within a cell of the grid.
  assert.ok(Math.abs(crop.side - (PEN_WIDTH * 28) / 20) < 0.01);
  assert.ok(Math.abs(crop.left + crop.side / 2 - 0.5) < 0.005);
  assert.ok(Math.abs(crop.top + crop.side / 2 - 0.5) < 0.005);
});

test("a drawing that is rasterized point by point is that of all its points", () => {
  const rasterize = createRasterizer();
  const first = stroke([0.2, 0.2]);
  rasterize([first]);
  first.push({ x: 0.8, y: 0.3 });
  rasterize([first]);
  const second = stroke([0.5, 0.1], [0.4, 0.9]);
  assert.deepEqual(rasterize([first, second]), strokesToPicture([first, second]));
  // A stroke is taken away: all is rasterized again.
  assert.deepEqual(rasterize([second]), strokesToPicture([second]));
});

test("only new segments are returned, unless the drawing is another one", () => {
  const find = createSegmentTracker();
  const line = stroke([0, 0], [1, 0]);
  const strokes = [line];
  assert.equal(find(strokes).segments.length, 2);
  assert.deepEqual(find(strokes), { isAnew: false, segments: [] });
  line.push({ x: 1, y: 1 });
  assert.deepEqual(find(strokes).segments, [[line[1], line[2]]]);
  const other = stroke([0.5, 0.5]);
  assert.deepEqual(find([line, other]), { isAnew: false, segments: [[other[0], other[0]]] });
  assert.equal(find([other]).isAnew, true);
});

test("intensities become ink from 0 to 1", () => {
  assert.deepEqual([...toInk(Uint8Array.of(0, 51, 255))], [0, Math.fround(0.2), 1]);
});
