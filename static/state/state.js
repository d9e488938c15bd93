/** All that the page knows, and what follows from it. */

import { emptyAddress } from "./address.js";
import { remembered } from "../components/dom.js";
import { zeroWeights } from "../numbers/regression.js";

/** @typedef {import("./address.js").Shareable} Shareable */
/** @typedef {import("../network/api.js").ModelSummary} ModelSummary */
/** @typedef {import("../network/api.js").Prediction} Prediction */
/** @typedef {import("../network/api.js").Evaluation} Evaluation */
/** @typedef {import("../network/api.js").Frames} Frames */
/** @typedef {import("../network/api.js").SampleDigits} SampleDigits */
/** @typedef {import("../network/api.js").Training} Training */
/** @typedef {import("../numbers/rasterizer.js").Picture} Picture */
/** @typedef {import("../numbers/regression.js").Weights} Weights */

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
 * @property {Readonly<Record<string, string>>} problems what keeps answers away, in words, by what
 *   was asked for
 * @property {string} notice what of the address could not be shown, in words
 * @property {string} inkColour as CSS has it in the colour scheme, resolved
 * @property {0 | 1} tool what the pen does to pixels: erase or fill them
 * @property {number} learningRate
 * @property {Learner} learner
 * @property {readonly Training[]} trainings those on the server's machine, under way and ended
 * @property {Training | null} ended the one that ended last since the page was opened, until it is
 *   looked at
 * @property {readonly Training[]} histories all trainings that are remembered
 * @property {ReadonlyMap<string, Frames>} frames those that are here, by the training's digest
 * @property {{run: string, digest: string, weights: Weights} | null} live W and b of a training under way
 * @property {boolean} playing whether the replay goes on by itself
 * @property {ReadonlyMap<string, number[]>} seen the drawing's pixels as other normalisations than
 *   the chosen model's leave them
 * @property {ReadonlyMap<string, Evaluation>} evaluations those that are here, by the model's digest
 * @property {number} examples how many test images are shown
 */

/** @typedef {Shareable & Local} State */

/**
 * What the views show.
 * @typedef {object} Derived
 * @property {ModelSummary | undefined} summary the chosen model's
 * @property {Weights | undefined} learned its W and b, once they are here
 * @property {boolean} fresh whether the explanation is of the whole drawing
 * @property {readonly Training[]} runs all trainings, those on the server's machine first
 * @property {Training | undefined} training the one that is replayed, or followed
 */

/** @typedef {State & Derived} Shown */

/** @typedef {(changes: Partial<State>) => void} Update Changes the state and shows it. */

/** How many test images are shown at first, and more each time. */
export const FIRST_EXAMPLES = 60;

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
    problems: {},
    notice: "",
    inkColour: "",
    tool: 0,
    learningRate: 0.5,
    learner: { weights: zeroWeights(), losses: [] },
    trainings: [],
    ended: null,
    histories: [],
    frames: new Map(),
    live: null,
    playing: false,
    seen: new Map(),
    evaluations: new Map(),
    examples: FIRST_EXAMPLES,
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

/** All trainings, each once: what is on the server's machine is known best. */
const joinRuns = remembered(
  (/** @type {readonly Training[]} */ trainings, /** @type {readonly Training[]} */ histories) => {
    const known = new Set(trainings.map(({ run }) => run));
    return [...trainings, ...histories.filter(({ run }) => !known.has(run))];
  },
);

/**
 * @param {State} state
 * @returns {Training | undefined} the one that was chosen, else one that is under way, else the
 *   chosen model's
 */
export function findRun(state) {
  const runs = joinRuns(state.trainings, state.histories);
  return (
    findNamedRun(runs, state.run) ??
    runs.find((training) => training.state === "running") ??
    runs.find((training) => training.name === state.model && training.state === "finished") ??
    runs[0]
  );
}

/**
 * @param {readonly Training[]} runs
 * @param {string} name or what tells two under one name apart
 */
export function findNamedRun(runs, name) {
  return runs.find(({ run }) => run === name) ?? runs.find((training) => training.name === name);
}

/**
 * The drawing's ink as a normalisation leaves it.
 * @param {State} state
 * @param {string | undefined} normalization
 * @returns {ArrayLike<number> | undefined} undefined where it is not here
 */
export function inkAfter(state, normalization) {
  if (!state.explanation || !state.picture || normalization === undefined) return undefined;
  if (normalization === findModel(state, state.model)?.normalization)
    return state.explanation.pixels;
  return state.seen.get(normalization);
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
    runs: joinRuns(state.trainings, state.histories),
    training: findRun(state),
  };
}
