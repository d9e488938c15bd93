/** Addresses as chat and mail programs change them. */

import assert from "node:assert/strict";
import test from "node:test";

import { repairName, repairValue, splitFragment } from "../../../static/state/repair.js";

const PARTS = [
  ["view", "weights"],
  ["drawing", "gAAgAA"],
];

/** @type {[string, string][]} */
const ESCAPED = [
  ["as it was", "view=weights&drawing=gAAgAA"],
  ["HTML", "view=weights&amp;drawing=gAAgAA"],
  ["HTML thrice", "view=weights&amp;amp;amp;drawing=gAAgAA"],
  ["HTML, by number", "view=weights&#38;drawing=gAAgAA"],
  ["HTML, by hexadecimal number", "view=weights&#x26;drawing=gAAgAA"],
  ["HTML, equals signs", "view&equals;weights&drawing&#x3D;gAAgAA"],
  ["HTML, equals signs by number", "view&#61;weights&amp;drawing&#61;gAAgAA"],
  ["JSON, equals signs", "view\\u003dweights\\u0026drawing\\u003dgAAgAA"],
  ["JSON", "view=weights\\u0026drawing=gAAgAA"],
  ["a line of quoted-printable ends in a name", "view=weights&draw=%0D%0Aing=gAAgAA"],
  ["a line of quoted-printable ends after a name", "view=weights&drawing=%0A=gAAgAA"],
  ["percent-encoded", "view%3Dweights%26drawing%3DgAAgAA"],
  ["percent-encoded twice", "view%253Dweights%2526drawing%253DgAAgAA"],
];

for (const [name, fragment] of ESCAPED) {
  test(`a fragment is split: ${name}`, () => assert.deepEqual(splitFragment(fragment), PARTS));
}

test("a part without a value has an empty one", () => {
  assert.deepEqual(splitFragment("view&=x"), [
    ["view", ""],
    ["", "x"],
  ]);
});

test("bytes that are not UTF-8 do no harm", () => {
  assert.deepEqual(splitFragment("view=%ff"), [["view", "\ufffd"]]);
});

test("a name loses the rest of an escaped ampersand", () => {
  for (const name of [
    "view",
    "amp;view",
    "amp;;view",
    "#38;view",
    "#x26;view",
    " view ",
    "#view",
    "(view",
    "VIEW",
    "vi\u200bew",
  ]) {
    assert.equal(repairName(name), "view");
  }
});

/** @type {[string, string, string][]} value, repaired, and the punctuation that was removed */
const VALUES = [
  ["gAAgAA).", "gAAgAA", ")."],
  ["gAA\u200bgAA", "gAAgAA", ""],
  ["gAA=0D=0AgAA", "gAAgAA", ""],
  ["(gAAgAA", "gAAgAA", ""],
  ["gAA+gAA", "gAAgAA", ""],
  ["\u2068gAAgAA\u2069", "gAAgAA", ""],
  ["3DgAAgAA", "gAAgAA", ""],
  ["gAAgA__", "gAAgA_", "_"],
];

for (const [value, text, rest] of VALUES) {
  test(`${JSON.stringify(value)} may have been ${text}`, () => {
    const repairs = repairValue(value);
    assert.deepEqual(repairs[0], { text: value, rest: "" });
    assert.ok(repairs.some((repair) => repair.text === text && repair.rest === rest));
  });
}

test("a value without damage has one reading", () => {
  assert.deepEqual(repairValue("gAAgAA"), [{ text: "gAAgAA", rest: "" }]);
});

test("a value of punctuation alone is not an empty value", () => {
  assert.ok(repairValue("...").every(({ text }) => text !== ""));
});
