/** What an address holds is read as it was written, and damage is reported. */

import assert from "node:assert/strict";
import test from "node:test";

import {
  SHAREABLE,
  emptyAddress,
  readAddress,
  writeAddress,
} from "../../../static/state/address.js";
import { MAX_POINTS, snap } from "../../../static/state/address_parts.js";

const STROKES = [
  [snap({ x: 0.25, y: 0.2 }), snap({ x: 0.75, y: 0.2 })],
  [snap({ x: -0.5, y: 1.4999 })],
];

/** Every part differs from its default. */
const FULL = {
  ...emptyAddress(),
  view: "weights",
  model: "mine & yours",
  strokes: STROKES,
  isProjector: true,
  comparedModel: "normalized",
  isInkOverlaid: false,
  pair: [7, 1],
  temperature: 2.5,
  addedEvidence: [0, 1, 0, -20, 0, 0, 0, 0, 0, 20],
  followedDigit: 4,
  summedPixels: 100,
  edits: [
    { pixel: 783, ink: 1 },
    { pixel: 0, ink: 0 },
  ],
  meanDigit: 0,
  guideStep: 6,
  label: 0,
  run: "my-own.model_2",
  replayStep: 0,
  hasOneScale: true,
  comparedRuns: ["one", "two"],
  confusionCell: [4, 9],
  isInRates: true,
};

test("defaults are left out", () => {
  assert.equal(writeAddress({ ...emptyAddress(), picture: null }), "#");
  assert.deepEqual(readAddress(""), { ...emptyAddress(), problems: [] });
});

test("every part is read as it was written", () => {
  const empty = emptyAddress();
  for (const part of SHAREABLE) {
    if (part !== "image") assert.notDeepEqual(FULL[part], empty[part], part);
  }
  assert.deepEqual(readAddress(writeAddress({ ...FULL, picture: null })), {
    ...FULL,
    problems: [],
  });
});

test("an image takes the place of strokes", () => {
  const image = Uint8Array.from({ length: 784 }, (_, index) => index % 256);
  const found = readAddress(writeAddress({ ...FULL, image, picture: null }));
  assert.deepEqual(found.image, image);
  assert.deepEqual(found.strokes, []);
});

test("a drawing with too many points becomes the image that the model gets", () => {
  const stroke = Array.from({ length: MAX_POINTS + 1 }, () => ({ x: 0.5, y: 0.5 }));
  const picture = { pixels: new Uint8Array(784).fill(9), crop: { left: 0, top: 0, side: 1 } };
  const found = readAddress(writeAddress({ ...emptyAddress(), strokes: [stroke], picture }));
  assert.deepEqual(found.image, picture.pixels);
});

test("points are snapped by less than one can see, and stay within the address's range", () => {
  const { x, y } = snap({ x: 1 / 3, y: 7 });
  assert.ok(Math.abs(x - 1 / 3) < 1e-5);
  assert.ok(y <= 1.5 && y > 1.4999);
  assert.deepEqual(snap({ x, y }), { x, y });
});

test("a drawing that is cut off keeps what can be read, and says so", () => {
  const address = writeAddress({ ...emptyAddress(), strokes: STROKES, picture: null });
  // In the middle of a coordinate, after the first of two, and in the first stroke.
  for (const [end, readable] of [
    [-1, [STROKES[0]]],
    [-3, [STROKES[0]]],
    [-8, [STROKES[0].slice(0, 1)]],
  ]) {
    const { strokes, problems } = readAddress(address.slice(0, end));
    assert.deepEqual(strokes, readable);
    assert.deepEqual(problems, ["The drawing in the address is cut off."]);
  }
});

test("the names of trainings lose the punctuation after an address, and it is reported", () => {
  for (const [rest, names] of [
    ["run=tutorial).", { run: "tutorial" }],
    ["run=(0a1b2c", { run: "0a1b2c" }],
    ["compared=normalized,wide-2),", { comparedRuns: ["normalized", "wide-2"] }],
  ]) {
    const { problems, ...state } = readAddress(`#${rest}`);
    assert.deepEqual(state, { ...emptyAddress(), ...names });
    const end = /[),.]+$/.exec(rest)?.[0];
    const problem = `The address ends in “${end}”, which does not belong to it.`;
    assert.deepEqual(problems, end ? [problem] : []);
  }
});

/** The address of a drawing with edits, and what it holds. */
const SHARED = {
  ...emptyAddress(),
  strokes: STROKES,
  edits: /** @type {const} */ ([
    { pixel: 783, ink: 1 },
    { pixel: 0, ink: 0 },
  ]),
};
const LINK = writeAddress({ ...SHARED, picture: null });

test("an address that is cut anywhere says so", () => {
  const start = LINK.indexOf("check=") + "check=".length + 2;
  assert.equal(readAddress(LINK).problems.length, 0);
  for (let length = start; length < LINK.length; length++) {
    assert.ok(readAddress(LINK.slice(0, length)).problems.length, LINK.slice(0, length));
  }
});

/** @type {[string, (link: string) => string][]} */
const CHANGES = [
  [
    "its letters are in lower case",
    (link) => link.replace(/drawing=[^&]*/, (part) => part.toLowerCase()),
  ],
  ["two coordinates are exchanged", (link) => link.replace(/drawing=(...)(...)/, "drawing=$2$1")],
  ["a stroke is missing", (link) => link.replace(/(drawing=[^.]*)[^&]*/, "$1")],
  ["the drawing is missing", (link) => link.replace(/&drawing=[^&]*/, "")],
  ["two edits are exchanged", (link) => link.replace(/edits=(..)(..)/, "edits=$2$1")],
  ["the edits are missing", (link) => link.replace(/&edits=.*/, "")],
  ["the check is another one", (link) => link.replace(/check=../, "check=AA")],
];

for (const [change, apply] of CHANGES) {
  test(`an address is reported as changed if ${change}`, () => {
    assert.notEqual(apply(LINK), LINK);
    assert.deepEqual(readAddress(apply(LINK)).problems, [
      "The drawing is not the one that was shared: part of the address is missing or was changed.",
    ]);
  });
}

/** The addresses of a drawing, and of a drawing with edits. */
const LINKS = [writeAddress({ ...SHARED, edits: [], picture: null }), LINK];

/** @type {[string, string][]} what follows an address, and what the page says of it */
const WORDS = [
  ["%20sevens", "sevens"],
  ["+sevens", "+sevens"],
  [".Sevens", ".Sevens"],
  [".%20Look%20at%20this", ". Look at this"],
  ["%0D%0A%0D%0ASent%20from%20my%20phone", "Sent from my phone"],
  ["%20Best%20regards,%20Anna", "Best regards, Anna"],
];

for (const [words, shown] of WORDS) {
  test(`words after an address are no ink: ${words}`, () => {
    for (const link of LINKS) {
      const { strokes, edits, problems } = readAddress(link + words);
      assert.deepEqual([strokes, edits], [STROKES, readAddress(link).edits]);
      assert.equal(problems.length, 1);
    }
    const { problems } = readAddress(LINKS[0] + words);
    assert.deepEqual(problems, [`The address ends in “${shown}”, which does not belong to it.`]);
  });
}

test("words after an address that was wrapped are no ink", () => {
  const { problems, strokes } = readAddress(
    `${LINKS[0].replace(/drawing=.{9}/, "$&%0D%0A")}%20sevens`,
  );
  assert.deepEqual(strokes, STROKES);
  assert.deepEqual(problems, ["The address ends in “sevens”, which does not belong to it."]);
});

test("a character of emphasis after a drawing takes nothing from it", () => {
  // The drawing ends in such a character itself.
  const { problems, strokes } = readAddress("#drawing=gAAgAAgAAgA__");
  assert.deepEqual(strokes, readAddress("#drawing=gAAgAAgAAgA_").strokes);
  assert.deepEqual(problems, ["The address ends in “_”, which does not belong to it."]);
});

test("of a drawing that is not read to its end, most points are kept", () => {
  const { problems, strokes } = readAddress("#drawing=gAAgAAgAAgA____");
  assert.deepEqual(strokes, readAddress("#drawing=gAAgAAgAAgA_").strokes);
  assert.deepEqual(problems, ["The drawing in the address is cut off."]);
});

test("an address without a check is read as well", () => {
  const { problems, ...state } = readAddress(LINK.replace(/check=..&/, ""));
  assert.deepEqual([state, problems], [SHARED, []]);
});

test("no message repeats what may be the presenter's key", () => {
  const key = "aB-9cdefghijklmnopqrstuvwxyz0123";
  for (const fragment of [key, `presenter=${key}`, `ink=${key}`, `key is ${key}`]) {
    const { problems } = readAddress(`#${fragment}`);
    assert.equal(problems.length, 1);
    assert.ok(!problems[0].includes(key), problems[0]);
  }
});

/** @type {[string, string][]} */
const PROBLEMS = [
  ["temperature=hot", "The address has “hot” instead of a number from 0.1 to 10."],
  ["step=1.5", "The address has “1.5” instead of a whole number."],
  ["mean=12", "The address has “12” instead of a digit."],
  ["edits=__", "The address edits a pixel outside the image."],
  ["step=0", "The address has “0” instead of a number of at least 1."],
  ["ink=2", "The address has “2” where it needs 0 or 1."],
  ["pair=123", "“123” is not a pair of digits."],
  ["drawing=A*A", "The drawing in the address has a “*”."],
  ["image=AAA", "The image in the address is cut off."],
  ["image=A*A", "The image in the address has a “*”."],
  ["image=AAAA", "The image in the address does not have 28 × 28 pixels."],
  ["edits=A", "The edits in the address are cut off."],
  ["edits=A*A", "The address has a “*”."],
  ["run=*", "The address has a “*”."],
  ["added=1,2", "The added evidence must be ten numbers."],
  ["colour=red", "The address has an unknown part “colour”."],
  [`mean=${"1,".repeat(31)}`, `The address has “${"1,".repeat(30)}…” instead of a digit.`],
  [`mean=${"1".repeat(32)}`, "The address has “…” instead of a digit."],
];

for (const [part, problem] of PROBLEMS) {
  test(`${part} is reported, and the default stays`, () => {
    const { problems, ...state } = readAddress(`#${part}`);
    assert.deepEqual(problems, [problem]);
    assert.deepEqual(state, emptyAddress());
  });
}

test("names are repaired only to ones that exist", () => {
  const exists = (/** @type {string} */ _kind, /** @type {string} */ name) => name === "tutorial";
  assert.equal(readAddress("#model=tutorial)", exists).model, "tutorial");
  assert.equal(readAddress("#model=other)", exists).model, "other)");
});
