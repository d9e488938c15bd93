/** The drawing: what the pen, undo and clear do to it, and how the pad shows it. */

import { find, queryMedia } from "../components/dom.js";
import { snap } from "../state/address_parts.js";
import { isFresh } from "../state/state.js";
import { createFlight } from "./flight.js";
import { createPainter, listenToKeys, listenToPen } from "./pad.js";

/** @typedef {import("../numbers/rasterizer.js").Point} Point */
/** @typedef {import("../numbers/rasterizer.js").Stroke} Stroke */
/** @typedef {import("../state/state.js").State} State */
/** @typedef {import("../state/store.js").Store} Store */

/** Delay between the answer and its animation, ms: the pen may go on with another stroke. */
const REST_MS = 400;

/** @param {Store} store */
export function createDrawing(store) {
  const pad = find("#pad", HTMLCanvasElement);
  const paint = createPainter(pad);
  const animation = createAnimation(store, pad, () => paint(store.state, true));
  const pen = createPen(store);
  // In this order, the keyboard's stroke ends before another pen begins one.
  listenToKeys(pad, find("#pen", HTMLElement), pen, () => store.state.isDrawing);
  listenToPen(pad, pen);

  const undo = () => {
    const { past, strokes } = store.state;
    const before = past.at(-1);
    if (before) store.change({ ...before, past: past.slice(0, -1) });
    else store.change({ strokes: strokes.slice(0, -1), image: null, past: [] });
  };
  const clear = () => {
    const { strokes, image } = store.state;
    // Clearing an empty pad must not need an undo.
    store.change(strokes.length || image ? { strokes: [], image: null } : { notice: "" });
  };
  find("#undo", HTMLButtonElement).addEventListener("click", undo);
  find("#clear", HTMLButtonElement).addEventListener("click", clear);
  find("#replay", HTMLButtonElement).addEventListener("click", animation.start);

  const repaint = () => {
    animation.stop();
    paint(store.state, true);
  };
  const readInkColour = () => store.change({ inkColour: getComputedStyle(pad).color });
  // The size changes with the window, the screen's density with zoom or another screen, and the
  // ink's colour with the colour scheme and with forced colours.
  if (window.ResizeObserver) new ResizeObserver(() => paint(store.state, true)).observe(pad);
  addEventListener("resize", repaint);
  for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
    queryMedia(query)?.addEventListener("change", () => {
      repaint();
      readInkColour();
    });
  }
  readInkColour();

  return {
    undo,
    clear,
    /** Show how the drawing was normalized. */
    animate: animation.start,
    /** Paint what is new on the pad. @param {State} state */
    show: (state) => paint(state),
  };
}

/**
 * What a pen does to the drawing.
 * @param {Store} store
 * @returns {import("./pointer.js").StrokeListener}
 */
function createPen(store) {
  /** @type {Stroke} */
  let stroke = [];
  /** Undo what the pen has done since it was put down, in this order. @type {(() => void)[]} */
  let undos = [];

  /** @param {Point} point */
  const add = (point) => {
    const { strokes, image, label, past, edits, addedEvidence, notice } = store.state;
    const before = { strokes, image, label, past, edits, addedEvidence, notice };
    const added = [snap(point)];
    undos.unshift(() => cancelStroke(store, added, before));
    stroke = added;
    store.change({ strokes: [...strokes, stroke], image: null, isDrawing: true });
  };

  return {
    begin(point) {
      /** @type {typeof undos} */
      const mine = [];
      undos = mine;
      add(point);
      return () => mine.forEach((undo) => undo());
    },

    extend(points) {
      // After an undo or clear under the pen, the rest is a stroke of its own.
      const isGone = store.state.strokes.at(-1) !== stroke;
      if (isGone) add(points[0]);
      const rest = isGone ? points.slice(1) : points;
      // The stroke grows in place, so that painting and rasterizing continue where they were.
      stroke.push(...rest.map(snap));
      store.change({ strokes: [...store.state.strokes], isDrawing: true });
    },

    end: () => store.change({ isDrawing: false }),
  };
}

/**
 * Undo a stroke as if it had not been made.
 * @param {Store} store
 * @param {Stroke} stroke
 * @param {Partial<State>} before what the stroke has changed, as it was
 */
function cancelStroke({ state, change }, stroke, before) {
  const { strokes, isDrawing } = state;
  if (strokes.at(-1) === stroke) return change(before);
  // What came after the stroke stays, but the stroke must not come back by another undo.
  /** @param {readonly Stroke[]} all */
  const others = (all) => all.filter((other) => other !== stroke);
  const past = state.past
    .filter((drawing) => drawing.strokes.at(-1) !== stroke)
    .map((drawing) => ({ ...drawing, strokes: others(drawing.strokes) }));
  change(strokes.includes(stroke) ? { strokes: others(strokes), past, isDrawing } : { past });
}

/**
 * The animation from the drawing to the normalized picture, which starts once the pen rests.
 * @param {Store} store
 * @param {HTMLCanvasElement} pad
 * @param {() => void} repaint
 */
function createAnimation(store, pad, repaint) {
  const flight = createFlight(
    find("main", HTMLElement),
    pad,
    find("#sent", HTMLCanvasElement),
    find("#seen", HTMLCanvasElement),
  );
  let resting = 0;

  const start = () => {
    const { picture, explanation } = store.state;
    if (!picture || !explanation?.placement || !isFresh(store.state)) return;
    flight.start(picture, explanation.placement, explanation.transformations[explanation.digit]);
  };
  const stop = () => {
    clearTimeout(resting);
    flight.stop();
  };

  store.subscribe((state, before) => {
    const isOther =
      state.question !== before.question ||
      state.view !== before.view ||
      state.isProjector !== before.isProjector;
    if (isOther || (state.isDrawing && !before.isDrawing)) stop();
    if (before.isBusy && !state.isBusy && state.prediction) {
      clearTimeout(resting);
      resting = setTimeout(() => {
        // Segments painted one by one show faint seams.
        repaint();
        start();
      }, REST_MS);
    }
  });

  return { start, stop };
}
