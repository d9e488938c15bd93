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

test("a listener that fails is reported, and does not keep others from a change", () => {
  /** @type {string[]} */
  const heard = [];
  const report = globalThis.reportError;
  globalThis.reportError = (error) => heard.push(String(error));
  try {
    const store = createStore(createState());
    for (const listen of [store.subscribe, store.afterChanges]) {
      listen(() => {
        throw new Error("refused");
      });
      listen(() => heard.push("told"));
    }
    store.change({ view: "pixels" });
  } finally {
    globalThis.reportError = report;
  }
  assert.deepEqual(heard, ["Error: refused", "told", "Error: refused", "told"]);
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

test("the pen continues a drawing: its answer stays, and one undo restores what was before", () => {
  const prediction = { digit: 7 };
  const store = createStore({ ...createState(), strokes: [LINE], label: 7, prediction });
  const { question } = store.state;
  const stroke = [LINE[0]];
  store.change({ strokes: [LINE, stroke], isDrawing: true });
  stroke.push(LINE[1]);
  store.change({ strokes: [LINE, stroke], isDrawing: true });
  store.change({ isDrawing: false });
  assert.equal(store.state.question, question);
  assert.equal(store.state.prediction, prediction);
  assert.equal(store.state.isBusy, true);
  assert.equal(store.state.label, null);
  assert.deepEqual(store.state.past, [{ strokes: [LINE], image: null, label: 7 }]);
});

test("a drawing that is cleared under the pen is another one, which the pen does not continue", () => {
  const store = createStore(createState());
  store.change({ strokes: [LINE], isDrawing: true });
  const { question } = store.state;
  store.change({ strokes: [] });
  assert.equal(store.state.isDrawing, false);
  assert.equal(store.state.question, question + 1);
});

test("a model that was replaced under its name begins another question", () => {
  const model = { name: "a", digest: "1" };
  const store = createStore({ ...createState(), models: [model], model: "a", strokes: [LINE] });
  const { question } = store.state;
  store.change({ models: [{ ...model }] });
  assert.equal(store.state.question, question);
  store.change({ models: [{ ...model, digest: "2" }] });
  assert.equal(store.state.question, question + 1);
  assert.equal(store.state.isBusy, true);
});

test("pixels under other normalizations belong to one picture", () => {
  const store = createStore({ ...createState(), normalizedInk: new Map([["moments", [1]]]) });
  store.change({ view: "weights" });
  assert.equal(store.state.normalizedInk.size, 1);
  store.change({ picture: { pixels: new Uint8Array(784), crop: { left: 0, top: 0, side: 1 } } });
  assert.equal(store.state.normalizedInk.size, 0);
});

test("the message about an address stays until something that it holds changes", () => {
  const store = createStore({ ...createState(), notice: "The drawing is cut off." });
  store.change({ pixel: 3 });
  assert.notEqual(store.state.notice, "");
  store.change({ temperature: 2 });
  assert.equal(store.state.notice, "");
});

test("the training that ended last is news until the training view is opened", () => {
  const store = createStore({ ...createState(), endedTraining: { run: "r" } });
  store.change({ view: "weights" });
  assert.deepEqual(store.state.endedTraining, { run: "r" });
  store.change({ view: "training" });
  assert.equal(store.state.endedTraining, null);
});

test("at most a hundred drawings can be restored, and an empty first one is not among them", () => {
  const store = createStore(createState());
  for (let count = 0; count < 120; count++) store.change({ strokes: [LINE] });
  assert.equal(store.state.past.length, 100);
  const first = createStore(createState());
  first.change({ strokes: [LINE] });
  assert.deepEqual(first.state.past, []);
});

test("clearing under the pen can be undone", () => {
  const store = createStore(createState());
  store.change({ strokes: [LINE], isDrawing: true });
  store.change({ strokes: [] });
  assert.deepEqual(store.state.past.at(-1)?.strokes, [LINE]);
});

test("a stroke over an image is another drawing", () => {
  const image = new Uint8Array(784).fill(9);
  const store = createStore({ ...createState(), image, prediction: { digit: 7 } });
  store.change({ strokes: [LINE], image: null, isDrawing: true });
  assert.equal(store.state.prediction, null);
});

test("models that are no longer listed are deselected", () => {
  const models = ["a", "b", "c"].map((name) => ({ name, digest: name }));
  const names = { model: "a", comparedModel: "b", defaultModel: "c" };
  const store = createStore({ ...createState(), models, ...names });
  store.change({ models: models.slice(2) });
  assert.equal(store.state.model, "c");
  assert.equal(store.state.comparedModel, "");
});

test("the replay stops when another view is opened", () => {
  const store = createStore({ ...createState(), view: "training", isPlaying: true });
  store.change({ replayStep: 3 });
  assert.equal(store.state.isPlaying, true);
  store.change({ view: "weights" });
  assert.equal(store.state.isPlaying, false);
});

test("a change and those that follow from it are shown once, before it returns", () => {
  const store = createStore(createState());
  /** @type {string[]} */
  const shown = [];
  store.subscribe((state) => {
    if (state.view === "pixels") store.change({ view: "softmax" });
  });
  store.afterChanges(() => shown.push(store.state.view));
  store.change({ view: "pixels" });
  assert.deepEqual(shown, ["softmax"]);
  store.change({ view: "guide" });
  assert.deepEqual(shown, ["softmax", "guide"]);
});
