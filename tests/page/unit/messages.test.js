/** Messages in English, which needs no translations, and those that are added. */

import assert from "node:assert/strict";
import test from "node:test";

import { addTranslations, gettext, ngettext } from "../../../static/language/messages.js";

test("values take the place of placeholders, each as often as it occurs", () => {
  assert.equal(
    gettext("{digit} is {digit}, not {other}.", { digit: 7, other: 1 }),
    "7 is 7, not 1.",
  );
});

test("a placeholder without a value stays", () => {
  assert.equal(gettext("{digit} is {other}", { digit: 7 }), "7 is {other}");
});

test("a count chooses the form, and has separators of thousands", () => {
  const say = (/** @type {number} */ count) => ngettext("{count} pixel", "{count} pixels", count);
  assert.equal(say(1), "1 pixel");
  assert.equal(say(0), "0 pixels");
  assert.equal(say(1234), "1,234 pixels");
});

test("a translation takes the place of its message, and a category that of its forms", () => {
  addTranslations({
    "A test: {digit}": "{digit} !",
    "{count} test": { one: "ein Test", other: "{count} Tests" },
  });
  assert.equal(gettext("A test: {digit}", { digit: 7 }), "7 !");
  assert.equal(ngettext("{count} test", "{count} tests", 1), "ein Test");
  assert.equal(ngettext("{count} test", "{count} tests", 5), "5 Tests");
});
