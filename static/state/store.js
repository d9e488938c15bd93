/** The page's one state: every change goes through `change`, which owns everything that follows. */

import { SHAREABLE } from "./address.js";
import { findModel, isComparable } from "./state.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {(state: Readonly<State>, before: Readonly<State>) => void} Listener */

/**
 * @typedef {object} Store
 * @property {Readonly<State>} state the current one; a change replaces it
 * @property {(changes: Partial<State>) => void} change
 * @property {(listener: Listener) => void} subscribe calls the listener after each change; an error of
 *   one listener is reported, and the others are called all the same
 * @property {(listener: () => void) => void} afterChanges calls the listener once after a change and
 *   all changes that listeners made because of it, before `change` returns
 */

/** How many earlier drawings can be restored by undoing. */
const MAX_PAST = 100;

/**
 * @param {State} initial
 * @returns {Store}
 */
export function createStore(initial) {
  let state = initial;
  /** @type {Listener[]} */
  const listeners = [];
  /** @type {(() => void)[]} */
  const finalListeners = [];
  /** @type {[State, State][]} Changes that listeners have not been told yet. */
  const queue = [];
  let isNotifying = false;

  // A listener may change the state. All listeners hear of the changes one by one, in their order.
  const notify = () => {
    if (isNotifying) return;
    isNotifying = true;
    try {
      for (let pair = queue.shift(); pair; pair = queue.shift()) {
        for (const listener of listeners) tell(listener, pair);
      }
    } finally {
      isNotifying = false;
    }
    for (const listener of finalListeners) tell(listener, []);
  };

  return {
    get state() {
      return state;
    },
    change(changes) {
      const before = state;
      state = follow(before, changes);
      queue.push([state, before]);
      notify();
    },
    subscribe(listener) {
      listeners.push(listener);
    },
    afterChanges(listener) {
      finalListeners.push(listener);
    },
  };
}

/**
 * Call a listener. Its error is reported, and does not keep others from hearing of the change.
 * @template {unknown[]} News
 * @param {(...news: News) => void} listener
 * @param {News} news
 */
function tell(listener, news) {
  try {
    listener(...news);
  } catch (error) {
    reportError(error);
  }
}

/**
 * @param {State} before
 * @param {Partial<State>} changes
 * @returns {State} the state with the changes and everything that follows from them
 */
function follow(before, changes) {
  const state = { ...before, ...changes };
  if (state.models !== before.models && before.models.length) replaceMissingModels(state);
  const isOtherDrawing = state.strokes !== before.strokes || state.image !== before.image;
  const isOtherModel = digestOf(state) !== digestOf(before);

  if (isOtherDrawing) {
    // Only the pen continues a drawing; whatever else changes it begins another one.
    state.isDrawing = changes.isDrawing ?? false;
    if (!("label" in changes)) state.label = null;
    const isSameStroke = before.isDrawing && state.isDrawing;
    if (!("past" in changes) && !isSameStroke) state.past = withPast(before);
  }
  if (isOtherDrawing || isOtherModel) {
    // Edits and added evidence belong to one drawing and one model.
    if (!("edits" in changes) && state.edits.length) state.edits = [];
    if (!("addedEvidence" in changes)) state.addedEvidence = noneOf(state.addedEvidence);
    state.isBusy = state.strokes.length > 0 || state.image !== null;
  }
  const isContinued = state.isDrawing && state.image === before.image;
  if (isOtherModel || (isOtherDrawing && !isContinued)) {
    // No answer to an earlier question may be shown.
    state.question = before.question + 1;
    state.prediction = null;
    state.explanation = null;
  }
  if (state.picture !== before.picture) state.normalizedInk = new Map();
  if (state.comparedModel === state.model) state.comparedModel = "";
  if (state.view === "training") state.endedTraining = null;
  else state.isPlaying = false;
  // The message about the address stays until something else is chosen.
  if (!("notice" in changes) && isOtherAddress(state, before)) state.notice = "";
  return state;
}

/**
 * Deselect models that are no longer listed.
 * @param {State} state
 */
function replaceMissingModels(state) {
  if (!findModel(state, state.model)) state.model = state.defaultModel;
  if (!isComparable(state, state.comparedModel)) state.comparedModel = "";
}

/** @param {number[]} added */
function noneOf(added) {
  return added.some(Boolean) ? added.map(() => 0) : added;
}

/** @param {State} state */
function digestOf(state) {
  return findModel(state, state.model)?.digest;
}

/**
 * @param {State} state
 * @returns {State["past"]} with the current drawing
 */
function withPast({ past, strokes, image, label }) {
  if (!strokes.length && !image && past.length === 0) return past;
  return [...past, { strokes, image, label }].slice(-MAX_PAST);
}

/**
 * @param {Readonly<State>} state
 * @param {Readonly<State>} before
 * @returns {boolean} whether anything of what an address holds has changed
 */
export function isOtherAddress(state, before) {
  return SHAREABLE.some((key) => state[key] !== before[key]);
}
