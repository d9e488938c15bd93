/** The page's one state, and the one way that it goes: pen → strokes → pixels → answer → view. */

import { ProblemError, fetchModels, fetchPrediction, fetchWeights } from "./api.js";
import { readAddress, snap, writeAddress } from "./address.js";
import { listenToPixels } from "./inspect.js";
import { askLatest } from "./latest.js";
import { listenToPen, paintStrokes } from "./pad.js";
import { strokesToPixels } from "./pixels.js";
import { createView, find } from "./view.js";

/** @typedef {import("./pixels.js").Stroke} Stroke */

/**
 * What is asked about a drawing. Answers to the same `drawing` number may be shown while the pen
 * goes on; clearing, undoing and changing the model begin a new number.
 * @typedef {{pixels: Uint8Array, model: string, explained: boolean, drawing: number}} Question
 */

const pad = find("#pad", HTMLCanvasElement);
const showState = createView();

const state = {
  /** @type {Stroke[]} */
  strokes: [],
  /** @type {import("./api.js").ModelSummary[]} */
  models: [],
  model: "",
  drawing: 0,
  /** @type {Uint8Array | null} */
  pixels: null,
  busy: false,
  /** @type {import("./api.js").Prediction | null} */
  prediction: null,
  /** @type {import("./api.js").Weights | null} */
  weights: null,
  /** @type {number | null} */
  pixel: null,
  problem: "",
  notice: "",
};

/** @type {Question | null} */
let lastQuestion = null;
let frame = 0;
let defaultModel = "";
let remembering = 0;

/** How long after a change the address follows, ms: browsers refuse too many changes a second. */
const REMEMBER_MS = 300;

const askPrediction = askLatest(
  (/** @type {Question} */ { pixels, model, explained }) =>
    fetchPrediction(pixels, model, explained),
  (question, prediction) => {
    state.problem = "";
    if (question.drawing === state.drawing) {
      state.prediction = prediction;
      state.busy = question !== lastQuestion || frame !== 0;
    }
    render();
  },
  reportFailure,
);

const askModels = askLatest(
  fetchModels,
  (_question, list) => {
    state.problem = "";
    state.models = list.models;
    defaultModel = list.default ?? "";
    openAddress();
  },
  reportFailure,
);

const askWeights = askLatest(
  fetchWeights,
  (model, weights) => {
    state.problem = "";
    if (model.name === state.model) state.weights = weights;
    render();
  },
  reportFailure,
);

/** The model is another one: what was said with the old weights is no longer true. */
function askWeightsAnew() {
  state.weights = null;
  const model = state.models.find(({ name }) => name === state.model);
  if (model) askWeights(model);
  render();
}

function render() {
  showState(state);
}

function paint() {
  paintStrokes(pad, state.strokes);
}

/** @param {unknown} error */
function reportFailure(error) {
  state.problem =
    error instanceof ProblemError
      ? `The server refused: ${error.message}`
      : "The server cannot be reached. Your drawing is kept; trying again…";
  render();
}

/**
 * Ask about the drawing as it is now.
 * @param {boolean} explained
 */
function ask(explained) {
  cancelAnimationFrame(frame);
  frame = 0;
  const pixels = strokesToPixels(state.strokes);
  state.pixels = pixels;
  state.busy = pixels !== null;
  if (pixels) {
    lastQuestion = { pixels, model: state.model, explained, drawing: state.drawing };
    askPrediction(lastQuestion);
  } else {
    state.prediction = null;
  }
  render();
}

/** Keep the drawing and the model in the address. */
function remember() {
  state.notice = "";
  render();
  clearTimeout(remembering);
  remembering = setTimeout(() => {
    history.replaceState(null, "", writeAddress(state.model, state.strokes));
  }, REMEMBER_MS);
}

/** Show the drawing and the model that the address holds. */
function openAddress() {
  clearTimeout(remembering);
  state.notice = "";
  try {
    const { model, strokes } = readAddress(location.hash);
    const known = state.models.some(({ name }) => name === model);
    if (model && !known) {
      state.notice = `There is no model “${model}” here; this is the default one.`;
    }
    state.model = known && model ? model : defaultModel;
    // What was drawn before the models were here stays.
    if (location.hash) state.strokes = strokes;
  } catch (error) {
    state.notice = /** @type {Error} */ (error).message;
    state.model ||= defaultModel;
  }
  askWeightsAnew();
  askAnew();
}

/** Begin anew: no answer to what was there before may still be shown. */
function askAnew() {
  state.drawing++;
  state.prediction = null;
  paint();
  ask(true);
}

/** The pen has moved: paint and ask once a frame, however many points a frame brings. */
function followPen() {
  if (frame) return;
  frame = requestAnimationFrame(() => {
    paint();
    ask(false);
  });
  state.busy = true;
  render();
}

function undo() {
  state.strokes.pop();
  askAnew();
  remember();
}

function clear() {
  state.strokes = [];
  askAnew();
  remember();
}

/** @type {Stroke} */
let stroke = [];

listenToPen(pad, {
  begin(point) {
    // The address gets whole strokes only.
    clearTimeout(remembering);
    stroke = [snap(point)];
    state.strokes.push(stroke);
    followPen();
  },
  extend(points) {
    stroke.push(...points.map(snap));
    followPen();
  },
  end() {
    paint();
    ask(true);
    remember();
  },
});

find("#undo", HTMLButtonElement).addEventListener("click", undo);
find("#clear", HTMLButtonElement).addEventListener("click", clear);

find("#model", HTMLSelectElement).addEventListener("change", (event) => {
  state.model = /** @type {HTMLSelectElement} */ (event.target).value;
  askWeightsAnew();
  askAnew();
  remember();
});

addEventListener("hashchange", openAddress);

listenToPixels(find("main", HTMLElement), {
  current: () => state.pixel,
  choose(pixel) {
    if (pixel === state.pixel) return;
    state.pixel = pixel;
    render();
  },
});

/** @type {Record<string, () => void>} */
const SHORTCUTS = { z: undo, c: clear, Escape: clear };

addEventListener("keydown", (event) => {
  // In a list of choices, letters choose.
  if (event.target instanceof HTMLSelectElement || event.altKey) return;
  const isUndo = event.key === "z" && (event.ctrlKey || event.metaKey);
  const action = event.ctrlKey || event.metaKey ? isUndo && undo : SHORTCUTS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

// The size changes with the window, the screen's density with zoom or another screen, and the ink's
// colour with the scheme; each needs the strokes painted again.
new ResizeObserver(paint).observe(pad);
addEventListener("resize", paint);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);

askModels(undefined);
render();
