/** The wall's arithmetic: which answers are right, before and now, and drawings as paths. */

import assert from "node:assert/strict";
import test from "node:test";

import { matches, summarize, toEntry } from "../../../static/numbers/room_statistics.js";
import { strokesToPath } from "../../../static/numbers/stroke_path.js";

const EVERYTHING = { label: null, digit: null, isWrongOnly: false };

/** @param {number} label @param {number} digit the first answer */
const drawn = (label, digit) => ({ id: 1, label, digit, isSure: true });

test("without another reading, the first answer counts", () => {
  const entry = toEntry(drawn(4, 9), undefined);
  assert.equal(entry.digit, 9);
  assert.equal(entry.isSure, true);
  assert.equal(entry.isRight, false);
  assert.equal(entry.wasRight, false);
});

test("another reading replaces the first answer, which is remembered", () => {
  const entry = toEntry(drawn(4, 9), { digit: 4, isSure: false });
  assert.equal(entry.digit, 4);
  assert.equal(entry.isSure, false);
  assert.equal(entry.isRight, true);
  assert.equal(entry.wasRight, false);
});

test("the summary counts what was right at first, what is right now, and what changed", () => {
  const entries = [
    toEntry(drawn(4, 9), { digit: 4, isSure: true }),
    toEntry(drawn(4, 9), { digit: 4, isSure: false }),
    toEntry(drawn(3, 3), { digit: 8, isSure: true }),
    toEntry(drawn(3, 3), undefined),
    toEntry(drawn(7, 1), undefined),
  ];
  const { confusion, ...counts } = summarize(entries);
  assert.deepEqual(counts, { count: 5, right: 3, rightBefore: 2, unsure: 1, gained: 2, lost: 1 });
  assert.equal(confusion[4][4], 2);
  assert.equal(confusion[3][8], 1);
  assert.equal(confusion[3][3], 1);
  assert.equal(confusion[7][1], 1);
  assert.equal(
    confusion.flat().reduce((sum, count) => sum + count, 0),
    5,
  );
});

test("no drawing has no share that is right", () => {
  const { count, right, confusion } = summarize([]);
  assert.equal(count, 0);
  assert.equal(right, 0);
  assert.equal(confusion.length, 10);
});

test("the filter goes by the label, the current reading, and whether it is wrong", () => {
  const entry = toEntry(drawn(4, 9), { digit: 4, isSure: true });
  const wrong = toEntry(drawn(4, 9), undefined);
  assert.equal(matches(entry, EVERYTHING), true);
  assert.equal(matches(entry, { ...EVERYTHING, label: 9 }), false);
  assert.equal(matches(entry, { ...EVERYTHING, label: 4, digit: 4 }), true);
  assert.equal(matches(entry, { ...EVERYTHING, digit: 9 }), false);
  assert.equal(matches(entry, { ...EVERYTHING, isWrongOnly: true }), false);
  assert.equal(matches(wrong, { label: 4, digit: 9, isWrongOnly: true }), true);
});

test("a zero in the filter is a digit, and not the absence of one", () => {
  const zero = toEntry(drawn(0, 0), undefined);
  assert.equal(matches(zero, { ...EVERYTHING, label: 0, digit: 0 }), true);
  assert.equal(matches(toEntry(drawn(1, 0), undefined), { ...EVERYTHING, label: 0 }), false);
});

test("strokes become one path, and a tap becomes a dot", () => {
  const line = [
    { x: 0.1, y: 0.2 },
    { x: 0.3, y: 0.4004 },
  ];
  assert.equal(strokesToPath([line, [{ x: 0.5, y: 0.5 }]]), "M0.1 0.2L0.3 0.4M0.5 0.5h0");
  assert.equal(strokesToPath([]), "");
});

test("points too close to see are left out, but never the last one", () => {
  const slow = Array.from({ length: 1001 }, (_, index) => ({ x: index / 1000, y: 0.5 }));
  const path = strokesToPath([slow]);
  assert.ok(path.startsWith("M0 0.5L"));
  assert.ok(path.endsWith("L1 0.5"));
  assert.ok(path.split("L").length < 200);
});
