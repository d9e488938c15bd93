/** What the page knows, and what can be derived from it. */

import { gettext } from "../language/messages.js";
import { zeroWeights } from "../numbers/regression.js";
import { emptyAddress } from "./address.js";
import { ALL_RECIPES } from "./address_parts.js";
import { memoized } from "./memo.js";

/** @typedef {import("./address.js").Shareable} Shareable */
/** @typedef {import("../network/api.js").ModelSummary} ModelSummary */
/** @typedef {import("../network/api.js").Prediction} Prediction */
/** @typedef {import("../network/api.js").Evaluation} Evaluation */
/** @typedef {import("../network/api.js").Frames} Frames */
/** @typedef {import("../network/api.js").SampleDigits} SampleDigits */
/** @typedef {import("../network/api.js").Training} Training */
/** @typedef {import("../numbers/rasterizer.js").Picture} Picture */
/** @typedef {import("./room.js").Contribution} Contribution */
/** @typedef {import("./room.js").Room} Room */
/** @typedef {import("./room.js").RoomActions} RoomActions */
/** @typedef {import("./room.js").RoomDrawing} RoomDrawing */
/** @typedef {import("./room.js").RoomOfPresenter} RoomOfPresenter */
/** @typedef {import("./room.js").RoomReadings} RoomReadings */
/** @typedef {import("../numbers/regression.js").Weights} Weights */
/** @typedef {import("../numbers/transformations.js").Transformation} Transformation */

/**
 * A complete answer: a prediction with everything that explains it.
 * @typedef {Prediction & {evidence: number[], pixels: number[], transformations: Transformation[],
 *   inputs: ArrayLike<number>[]}} Explanation
 */

/**
 * W and b as the guide's gradient descent has learned them, and the mean loss before each step.
 * @typedef {{weights: Weights, losses: number[]}} Learner
 */

/**
 * The part of the state that no address holds.
 * @typedef {object} Local
 * @property {readonly ModelSummary[]} models
 * @property {string} defaultModel
 * @property {ReadonlyMap<string, Weights>} weights those loaded so far, by the model's digest
 * @property {SampleDigits | null} sampleDigits
 * @property {boolean} isDrawing whether the pen is down
 * @property {readonly Pick<Shareable, "strokes" | "image" | "label">[]} past earlier drawings, for
 *   undo
 * @property {Picture | null} picture the drawing in 28×28; null without ink
 * @property {number} question grows with each new drawing or model: an answer to a question with a
 *   lower number is dropped
 * @property {boolean} isBusy whether an answer to the current drawing is awaited
 * @property {Prediction | null} prediction the latest
 * @property {Explanation | null} explanation the latest complete one, perhaps of fewer strokes
 * @property {number | null} pixel the chosen one, row-major
 * @property {Readonly<Record<string, string>>} problems messages about failed requests, by what was
 *   requested
 * @property {string} notice message about what could not be read in the address
 * @property {string} inkColour in the current colour scheme, as getComputedStyle gives it
 * @property {0 | 1} tool what the pen does to pixels: erase or fill them
 * @property {number} learningRate
 * @property {Learner} learner
 * @property {readonly Training[]} trainings those on the server's machine, running and ended
 * @property {Training | null} endedTraining the one that ended last since the page was opened, until
 *   the training view has been opened
 * @property {readonly Training[]} histories all recorded trainings
 * @property {ReadonlyMap<string, Frames>} frames those loaded so far, by the training's digest
 * @property {{run: string, digest: string, weights: Weights} | null} liveWeights W and b of a running
 *   training
 * @property {boolean} isPlaying whether the replay advances by itself
 * @property {ReadonlyMap<string, number[]>} normalizedInk the drawing's pixels under other
 *   normalizations than the chosen model's
 * @property {Readonly<Record<string, readonly Transformation[]>>} transformationSets those from
 *   which digits choose, by name; empty until they are loaded
 * @property {ReadonlyMap<string, Evaluation>} evaluations those loaded so far, by the model's digest
 * @property {number} examples how many test images are shown
 * @property {Room | null} room null before the first answer, and where the server has none
 * @property {string} roomKey the presenter's key; empty for participants
 * @property {ReadonlyMap<number, RoomDrawing>} roomDrawings by id, oldest first
 * @property {RoomReadings | null} roomReadings those of the chosen model
 * @property {readonly Contribution[]} contributions those of this page
 * @property {{label: number | null, digit: number | null, isWrongOnly: boolean}} roomFilter which
 *   drawings the wall shows
 * @property {string} roomMessage why the presenter's last action failed; else empty
 * @property {boolean} isJoining whether the page shows only what a participant needs to draw and to
 *   give the drawing to the room
 */

/** @typedef {Shareable & Local} State */

/**
 * What the views show in addition to the state.
 * @typedef {object} Derived
 * @property {ModelSummary | undefined} summary the chosen model's
 * @property {Weights | undefined} learned its W and b, once they are loaded
 * @property {boolean} isFresh whether the explanation belongs to the whole drawing
 * @property {readonly Training[]} runs all trainings, those on the server's machine first
 * @property {Training | undefined} training the one that is replayed or followed
 */

/** @typedef {State & Derived} Shown */

/** @typedef {(changes: Partial<State>) => void} Change See the store. */

/**
 * What views can ask for besides changes of the state.
 * @typedef {object} Actions
 * @property {RoomActions | null} room null where the server has no room
 */

/** How many test images are shown at first, and how many more each time. */
export const FIRST_EXAMPLES = 60;

/** @returns {State} */
export function createState() {
  return {
    ...emptyAddress(),
    models: [],
    defaultModel: "",
    weights: new Map(),
    sampleDigits: null,
    isDrawing: false,
    past: [],
    picture: null,
    question: 0,
    isBusy: false,
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
    endedTraining: null,
    histories: [],
    frames: new Map(),
    liveWeights: null,
    isPlaying: false,
    normalizedInk: new Map(),
    transformationSets: {},
    evaluations: new Map(),
    examples: FIRST_EXAMPLES,
    room: null,
    roomKey: "",
    roomDrawings: new Map(),
    roomReadings: null,
    contributions: [],
    roomFilter: { label: null, digit: null, isWrongOnly: false },
    roomMessage: "",
    isJoining: false,
  };
}

/** The recipes, each of which adds something to the one before. */
const RECIPES = ["tutorial", "normalized", "pooled"];

/**
 * @param {Pick<State, "models">} state
 * @returns {ModelSummary[]} one model for each recipe: the one of the same name, else the first
 */
export function recipeModels({ models }) {
  return RECIPES.flatMap((recipe) => {
    const found = models.filter((model) => model.recipe === recipe);
    return found.find(({ name }) => name === recipe) ?? found.slice(0, 1);
  });
}

/**
 * @param {State} state
 * @returns {ModelSummary[]} those that the weights view shows next to the chosen one
 */
export function comparedModels(state) {
  if (state.comparedModel === ALL_RECIPES) {
    return recipeModels(state).filter(({ name }) => name !== state.model);
  }
  const model = findModel(state, state.comparedModel);
  return model ? [model] : [];
}

/**
 * @param {State} state
 * @param {string} name
 * @returns {boolean} whether it is one that the weights can be compared with
 */
export function isComparable(state, name) {
  return name === ALL_RECIPES || findModel(state, name) !== undefined;
}

/**
 * @param {State} state
 * @param {string} name
 * @returns {ModelSummary | undefined}
 */
export function findModel(state, name) {
  return state.models.find((model) => model.name === name);
}

/** All trainings, each once. Those on the server's machine are the most current. */
const joinRuns = memoized(
  (/** @type {readonly Training[]} */ trainings, /** @type {readonly Training[]} */ histories) => {
    const known = new Set(trainings.map(({ run }) => run));
    return [...trainings, ...histories.filter(({ run }) => !known.has(run))];
  },
);

/**
 * @param {State} state
 * @returns {Training | undefined} the chosen one, else a running one, else the chosen
 *   model's
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
 * @param {string} name or the `run` that identifies it
 */
export function findNamedRun(runs, name) {
  return runs.find(({ run }) => run === name) ?? runs.find((training) => training.name === name);
}

/** @type {Record<Training["state"], string>} The states of trainings, in a word. */
export const STATE_NAMES = {
  running: gettext("running"),
  finished: gettext("finished"),
  diverged: gettext("diverged"),
  interrupted: gettext("interrupted"),
  failed: gettext("failed"),
  died: gettext("died"),
};

/**
 * @param {Training} training
 * @returns {string} its name, and its state unless it finished
 */
export function nameOf({ name, state }) {
  if (state === "finished") return name;
  return gettext("{name} ({state})", { name, state: STATE_NAMES[state] });
}

/**
 * @param {State} state
 * @returns {boolean} whether the explanation belongs to the whole drawing
 */
export function isFresh({ explanation, prediction, isBusy }) {
  return explanation !== null && prediction === explanation && !isBusy;
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
    isFresh: isFresh(state),
    runs: joinRuns(state.trainings, state.histories),
    training: findRun(state),
  };
}
