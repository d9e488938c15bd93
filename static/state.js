/** All that the page knows, and what follows from it. */

import { emptyAddress } from "./address.js";
import { zeroWeights } from "./regression.js";

/** @typedef {import("./address.js").Shareable} Shareable */
/** @typedef {import("./api.js").ModelSummary} ModelSummary */
/** @typedef {import("./api.js").Prediction} Prediction */
/** @typedef {import("./api.js").SampleDigits} SampleDigits */
/** @typedef {import("./pixels.js").Picture} Picture */
/** @typedef {import("./regression.js").Weights} Weights */

/** @typedef {Prediction & {evidence: number[], pixels: number[]}} Explanation A whole answer. */

/**
 * W and b as they are learned in the guide: after each step, the mean loss before it.
 * @typedef {{weights: Weights, losses: number[]}} Learner
 */

/**
 * What is no part of an address.
 * @typedef {object} Local
 * @property {readonly ModelSummary[]} models
 * @property {string} defaultModel
 * @property {ReadonlyMap<string, Weights>} weights those that are here, by the model's digest
 * @property {SampleDigits | null} samples
 * @property {Picture | null} picture the drawing in 28×28; null without ink
 * @property {boolean} busy whether the drawing has changed since the prediction was made
 * @property {Prediction | null} prediction the latest
 * @property {Explanation | null} explanation the latest whole one, perhaps of fewer strokes
 * @property {number | null} pixel the one that is looked at, row-major
 * @property {string} problem what keeps answers away, in words
 * @property {string} notice what of the address could not be shown, in words
 * @property {boolean} dark whether the colour scheme is
 * @property {0 | 1} tool what the pen does to pixels: erase or fill them
 * @property {number} followed the digit whose evidence the guide follows
 * @property {number} count how many pixels of it are summed
 * @property {number} learningRate
 * @property {Learner} learner
 */

/** @typedef {Shareable & Local} State */

/**
 * What the views show.
 * @typedef {object} Derived
 * @property {ModelSummary | undefined} summary the chosen model's
 * @property {Weights | undefined} learned its W and b, once they are here
 * @property {boolean} fresh whether the explanation is of the whole drawing
 */

/** @typedef {State & Derived} Shown */

/** @typedef {(changes: Partial<State>) => void} Update Changes the state and shows it. */

/** @returns {State} */
export function createState() {
  return {
    ...emptyAddress(),
    models: [],
    defaultModel: "",
    weights: new Map(),
    samples: null,
    picture: null,
    busy: false,
    prediction: null,
    explanation: null,
    pixel: null,
    problem: "",
    notice: "",
    dark: false,
    tool: 0,
    followed: 0,
    count: 784,
    learningRate: 0.5,
    learner: { weights: zeroWeights(), losses: [] },
  };
}

/**
 * @param {State} state
 * @param {string} name
 * @returns {ModelSummary | undefined}
 */
export function findModel(state, name) {
  return state.models.find((model) => model.name === name);
}

/**
 * @param {State} state
 * @returns {Shown}
 */
export function derive(state) {
  const summary = findModel(state, state.model);
  return {
    ...state,
    summary,
    learned: summary && state.weights.get(summary.digest),
    fresh: state.explanation !== null && state.prediction === state.explanation,
  };
}
