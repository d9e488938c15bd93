/** The page's one state, and the one way that it goes: pen → strokes → pixels → answer → views. */

import { readAddress, snap, writeAddress } from "./address.js";
import {
  ProblemError,
  fetchDigits,
  fetchEvaluation,
  fetchFrames,
  fetchHistories,
  fetchLiveWeights,
  fetchModels,
  fetchPrediction,
  fetchSeen,
  fetchTrainings,
  fetchWeights,
} from "./api.js";
import { createDialogs } from "./dialogs.js";
import { find, findAll, setText } from "./dom.js";
import { createFlight } from "./flight.js";
import { listenToPixels } from "./inspect.js";
import { askLatest } from "./latest.js";
import { listenToKeys, listenToPen, paintDrawing } from "./pad.js";
import { strokesToPicture } from "./pixels.js";
import { createState, derive, findModel, findRun } from "./state.js";
import { createAccuracyView } from "./views/accuracy.js";
import { createAnswer } from "./views/answer.js";
import { createChangeView } from "./views/change.js";
import { createDrawView } from "./views/draw.js";
import { createGuideView } from "./views/guide.js";
import { createPixelsView } from "./views/pixels.js";
import { createSoftmaxView } from "./views/softmax.js";
import { createTrainingView } from "./views/training.js";
import { createWeightsView } from "./views/weights.js";

/** @typedef {import("./api.js").ModelSummary} ModelSummary */
/** @typedef {import("./state.js").Explanation} Explanation */
/** @typedef {import("./state.js").Shareable} Shareable */
/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Training} Training */

/**
 * What is asked about a drawing. Answers to the same `drawing` number may be shown while the pen
 * goes on; clearing, undoing and changing the model begin a new number.
 * @typedef {{pixels: Uint8Array, model: string, explained: boolean, drawing: number}} Question
 */

/** How long after a change the address follows, ms: browsers refuse too many changes a second. */
const REMEMBER_MS = 300;

/** How often the page looks whether something is being trained, ms. */
const WATCH_MS = 500;

/** How long a pen rests before the drawing flies into its place, ms: it may go on with a stroke. */
const REST_MS = 400;

const state = createState();
/** @type {Question | null} */
let lastQuestion = null;
let drawing = 0;
let frame = 0;
let remembering = 0;
let resting = 0;
/** Whether the last look found no server. */
let isAway = false;

const pad = find("#pad", HTMLCanvasElement);
const main = find("main", HTMLElement);
const links = findAll("nav a", HTMLAnchorElement);
const live = find("#live", HTMLElement);
const darkScheme = matchMedia("(prefers-color-scheme: dark)");
const flight = createFlight(
  main,
  pad,
  find("#sent", HTMLCanvasElement),
  find("#seen", HTMLCanvasElement),
);
const showAnswer = createAnswer();
const dialogs = createDialogs(update, { address: () => writeAddress(state), needDigits });

/** @type {Record<string, (shown: import("./state.js").Shown) => void>} */
const views = {
  draw: createDrawView(),
  pixels: createPixelsView(),
  softmax: createSoftmaxView(update),
  weights: createWeightsView(update),
  change: createChangeView(update),
  training: createTrainingView(update),
  accuracy: createAccuracyView(update),
  guide: createGuideView(update),
};

const askPrediction = askLatest(
  (/** @type {Question} */ { pixels, model, explained }) =>
    fetchPrediction(pixels, model, explained),
  (question, prediction) => {
    state.problem = "";
    if (question.drawing === drawing) {
      state.prediction = prediction;
      if (question.explained) {
        state.explanation = /** @type {Explanation} */ (prediction);
        needAll();
      }
      state.busy = question !== lastQuestion || frame !== 0;
      if (!state.busy) flyAfterRest();
    }
    render();
  },
  reportFailure,
);

const askModels = askLatest(
  fetchModels,
  (_question, list) => {
    const isFirst = state.models.length === 0;
    const before = findModel(state, state.model);
    state.problem = "";
    state.models = list.models;
    state.defaultModel = list.default ?? "";
    if (isFirst) openAddress();
    else if (findModel(state, state.model)?.digest !== before?.digest)
      update({ model: state.model });
    else update({});
  },
  reportFailure,
);

const askWeights = askLatest(
  (/** @type {ModelSummary[]} */ models) => Promise.all(models.map(fetchWeights)),
  (models, found) => {
    state.problem = "";
    const entries = models.map(
      ({ digest }, index) => /** @type {const} */ ([digest, found[index]]),
    );
    state.weights = new Map([...state.weights, ...entries]);
    render();
  },
  reportFailure,
);

const askDigits = askLatest(
  fetchDigits,
  (_question, samples) => {
    state.problem = "";
    state.samples = samples;
    render();
  },
  reportFailure,
);

const askHistories = askLatest(
  fetchHistories,
  (_question, histories) => {
    state.problem = "";
    state.histories = histories;
    needAll();
    render();
  },
  reportFailure,
);

const askFrames = askLatest(
  fetchFrames,
  (/** @type {Training} */ { digest }, frames) => {
    state.problem = "";
    // Half a megabyte each: only the one that is looked at is kept.
    state.frames = new Map([[digest, frames]]);
    render();
  },
  reportFailure,
);

const askLiveWeights = askLatest(
  fetchLiveWeights,
  (/** @type {Training} */ { run }, weights) => {
    state.live = { run, weights };
    render();
  },
  // It may have ended in between; whether the server is there, the next look tells.
  () => {},
);

const askSeen = askLatest(
  (/** @type {{pixels: Uint8Array, model: ModelSummary}} */ { pixels, model }) =>
    fetchSeen(pixels, model.name),
  ({ pixels, model }, seen) => {
    if (state.picture?.pixels !== pixels) return;
    state.seen = new Map([...state.seen, [model.normalization, seen]]);
    render();
  },
  reportFailure,
);

const askEvaluation = askLatest(
  fetchEvaluation,
  (model, evaluation) => {
    state.problem = "";
    state.evaluations = new Map([[model.digest, evaluation]]);
    render();
  },
  reportFailure,
);

/** Fetch what the view shows and is not here yet. */
function needAll() {
  needWeights();
  if (state.view === "guide" || state.mean !== null) needDigits();
  const model = findModel(state, state.model);
  if (state.view === "accuracy" && model?.evaluation && !state.evaluations.has(model.digest)) {
    askEvaluation(model);
  }
  const training = state.view === "training" ? findRun(state) : undefined;
  if (training?.state === "running") {
    askLiveWeights(training);
  } else if (training && training.curves.steps.length && !state.frames.has(training.digest)) {
    askFrames(training);
  }
  needSeen(training?.normalization);
  if (state.view === "weights") needSeen(findModel(state, state.beside)?.normalization);
}

/**
 * Fetch the drawing as another normalisation than the chosen model's leaves it.
 * @param {string | undefined} normalization
 */
function needSeen(normalization) {
  const isOther = normalization !== findModel(state, state.model)?.normalization;
  if (!isOther || !normalization || !state.picture || state.seen.has(normalization)) return;
  const model = state.models.find((one) => one.normalization === normalization);
  if (model) askSeen({ pixels: state.picture.pixels, model });
}

/** Fetch W and b of the models that are shown, if they are not here yet. */
function needWeights() {
  const shown = [state.model, state.beside].map((name) => findModel(state, name));
  const missing = shown.filter((model) => model && !state.weights.has(model.digest));
  if (missing.length) askWeights(/** @type {ModelSummary[]} */ (missing));
}

/** Fetch the real digits, if they are not here yet. */
function needDigits() {
  if (!state.samples) askDigits(undefined);
}

function render() {
  const shown = derive(state);
  document.documentElement.classList.toggle("projector", shown.projector);
  main.dataset.view = shown.view;
  for (const link of links) {
    if (link.dataset.view === shown.view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const running = shown.trainings.find((training) => training.state === "running");
  setText(live, running ? `${Math.round((100 * running.step) / running.steps)} %` : "");
  for (const name of Object.keys(views)) {
    find(`#view-${name}`, HTMLElement).hidden = name !== shown.view;
  }
  showAnswer(shown);
  views[shown.view](shown);
  dialogs.show(shown);
}

function paint() {
  paintDrawing(pad, state.strokes, state.image);
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
 * Change the state, do what follows from it, and keep it in the address.
 * @param {Partial<State>} changes
 */
function update(changes) {
  const { view } = state;
  Object.assign(state, changes);
  const isOtherDrawing = "strokes" in changes || "image" in changes;
  if (isOtherDrawing || "model" in changes) forgetEdits();
  if (isOtherDrawing && !("label" in changes)) state.label = null;
  if (isOtherDrawing || "model" in changes) askAnew();
  if (state.view === "training" && view !== "training") askHistories(undefined);
  needAll();
  if (state.view !== view) {
    history.pushState(null, "", writeAddress(state));
    // Each view has its own height: what was far down in one is nowhere in another.
    scrollTo(0, 0);
    const link = links.find(({ dataset }) => dataset.view === state.view);
    link?.scrollIntoView({ block: "nearest", inline: "center" });
  }
  render();
  remember();
}

/** What was tried on one drawing's numbers means nothing to another's. */
function forgetEdits() {
  state.edits = [];
  state.added = state.added.map(() => 0);
}

/**
 * Ask about the drawing as it is now.
 * @param {boolean} explained
 */
function ask(explained) {
  cancelAnimationFrame(frame);
  frame = 0;
  // An image is a picture already, and the pad shows the whole of it.
  state.picture = state.image
    ? { pixels: state.image, crop: { left: 0, top: 0, side: 1 } }
    : strokesToPicture(state.strokes);
  state.seen = new Map();
  state.busy = state.picture !== null;
  if (state.picture) {
    lastQuestion = { pixels: state.picture.pixels, model: state.model, explained, drawing };
    askPrediction(lastQuestion);
  } else {
    state.prediction = null;
  }
  if (!state.prediction) state.explanation = null;
}

/** Begin anew: no answer to what was there before may still be shown. */
function askAnew() {
  flight.stop();
  drawing++;
  state.prediction = null;
  state.explanation = null;
  paint();
  ask(true);
}

/** The pen has moved: paint and ask once a frame, however many points a frame brings. */
function followPen() {
  if (frame) return;
  frame = requestAnimationFrame(() => {
    paint();
    ask(false);
    render();
  });
  state.busy = true;
  render();
}

/** Show how the drawing got into its place, once the pen has rested. */
function flyAfterRest() {
  clearTimeout(resting);
  resting = setTimeout(fly, REST_MS);
}

function fly() {
  const { picture, explanation } = state;
  if (explanation?.placement && picture && state.prediction === explanation) {
    flight.start(picture, explanation.placement);
  }
}

/** Keep the state in the address. */
function remember() {
  if (state.notice) {
    state.notice = "";
    render();
  }
  clearTimeout(remembering);
  remembering = setTimeout(() => {
    const address = writeAddress(state);
    history.replaceState(null, "", address);
    for (const link of links) {
      link.href = writeAddress({ ...state, view: link.dataset.view ?? "" });
    }
  }, REMEMBER_MS);
}

/** Show what the address holds. */
function openAddress() {
  clearTimeout(remembering);
  state.notice = "";
  try {
    const shared = readAddress(location.hash);
    const known = state.models.some(({ name }) => name === shared.model);
    if (shared.model && !known) {
      state.notice = `There is no model “${shared.model}” here; this is the default one.`;
    }
    if (!(shared.view in views)) {
      state.notice = `There is no view “${shared.view}”; this is the first one.`;
      shared.view = "draw";
    }
    if (shared.beside && !findModel(state, shared.beside)) shared.beside = "";
    shared.model = known ? shared.model : state.defaultModel;
    // What was drawn before the models were here stays.
    if (!location.hash) Object.assign(shared, { strokes: state.strokes, image: state.image });
    Object.assign(state, shared);
  } catch (error) {
    state.notice = /** @type {Error} */ (error).message;
    state.model ||= state.defaultModel;
  }
  askAnew();
  if (state.view === "training") askHistories(undefined);
  needAll();
  render();
}

function undo() {
  update({ strokes: state.strokes.slice(0, -1), image: null });
}

function clear() {
  update({ strokes: [], image: null });
}

/** @type {import("./pixels.js").Stroke} */
let stroke = [];

const pen = {
  /** @param {import("./pixels.js").Point} point */
  begin(point) {
    flight.stop();
    clearTimeout(resting);
    // The address gets whole strokes only.
    clearTimeout(remembering);
    forgetEdits();
    state.label = null;
    state.image = null;
    stroke = [snap(point)];
    state.strokes = [...state.strokes, stroke];
    followPen();
  },

  /** @param {import("./pixels.js").Point[]} points */
  extend(points) {
    // The pad was cleared under the pen: what it goes on drawing is a stroke of its own.
    if (!state.strokes.includes(stroke)) return pen.begin(points[0]);
    stroke.push(...points.map(snap));
    followPen();
  },

  end() {
    paint();
    ask(true);
    render();
    remember();
  },
};

listenToPen(pad, pen);
listenToKeys(pad, find("#pen", HTMLElement), pen);

find("#undo", HTMLButtonElement).addEventListener("click", undo);
find("#clear", HTMLButtonElement).addEventListener("click", clear);
find("#replay", HTMLButtonElement).addEventListener("click", fly);
find("#projector", HTMLButtonElement).addEventListener("click", toggleProjector);
find("#model", HTMLSelectElement).addEventListener("change", (event) => {
  update({ model: /** @type {HTMLSelectElement} */ (event.target).value });
});

function toggleProjector() {
  update({ projector: !state.projector });
}

for (const link of links) {
  link.addEventListener("click", (event) => {
    // With a key held down, the link opens elsewhere.
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    update({ view: link.dataset.view });
  });
}

for (const term of findAll("#equation [data-term]", HTMLElement)) {
  for (const type of ["pointerenter", "focus"]) {
    term.addEventListener(type, () => (document.body.dataset.term = term.dataset.term));
  }
  for (const type of ["pointerleave", "blur"]) {
    term.addEventListener(type, () => delete document.body.dataset.term);
  }
}

addEventListener("hashchange", openAddress);

listenToPixels(main, {
  current: () => state.pixel,
  choose(pixel) {
    if (pixel === state.pixel) return;
    state.pixel = pixel;
    render();
  },
});

/** @type {Record<string, () => void>} */
const SHORTCUTS = {
  z: undo,
  c: clear,
  g: dialogs.open.gallery,
  s: dialogs.open.share,
  r: fly,
  p: toggleProjector,
  "?": dialogs.open.keys,
  Escape: () => (state.projector ? toggleProjector() : clear()),
};
links.forEach((link, index) => {
  SHORTCUTS[index + 1] = () => update({ view: link.dataset.view });
});

addEventListener("keydown", (event) => {
  // In a list of choices, letters choose; and what is open over the page has keys of its own.
  if (event.target instanceof HTMLSelectElement || event.altKey) return;
  if (document.querySelector("dialog[open]")) return;
  const isUndo = event.key === "z" && (event.ctrlKey || event.metaKey);
  const action = event.ctrlKey || event.metaKey ? isUndo && undo : SHORTCUTS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

// The size changes with the window, the screen's density with zoom or another screen, and the ink's
// colour with the scheme; each needs the drawing painted again.
new ResizeObserver(paint).observe(pad);
addEventListener("resize", paint);
darkScheme.addEventListener("change", () => {
  state.dark = darkScheme.matches;
  paint();
  render();
});
state.dark = darkScheme.matches;

/** Look what is being trained, again and again, so that all that is learned shows within a second. */
async function watch() {
  try {
    // In a tab that nobody looks at, nothing needs to be new.
    if (!document.hidden) seeTrainings(await fetchTrainings());
    if (isAway) state.problem = "";
    if (isAway) render();
    isAway = false;
  } catch (error) {
    isAway = true;
    reportFailure(error);
  }
  setTimeout(watch, WATCH_MS);
}

/** @param {Training[]} trainings */
function seeTrainings(trainings) {
  const before = new Map(state.trainings.map((training) => [training.name, training]));
  /** @param {Training} training */
  const isOther = ({ name, digest, state }) => {
    const known = before.get(name);
    return known?.digest !== digest || known.state !== state;
  };
  const changed = trainings.filter(isOther);
  if (changed.length === 0 && trainings.length === state.trainings.length) return;
  state.trainings = trainings;
  if (changed.some((training) => training.state !== "running")) {
    askModels(undefined);
    if (state.view === "training") askHistories(undefined);
  }
  needAll();
  render();
}

askModels(undefined);
watch();
render();
