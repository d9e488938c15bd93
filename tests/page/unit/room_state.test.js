/** What follows from the room's drawings, and the presenter's key in an address. */

import assert from "node:assert/strict";
import test from "node:test";

import { takeKey } from "../../../static/state/presenter_key.js";
import {
  canGive,
  findUnread,
  fromPairs,
  mergeDrawings,
  toPairs,
} from "../../../static/state/room.js";
import { createState } from "../../../static/state/state.js";

/** @param {number} id @param {string} [model] */
const drawing = (id, model = "old") => ({ id, model });

/** @param {number[]} ids */
const drawings = (...ids) => new Map(ids.map((id) => [id, drawing(id)]));

const NONE = { drawings: [], removed: [], is_complete: false };

test("changes of the drawings keep the oldest first", () => {
  const known = drawings(1, 3, 4);
  const news = { ...NONE, drawings: [drawing(5), drawing(2)], removed: [3, 9] };
  assert.deepEqual([...mergeDrawings(known, news).keys()], [1, 2, 4, 5]);
  assert.deepEqual([...known.keys()], [1, 3, 4]);
  assert.equal(mergeDrawings(known, NONE), known);
});

test("a complete list replaces all drawings", () => {
  const news = { ...NONE, drawings: [drawing(7)], is_complete: true };
  assert.deepEqual([...mergeDrawings(drawings(1, 2), news).keys()], [7]);
});

test("the chosen model has to read what another one has answered", () => {
  const state = {
    ...createState(),
    model: "a",
    models: [{ name: "a", digest: "new" }],
    roomDrawings: new Map([1, 2, 3, 4].map((id) => [id, drawing(id, id === 1 ? "new" : "old")])),
  };
  const readings = new Map([[2, { digit: 2, isSure: true }]]);
  const never = () => false;
  assert.equal(findUnread(state, never), 2);
  assert.equal(findUnread({ ...state, roomReadings: { model: "old", byId: readings } }, never), 2);
  const read = { ...state, roomReadings: { model: "new", byId: readings } };
  assert.equal(findUnread(read, never), 3);
  assert.equal(
    findUnread(read, (id) => id === 3),
    4,
  );
  assert.equal(
    findUnread(read, () => true),
    undefined,
  );
});

test("strokes are sent with 8 decimals", () => {
  const stroke = [
    { x: 1 / 3, y: -0.5 },
    { x: 2 ** -17, y: 1 },
  ];
  assert.deepEqual(toPairs([stroke]), [
    [
      [0.33333333, -0.5],
      [0.00000763, 1],
    ],
  ]);
  assert.deepEqual(fromPairs([[[0.25, 1]]]), [[{ x: 0.25, y: 1 }]]);
});

test("only a labelled drawing with strokes and an answer can be given, and to an open room", () => {
  const prediction = { digit: 7 };
  const strokes = [[{ x: 0, y: 0 }]];
  const ready = {
    ...createState(),
    room: { open: true },
    strokes,
    label: 7,
    prediction,
    explanation: prediction,
  };
  assert.equal(canGive(ready), true);
  for (const changes of [
    { room: null },
    { room: { open: false } },
    { label: null },
    { strokes: [] },
    { isBusy: true },
    { contributions: [{ strokes, status: "given" }] },
    { roomDrawings: new Map([[1, { id: 1, strokes: [[{ x: 1e-6, y: 0 }]] }]]) },
  ]) {
    assert.equal(canGive({ ...ready, ...changes }), false);
  }
  assert.equal(canGive({ ...ready, contributions: [{ strokes, status: "failed" }] }), true);
  for (const others of [[], [[]], [[{ x: 0.1, y: 0 }]], [...strokes, ...strokes]]) {
    assert.equal(canGive({ ...ready, roomDrawings: new Map([[1, { strokes: others }]]) }), true);
  }
});

test("an address without a key stays as it is", () => {
  for (const address of ["", "#", "#view=room", "#view=draw&model=key", "#monkey=1"]) {
    assert.equal(takeKey(address), null);
  }
});

test("the key leaves the address, which then opens the room", () => {
  for (const [address, key, rest] of [
    ["#key=a_B-9", "a_B-9", "#view=room"],
    ["#key=abc&model=tutorial", "abc", "#view=room&model=tutorial"],
    ["#view=draw&key=abc&drawing=gAAgAA", "abc", "#view=room&drawing=gAAgAA"],
    ["#model=a&amp;key=abc", "abc", "#view=room&model=a"],
    ["#key=abc.", "abc", "#view=room"],
    ["#key=abc&key=def", "abc", "#view=room"],
    ["#key=", "", "#view=room"],
  ]) {
    assert.deepEqual(takeKey(address), { key, address: rest });
  }
});

const KEY = "3D_aB-9cdefghijklmnopqrstuvwxyz0";

/** @type {[string, string][]} what has changed the address, and the address */
const DAMAGED_KEYS = [
  ["nothing", `#key=${KEY}`],
  ["a missing name", `#${KEY}`],
  ["percent encoding of the sign", `#key%3D${KEY}`],
  ["percent encoding of a letter", `#%6Bey=${KEY}`],
  ["quoted-printable", `#key=3D${KEY}`],
  ["quoted-printable, all of it", `#view=3Droom=26key=3D${KEY}`],
  ["HTML", `#view=room&amp;key=${KEY}`],
  ["HTML, by number", `#view=room&#38;key=${KEY}`],
  ["HTML, the sign", `#view=room&amp;key&#x3D;${KEY}`],
  ["percent-encoded ampersand", `#view=room%26key=${KEY}`],
  ["percent-encoded HTML", `#view=room%26amp%3Bkey=${KEY}`],
  ["JSON", `#view=room\\u0026key\\u003d${KEY}`],
  ["capitals", `#KEY=${KEY}`],
  ["parentheses", `#(key=${KEY})`],
  ["quotation marks", `#"key=${KEY}".`],
  ["angle brackets", `#<key=${KEY}>`],
  ["a colon", `#key:${KEY}`],
  ["a space", `#key=${KEY.slice(0, 9)}%20${KEY.slice(9)}`],
  ["a line", `#key=${KEY.slice(0, 9)}%0A${KEY.slice(9)}`],
  ["a line of quoted-printable", `#key=${KEY.slice(0, 9)}=%0A${KEY.slice(9)}`],
  ["a quoted line", `#key=${KEY.slice(0, 9)}%0A%3E%20${KEY.slice(9)}`],
  ["a zero-width space", `#key=${KEY.slice(0, 9)}%E2%80%8B${KEY.slice(9)}`],
  ["a soft hyphen", `#key=${KEY.slice(0, 9)}\u00ad${KEY.slice(9)}`],
  ["a space in the name", `#k%20ey=${KEY}`],
  ["emphasis at the end", `#key=${KEY}_`],
  ["a second number sign", `##key=${KEY}).`],
  ["words after it", `#key=${KEY}%20for you`],
  ["a query after it", `#key=${KEY}?source=chat`],
];

for (const [damage, address] of DAMAGED_KEYS) {
  test(`the key is found despite ${damage}`, () => {
    assert.deepEqual(takeKey(address), { key: KEY, address: "#view=room" });
  });
}
