/** The axes of charts: ticks, places, the nearest value. */

import assert from "node:assert/strict";
import test from "node:test";

import {
  linePath,
  linearTicks,
  nearestIndex,
  placeBetween,
  placeOfStep,
  stepTicks,
  valueOnLine,
} from "../../../static/numbers/axis.js";

/** @param {number} least @param {number} most @param {number} [intervals] */
const textsBetween = (least, most, intervals) =>
  linearTicks(least, most, (value) => String(Number(value.toFixed(6))), intervals).map(
    ({ text }) => text,
  );

/** @param {number} steps */
const textsOfSteps = (steps) => stepTicks(steps).map(({ text }) => text);

test("ticks are multiples of 1, 2 or 5 times a power of ten", () => {
  assert.deepEqual(textsBetween(0, 1), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
  assert.deepEqual(textsBetween(0, Math.log(10)), ["0", "0.5", "1", "1.5", "2"]);
  assert.deepEqual(textsBetween(0, 4.6), ["0", "1", "2", "3", "4"]);
  assert.deepEqual(textsBetween(0, 10, 2), ["0", "5", "10"]);
  assert.deepEqual(textsBetween(-0.25, 0.25), ["-0.2", "-0.1", "0", "0.1", "0.2"]);
  assert.deepEqual(textsBetween(12, 47), ["20", "30", "40"]);
});

test("a tick's place is its share of the axis", () => {
  const places = linearTicks(10, 50, String, 4).map(({ place }) => place);
  assert.deepEqual(places, [0, 0.25, 0.5, 0.75, 1]);
});

test("the axis of steps shows where the first 1, 10, 100 and 1,000 steps end", () => {
  assert.deepEqual(textsOfSteps(3000), ["0", "1", "10", "100", "1,000"]);
  assert.deepEqual(textsOfSteps(100), ["0", "1", "10", "100"]);
  const [zero, one, ten, hundred] = stepTicks(99_999).map(({ place }) => place);
  assert.equal(zero, 0);
  assert.ok(Math.abs(one - Math.log(2) / Math.log(100_000)) < 1e-12);
  assert.ok(Math.abs(ten - Math.log(11) / Math.log(100_000)) < 1e-12);
  assert.ok(Math.abs(hundred - Math.log(101) / Math.log(100_000)) < 1e-12);
});

test("the last step has a number if there is room for it", () => {
  assert.deepEqual(textsOfSteps(400), ["0", "1", "10", "100", "400"]);
  assert.deepEqual(textsOfSteps(60), ["0", "1", "10", "60"]);
  assert.deepEqual(textsOfSteps(150), ["0", "1", "10", "100"]);
  assert.deepEqual(textsOfSteps(1), ["0", "1"]);
});

test("large steps are written short", () => {
  const texts = ["0", "1", "10", "100", "1,000", "10K", "100K", "1M"];
  assert.deepEqual(textsOfSteps(1_000_000), texts);
});

test("a step's place grows from 0 to 1", () => {
  assert.equal(placeOfStep(0, 1000), 0);
  assert.equal(placeOfStep(1000, 1000), 1);
  assert.ok(Math.abs(placeOfStep(9, 99) - 0.5) < 1e-12);
});

test("the nearest place is found, also beyond both ends", () => {
  const places = [0, 0.2, 0.8, 1];
  for (const [place, index] of [
    [-3, 0],
    [0.09, 0],
    [0.11, 1],
    [0.51, 2],
    [7, 3],
  ]) {
    assert.equal(nearestIndex(places, place), index, `at ${place}`);
  }
  assert.equal(nearestIndex([], 0.5), -1);
});

test("a missing value is read from the line between its neighbours, and not beyond the line", () => {
  const places = [0, 0.25, 0.5, 1];
  assert.equal(valueOnLine(places, [8, 5, 1, 0], 1), 5);
  assert.equal(valueOnLine(places, [8, null, 0, 0], 1), 4);
  assert.equal(valueOnLine(places, [8, null, null, 4], 1), 7);
  assert.equal(valueOnLine(places, [null, null, 1, 0], 1), null);
  assert.equal(valueOnLine(places, [8, null, null, null], 1), null);
});

test("a value beyond the range is at the end of the axis", () => {
  assert.equal(placeBetween(5, 0, 4), 1);
  assert.equal(placeBetween(-1, 0, 4), 0);
  assert.equal(placeBetween(1, 0, 4), 0.25);
  assert.equal(placeBetween(1, 2, 2), 0);
});

test("a line goes from left to right, with the largest value at the top", () => {
  const chart = { width: 100, height: 10, least: 0, most: 2 };
  assert.equal(linePath([0, 1, 2], chart, [0, 0.5, 1]), "M0.00 10.00L50.00 5.00L100.00 0.00");
  assert.equal(linePath([3, -1], chart, [0.2, 0.3]), "M20.00 0.00L30.00 10.00");
  assert.equal(linePath([], chart, []), "");
});
