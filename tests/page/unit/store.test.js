/** What follows from a change of the state. */

import assert from "node:assert/strict";
import test from "node:test";

import { memoized, whenChanged } from "../../../static/state/memo.js";
import { createState } from "../../../static/state/state.js";
import { createStore } from "../../../static/state/store.js";

const LINE = [
  { x: 0.2, y: 0.2 },
  { x: 0.8, y: 0.2 },
];

test("another drawing begins another question, and no earlier answer is shown", () => {
  const store = createStore({ ...createState(), prediction: { digit: 7 } });
  const { question } = store.state;
  store.change({ strokes: [LINE] });
  assert.equal(store.state.question, question + 1);
  assert.equal(store.state.prediction, null);
  assert.equal(store.state.isBusy, true);
  store.change({ strokes: [] });
  assert.equal(store.state.isBusy, false);
});

test("edits and added evidence belong to one drawing", () => {
  const store = createStore({
    ...createState(),
    strokes: [LINE],
    edits: [{ pixel: 3, ink: 1 }],
    addedEvidence: [0, 2, 0, 0, 0, 0, 0, 0, 0, 0],
  });
  store.change({ view: "weights" });
  assert.equal(store.state.edits.length, 1);
  store.change({ strokes: [] });
  assert.deepEqual(store.state.edits, []);
  assert.deepEqual(store.state.addedEvidence, Array(10).fill(0));
});

test("a drawing that is replaced can be restored", () => {
  const store = createStore(createState());
  store.change({ strokes: [LINE] });
  store.change({ strokes: [] });
  assert.deepEqual(store.state.past.at(-1)?.strokes, [LINE]);
});

test("a model is not compared with itself", () => {
  const store = createStore({ ...createState(), model: "a", comparedModel: "b" });
  store.change({ model: "b" });
  assert.equal(store.state.comparedModel, "");
});

test("listeners hear of all changes in their order, also of those that they make", () => {
  const store = createStore(createState());
  /** @type {string[]} */
  const heard = [];
  store.subscribe((state) => {
    if (state.view === "pixels") store.change({ view: "softmax" });
  });
  store.subscribe((state, before) => heard.push(`${before.view} → ${state.view}`));
  store.change({ view: "pixels" });
  assert.deepEqual(heard, ["draw → pixels", "pixels → softmax"]);
});

test("an action runs only when an input changes, and a result is computed once", () => {
  let runs = 0;
  const act = whenChanged(() => runs++);
  for (const input of [1, 1, NaN, NaN, 1]) act(input);
  assert.equal(runs, 3);
  const twice = memoized((/** @type {number} */ value) => [2 * value]);
  assert.equal(twice(2), twice(2));
  assert.deepEqual(twice(3), [6]);
});
