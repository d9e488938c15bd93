/** The inputs of models: the drawing as a normalization and then each digit's transformation leave it. */

import { toInputs } from "../numbers/regression.js";
import { chooseInputs, transformPixels } from "../numbers/transformations.js";
import { findModel } from "./state.js";

/** @typedef {import("./state.js").Explanation} Explanation */
/** @typedef {import("./state.js").ModelSummary} ModelSummary */
/** @typedef {import("./state.js").State} State */
/** @typedef {import("../numbers/regression.js").Weights} Weights */
/** @typedef {import("../numbers/transformations.js").Transformation} Transformation */

/**
 * @param {Explanation} explanation
 * @returns {ArrayLike<number>} the drawing as the predicted digit transforms it
 */
export function seenPixels({ digit, inputs }) {
  return inputs[digit];
}

/**
 * The versions of the last drawings under a set of transformations.
 * @type {WeakMap<ArrayLike<number>, {set: readonly Transformation[], versions: ArrayLike<number>[]}>}
 */
const knownVersions = new WeakMap();

/**
 * @param {State} state
 * @param {Pick<ModelSummary, "normalization" | "transformations"> | undefined} preparation that of a
 *   model or a training
 * @param {Weights | null | undefined} weights
 * @returns {ArrayLike<number>[] | undefined} the drawing as each digit with these weights transforms
 *   it, once all that this needs is loaded
 */
export function inputsUnder(state, preparation, weights) {
  const ink = normalizedInkOf(state, preparation?.normalization);
  if (!preparation || !ink || !weights) return undefined;
  if (preparation.transformations === "none") return toInputs(ink);
  const set = state.transformationSets[preparation.transformations];
  if (!set) return undefined;
  let known = knownVersions.get(ink);
  if (known?.set !== set) {
    known = { set, versions: transformPixels(ink, set) };
    knownVersions.set(ink, known);
  }
  return chooseInputs(known.versions, weights.columns);
}

/**
 * @param {State} state
 * @param {string | undefined} normalization
 * @returns {ArrayLike<number> | undefined} the drawing's pixels under it, once they are loaded
 */
function normalizedInkOf(state, normalization) {
  if (!state.explanation || !state.picture || normalization === undefined) return undefined;
  if (normalization === findModel(state, state.model)?.normalization)
    return state.explanation.pixels;
  return state.normalizedInk.get(normalization);
}
