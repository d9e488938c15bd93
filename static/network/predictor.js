/** Asks the server about the drawing: at once while the pen moves, and completely when it rests. */

import { createRasterizer } from "../numbers/rasterizer.js";
import { findModel } from "../state/state.js";
import { fetchPrediction } from "./api.js";
import { ProblemError } from "./http.js";

/** @typedef {import("./api.js").ModelSummary} ModelSummary */
/** @typedef {import("./reporting.js").Reporter} Reporter */
/** @typedef {import("../state/state.js").Explanation} Explanation */
/** @typedef {import("../state/store.js").Store} Store */

/**
 * @typedef {object} Question
 * @property {Uint8Array} pixels
 * @property {ModelSummary} model
 * @property {boolean} isExplained whether the answer shall be complete
 * @property {number} number the state's `question` when it was asked
 */

/**
 * @param {Store} store
 * @param {Reporter} reporter
 * @param {() => void} requestModels
 */
export function createPredictor(store, reporter, requestModels) {
  const toPicture = createRasterizer();
  /** @type {Question | null} */
  let newest = null;
  /** Whether the drawing was asked about since the last frame. */
  let hasAsked = false;
  /** Whether the pen has moved after that. */
  let hasMoved = false;

  const request = reporter.createQuestion(
    "prediction",
    async (/** @type {Question} */ { pixels, model, isExplained }) => {
      try {
        return await fetchPrediction(pixels, model, isExplained);
      } catch (error) {
        // The model may have been deleted: get the current list.
        if (error instanceof ProblemError && error.status === 404) requestModels();
        throw error;
      }
    },
    (question, prediction) => {
      // If the pen has moved, the next question is about the drawing as it is now.
      if (hasMoved) ask(false);
      const { state } = store;
      if (question.number !== state.question) return;
      // A model that was replaced answers with other weights than the page has.
      if (prediction.digest !== findModel(state, state.model)?.digest) requestModels();
      const explanation = question.isExplained
        ? /** @type {Explanation} */ (prediction)
        : state.explanation;
      store.change({ prediction, explanation, isBusy: question !== newest });
    },
  );

  /** @param {boolean} isExplained */
  const ask = (isExplained) => {
    hasMoved = false;
    const { state } = store;
    // An image needs no rasterizing, and the pad shows all of it.
    const picture = state.image
      ? { pixels: state.image, crop: { left: 0, top: 0, side: 1 } }
      : toPicture(state.strokes);
    const model = findModel(state, state.model);
    newest =
      picture && model
        ? { pixels: picture.pixels, model, isExplained, number: state.question }
        : null;
    if (newest) request(newest);
    const nothing = newest ? {} : { prediction: null, explanation: null };
    store.change({ picture, isBusy: picture !== null, ...nothing });
  };

  // The first move after a frame is asked about at once, so that the next frame may show the answer.
  // Later moves wait for that answer or for the frame, and are asked about together.
  const followPen = () => {
    if (hasAsked) hasMoved = true;
    else ask(false);
    hasAsked = true;
  };

  store.subscribe((state, before) => {
    const isPenLifted = before.isDrawing && !state.isDrawing;
    if (state.question !== before.question || isPenLifted) ask(true);
    else if (state.strokes !== before.strokes) followPen();
  });

  return {
    /** Ask about the moves since the last question. To be called before each frame. */
    askBeforeFrame() {
      hasAsked = false;
      if (hasMoved) ask(false);
    },
  };
}
