/** The page's one state, and the one way that it goes: pen → strokes → pixels → answer → views. */

import { readAddress, snap, writeAddress } from "./state/address.js";
import { ProblemError, fetchModels, fetchPrediction } from "./network/api.js";
import { createDialogs } from "./page/dialogs.js";
import { find, findAll, queryMedia, setText } from "./components/dom.js";
import { createFlight } from "./drawing/flight.js";
import { createHistory } from "./page/history.js";
import { listenToPixels } from "./page/inspect.js";
import { listenToShortcuts } from "./page/keys.js";
import { createLoader } from "./network/loader.js";
import { createPainter, listenToKeys, listenToPen } from "./drawing/pad.js";
import { createRasterizer } from "./numbers/rasterizer.js";
import { createState, derive, findModel, findRun } from "./state/state.js";
import { createViews } from "./page/views.js";
import { createAnswer } from "./page/answer.js";
import { changedTrainings, watchTrainings } from "./network/watch.js";

/** @typedef {import("./network/api.js").ModelSummary} ModelSummary */
/** @typedef {import("./state/state.js").Explanation} Explanation */
/** @typedef {import("./state/state.js").State} State */
/** @typedef {import("./state/state.js").Training} Training */

/**
 * What is asked about a drawing. Answers to the same `drawing` number may be shown while the pen
 * goes on; clearing, undoing and changing the model begin a new number.
 * @typedef {{pixels: Uint8Array, model: ModelSummary, explained: boolean, drawing: number}} Question
 */

/** How long after a change the address follows, ms: browsers refuse too many changes a second. */
const REMEMBER_MS = 300;

/** How many drawings can be got back. */
const MOST_PAST = 100;

/** How long a pen rests before the drawing flies into its place, ms: it may go on with a stroke. */
const REST_MS = 400;

const state = createState();
/** @type {Question | null} */
let lastQuestion = null;
let drawing = 0;
/** The frame that is to be shown, 0 for none. */
let frame = 0;
/** Whether a prediction was asked for since the last frame. */
let hasAsked = false;
/** Whether the pen has moved since then. */
let hasMoved = false;
let remembering = 0;
let resting = 0;
/** Whether it is known which trainings had ended when the page was opened. */
let hasLooked = false;
/**
 * What was drawn before, for undo.
 * @type {Pick<State, "strokes" | "image" | "label">[]}
 */
let past = [];

const toPicture = createRasterizer();
const pageHistory = createHistory();

const pad = find("#pad", HTMLCanvasElement);
const paint = createPainter(pad);
const main = find("main", HTMLElement);
const links = findAll("nav a", HTMLAnchorElement);
const sections = findAll(".view", HTMLElement);
const live = find("#live", HTMLElement);
const darkScheme = queryMedia("(prefers-color-scheme: dark)");
const flight = createFlight(
  main,
  pad,
  find("#sent", HTMLCanvasElement),
  find("#seen", HTMLCanvasElement),
);
const { show: showAnswer, showBusy } = createAnswer();
const loader = createLoader(state, showSoon);
const dialogs = createDialogs(update, {
  address: () => writeAddress(state),
  needDigits: loader.needDigits,
});

const views = createViews(update);
const askView = loader.createRequest("view", views.load, () => {});

const askPrediction = loader.createRequest(
  "prediction",
  async (/** @type {Question} */ { pixels, model, explained }) => {
    try {
      return await fetchPrediction(pixels, model, explained);
    } catch (error) {
      // The model may be gone: the list says which are there.
      if (error instanceof ProblemError && error.status === 404) askModels(undefined);
      throw error;
    }
  },
  (question, prediction) => {
    // The newest is asked, not what waited.
    if (hasMoved) ask(false);
    if (question.drawing !== drawing) return;
    // A model that was replaced answers with other weights than are here.
    if (prediction.digest !== findModel(state, state.model)?.digest) askModels(undefined);
    state.prediction = prediction;
    if (question.explained) {
      state.explanation = /** @type {Explanation} */ (prediction);
      loader.needAll();
    }
    state.busy = question !== lastQuestion;
    if (!state.busy) flyAfterRest();
  },
);

const askModels = loader.createRequest("models", fetchModels, (_question, list) => {
  const isFirst = state.models.length === 0;
  const before = findModel(state, state.model)?.digest;
  if (!isFirst && isOther(list.models)) loader.forgetHistories();
  state.models = list.models;
  state.defaultModel = list.default ?? "";
  if (isFirst) return openAddress();
  // The one that is shown may have been replaced, or be gone.
  const model = findModel(state, state.model) ?? findModel(state, state.defaultModel);
  if (model && model.digest !== before) update({ model: model.name });
  else needAll();
});

/** @param {readonly ModelSummary[]} models */
function isOther(models) {
  const known = new Set(state.models.map(({ digest }) => digest));
  return models.length !== known.size || models.some(({ digest }) => !known.has(digest));
}

function render() {
  const shown = derive(state);
  document.documentElement.classList.toggle("projector", shown.projector);
  main.dataset.view = shown.view;
  for (const link of links) {
    if (link.dataset.view === shown.view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  setText(live, describeLive(shown));
  for (const section of sections) {
    section.hidden = section.id !== `view-${shown.view}`;
    section.ariaBusy = String(!section.hidden && !views.isHere(shown.view));
  }
  showAnswer(shown);
  views.show(shown);
  dialogs.show(shown);
}

/** Show the state with the next frame, however often it changes until then. */
function showSoon() {
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    hasAsked = false;
    if (hasMoved) ask(false);
    paint(state);
    render();
  });
}

/** Ask for what the view shows and is not here yet. */
function needAll() {
  loader.needAll();
  if (!views.isHere(state.view)) askView(state.view);
}

/**
 * @param {import("./state/state.js").Shown} shown
 * @returns {string} how far a training is, or how the last one ended
 */
function describeLive({ trainings, ended }) {
  const running = trainings.find((training) => training.state === "running");
  if (running) return `${Math.round((100 * running.step) / running.steps)} %`;
  return ended?.state ?? "";
}

/**
 * Change the state, do what follows from it, and keep it in the address.
 * @param {Partial<State>} changes
 */
function update(changes) {
  const { view } = state;
  const isOtherView = "view" in changes && changes.view !== view;
  const isOtherDrawing = "strokes" in changes || "image" in changes;
  // What is left behind is kept as it is now, not as it was a moment ago.
  if (isOtherView) keepAddress();
  if (isOtherDrawing) keepForUndo();
  Object.assign(state, changes);
  if (isOtherDrawing || "model" in changes) forgetEdits();
  if (isOtherDrawing && !("label" in changes)) state.label = null;
  if (state.beside === state.model) state.beside = "";
  if (isOtherDrawing || "model" in changes) askAnew();
  if (isOtherView || "projector" in changes) {
    clearTimeout(resting);
    flight.stop();
  }
  if (isOtherView) {
    pageHistory.push(state.view, writeAddress(state));
    showOtherView();
  }
  needAll();
  render();
  remember();
}

function showOtherView() {
  if (state.view === "training") state.ended = null;
  // Each view has its own height: what was far down in one is nowhere in another.
  scrollTo(0, 0);
}

function keepForUndo() {
  const { strokes, image, label } = state;
  if (!strokes.length && !image && past.length === 0) return;
  past = [...past, { strokes, image, label }].slice(-MOST_PAST);
}

/**
 * Say at once whether an answer is awaited, and not with the next frame.
 * @param {boolean} isBusy
 */
function setBusy(isBusy) {
  state.busy = isBusy;
  showBusy(isBusy);
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
  hasMoved = false;
  // An image is a picture already, and the pad shows the whole of it.
  state.picture = state.image
    ? { pixels: state.image, crop: { left: 0, top: 0, side: 1 } }
    : toPicture(state.strokes);
  state.seen = new Map();
  setBusy(state.picture !== null);
  // Before the models are known, there is none to ask.
  const model = findModel(state, state.model);
  if (state.picture && model) {
    lastQuestion = { pixels: state.picture.pixels, model, explained, drawing };
    askPrediction(lastQuestion);
  } else {
    state.prediction = null;
    state.explanation = null;
  }
}

/** Begin anew: no answer to what was there before may still be shown. */
function askAnew() {
  flight.stop();
  drawing++;
  state.prediction = null;
  state.explanation = null;
  paint(state);
  ask(true);
}

/**
 * The pen has moved. The first move since the last frame asks at once, so that the next frame may
 * show the answer; all others together ask when it comes, or else with that frame.
 */
function followPen() {
  setBusy(true);
  if (hasAsked) hasMoved = true;
  else ask(false);
  hasAsked = true;
  showSoon();
}

/** Once the pen has rested, paint the drawing in one, and show how it got into its place. */
function flyAfterRest() {
  clearTimeout(resting);
  resting = setTimeout(() => {
    // Pieces that were painted one after another show, faintly, where they meet.
    paintAnew();
    fly();
  }, REST_MS);
}

function fly() {
  const { picture, explanation } = state;
  if (explanation?.placement && picture && state.prediction === explanation) {
    flight.start(picture, explanation.placement);
  }
}

/** Keep the state in the address, a moment after its last change. */
function remember() {
  if (state.notice) {
    state.notice = "";
    render();
  }
  clearTimeout(remembering);
  remembering = setTimeout(keepAddress, REMEMBER_MS);
}

function keepAddress() {
  clearTimeout(remembering);
  pageHistory.replace(state.view, writeAddress(state));
  for (const link of links) {
    link.href = writeAddress({ ...state, view: link.dataset.view ?? "" });
  }
}

/** Show what the address holds. */
function openAddress() {
  clearTimeout(remembering);
  flight.stop();
  /** @param {import("./state/address.js").Reference} kind @param {string} name */
  const exists = (kind, name) =>
    kind === "view" ? views.exists(name) : findModel(state, name) !== undefined;
  const { problems, ...shared } = readAddress(location.hash, exists);
  if (!exists("view", shared.view)) {
    problems.push(`There is no view “${shared.view}”; this is the first one.`);
    shared.view = "draw";
  }
  if (!exists("model", shared.model)) {
    if (shared.model) {
      problems.push(`There is no model “${shared.model}” here; this is the default one.`);
    }
    shared.model = state.defaultModel;
  }
  if (shared.beside && !exists("model", shared.beside)) {
    problems.push(`There is no model “${shared.beside}” here to compare with.`);
    shared.beside = "";
  }
  if (shared.beside === shared.model) shared.beside = "";
  // What was drawn before the models were here stays.
  if (!location.hash) Object.assign(shared, { strokes: state.strokes, image: state.image });
  Object.assign(state, shared);
  state.notice = problems.join(" ");
  askAnew();
  showOtherView();
  needAll();
  render();
}

function undo() {
  const before = past.pop();
  if (before) {
    update(before);
    // Undoing cannot be undone.
    past.pop();
  } else {
    update({ strokes: state.strokes.slice(0, -1), image: null });
    past = [];
  }
}

function clear() {
  // A pad that is clear already has nothing to be got back.
  update(state.strokes.length || state.image ? { strokes: [], image: null } : {});
}

/** @type {import("./numbers/rasterizer.js").Stroke} */
let stroke = [];
/** What the last stroke was drawn on, and what could be undone then. */
let beforeStroke = { strokes: state.strokes, image: state.image, label: state.label, past };

const pen = {
  /** @param {import("./numbers/rasterizer.js").Point} point */
  begin(point) {
    flight.stop();
    clearTimeout(resting);
    // The address gets whole strokes only.
    clearTimeout(remembering);
    const { strokes, image, label } = state;
    beforeStroke = { strokes, image, label, past };
    keepForUndo();
    forgetEdits();
    state.label = null;
    state.image = null;
    stroke = [snap(point)];
    state.strokes = [...state.strokes, stroke];
    followPen();
  },

  /** @param {import("./numbers/rasterizer.js").Point[]} points */
  extend(points) {
    // The pad was cleared under the pen: what it goes on drawing is a stroke of its own.
    const isCleared = state.strokes.at(-1) !== stroke;
    if (isCleared) pen.begin(points[0]);
    stroke.push(...points.slice(Number(isCleared)).map(snap));
    followPen();
  },

  end() {
    ask(true);
    showSoon();
    remember();
  },

  cancel() {
    if (state.strokes.at(-1) === stroke) {
      ({ past } = beforeStroke);
      const { strokes, image, label } = beforeStroke;
      Object.assign(state, { strokes, image, label });
    } else {
      // It was cleared or undone, or another drawing took its place: it must not come back.
      past = past.map((before) => {
        return { ...before, strokes: before.strokes.filter((other) => other !== stroke) };
      });
    }
    askAnew();
    showSoon();
    remember();
  },
};

// The keyboard's pen first: it is lifted before another one begins.
listenToKeys(pad, find("#pen", HTMLElement), pen);
listenToPen(pad, pen);

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

// Back and forward go through the views and leave the drawing as it is. An address that somebody
// typed or followed is shown as it says.
addEventListener("popstate", (event) => {
  pageHistory.forget();
  if (!event.state) return;
  state.view = event.state.view;
  flight.stop();
  keepAddress();
  showOtherView();
  needAll();
  render();
});
addEventListener("hashchange", () => {
  if (location.hash === writeAddress(state)) return;
  keepForUndo();
  openAddress();
});

listenToPixels(main, {
  current: () => state.pixel,
  choose(pixel) {
    if (pixel === state.pixel) return;
    state.pixel = pixel;
    render();
  },
});

// What is selected, or a picture, would be dragged away from under a pointer that draws or points.
addEventListener("dragstart", (event) => {
  const { target } = event;
  const element = target instanceof Element ? target : /** @type {Node} */ (target).parentElement;
  if (element?.closest(".paper, .map, .strip, .slider, .gallery, canvas")) event.preventDefault();
});

function escape() {
  if (state.pixel !== null) update({ pixel: null });
  else if (state.projector) toggleProjector();
  else clear();
}

listenToShortcuts(
  {
    z: undo,
    c: clear,
    g: dialogs.open.gallery,
    s: dialogs.open.share,
    r: fly,
    p: toggleProjector,
    "?": dialogs.open.keys,
    Escape: escape,
    ...Object.fromEntries(
      links.map(({ dataset }, index) => [index + 1, () => update({ view: dataset.view })]),
    ),
  },
  undo,
);

// The size changes with the window, the screen's density with zoom or another screen, and the ink's
// colour with the scheme; each needs the drawing painted again.
new ResizeObserver(paintAnew).observe(pad);
addEventListener("resize", () => {
  flight.stop();
  paintAnew();
});
darkScheme?.addEventListener("change", () => {
  flight.stop();
  readInkColour();
  paintAnew();
  render();
});

function paintAnew() {
  paint(state, true);
}

function readInkColour() {
  state.inkColour = getComputedStyle(pad).color;
}

// The first view is light. Who does anything may soon want another one.
for (const type of ["pointermove", "pointerdown", "keydown"]) {
  // What does not come now is asked for again when it is to be shown.
  addEventListener(type, () => views.loadAll().catch(() => {}), { once: true });
}

readInkColour();
askModels(undefined);

/**
 * Whether a training has ended since the models were listed.
 * @param {Training} training
 */
function lacksModel({ name, state: outcome }) {
  return outcome === "finished" && state.models.length > 0 && !findModel(state, name);
}

watchTrainings({
  see(trainings) {
    const isFirst = !hasLooked;
    hasLooked = true;
    const changed = changedTrainings(state.trainings, trainings);
    if (changed.length === 0 && trainings.length === state.trainings.length) return;
    const followed = findRun(state);
    const wasRunning = new Set(
      state.trainings.flatMap((training) => (training.state === "running" ? [training.run] : [])),
    );
    state.trainings = trainings;
    const ended = changed.filter((training) => training.state !== "running");
    if (isFirst ? ended.some(lacksModel) : ended.length) {
      loader.forgetHistories();
      askModels(undefined);
    }
    state.ended = ended.find(({ run }) => wasRunning.has(run)) ?? state.ended;
    // Who followed it sees how it ended, not another one.
    if (state.ended && state.ended.run === followed?.run) state.run = followed.run;
    if (state.view === "training") state.ended = null;
    needAll();
    showSoon();
  },
  back() {
    loader.setProblem("server", "");
    loader.forgetHistories();
    needAll();
    showSoon();
  },
  away: (error) => loader.reportFailure("server", error),
});
render();
