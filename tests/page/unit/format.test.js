/** How numbers are written. */

import assert from "node:assert/strict";
import test from "node:test";

import {
  formatExact,
  formatIntensity,
  formatPercent,
  formatSigned,
  formatSmall,
} from "../../../static/language/format.js";
import { formatPlace } from "../../../static/language/sentences.js";

/** @type {[string, (value: number) => string, [number, string][]][]} */
const TABLES = [
  [
    "a percentage has one decimal",
    formatPercent,
    [
      [0.1234, "12.3%"],
      [1, "100.0%"],
    ],
  ],
  [
    "a signed number has a sign, and zero is not negative",
    formatSigned,
    [
      [1.005, "+1.00"],
      [-2.5, "−2.50"],
      [0, "+0.00"],
      [-0.001, "+0.00"],
    ],
  ],
  [
    "a small number has three significant digits",
    formatSmall,
    [
      [0, "0"],
      [0.000123, "1.23e−4"],
      [0.0123, "0.0123"],
      [1.234, "1.23"],
      [12.34, "12.3"],
      [123.4, "123"],
      [12340, "1.23e4"],
    ],
  ],
  [
    "a chosen number keeps all of its digits",
    formatExact,
    [
      [0.001, "0.001"],
      [0.0025, "0.0025"],
      [0.5, "0.5"],
      [5, "5"],
    ],
  ],
  [
    "an intensity has at most three characters",
    formatIntensity,
    [
      [0, "0"],
      [1, "1"],
      [0.5, ".50"],
      [0.999, "1"],
      [0.004, "0"],
    ],
  ],
];

for (const [name, format, pairs] of TABLES) {
  test(name, () => {
    for (const [value, text] of pairs) assert.equal(format(value), text);
  });
}

test("places are counted from 1", () => {
  assert.equal(formatPlace(0, 28), "Row 1, column 1");
  assert.equal(formatPlace(28 * 8 + 12, 28), "Row 9, column 13");
});

test("a signed number has as many places as asked for", () => {
  assert.equal(formatSigned(-0.04, 1), "+0.0");
  assert.equal(formatSigned(-0.06, 1), "−0.1");
});
