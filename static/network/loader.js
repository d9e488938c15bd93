/** Requests whatever the current view shows and the page does not have yet. */

import { findModel, findRun } from "../state/state.js";
import {
  fetchDigits,
  fetchEvaluation,
  fetchFrames,
  fetchHistories,
  fetchLiveWeights,
  fetchModels,
  fetchNormalizedInk,
  fetchWeights,
} from "./api.js";
import { ProblemError } from "./http.js";
import { askLatest, requestOnce } from "./requests.js";

/** @typedef {import("./api.js").ModelSummary} ModelSummary */
/** @typedef {import("../state/state.js").Training} Training */
/** @typedef {import("../state/store.js").Store} Store */

/** How many replays are kept, those shown last: each takes half a megabyte. */
const MAX_FRAMES = 4;

/** @typedef {ReturnType<typeof createLoader>} Loader */

/**
 * @param {Store} store
 * @param {() => void} onFirstModels called once, when the models have been listed
 */
export function createLoader(store, onFirstModels) {
  const { change } = store;
  /** Versions of the recorded trainings: the server's, and the one in the state. */
  let newestHistories = 1;
  let loadedHistories = 0;
  let hasModels = false;
  let isGalleryOpened = false;

  /** @param {string} source @param {string} message empty without a problem */
  const setProblem = (source, message) => {
    const { problems } = store.state;
    if ((problems[source] ?? "") !== message)
      change({ problems: { ...problems, [source]: message } });
  };

  /** @param {string} source @param {unknown} error */
  const reportFailure = (source, error) => setProblem(source, describeFailure(error));

  /**
   * Like `askLatest`, and the page shows a failure until the question is answered.
   * @template Question, Answer
   * @param {string} source of the message
   * @param {(question: Question) => Promise<Answer>} ask
   * @param {(question: Question, answer: Answer) => void} onAnswer
   * @param {(one: Question, other: Question) => boolean} [isSame]
   */
  const createQuestion = (source, ask, onAnswer, isSame) =>
    askLatest(
      ask,
      (/** @type {Question} */ question, /** @type {Answer} */ answer) => {
        setProblem(source, "");
        onAnswer(question, answer);
      },
      (error) => {
        reportFailure(source, error);
        return !isFinal(error);
      },
      isSame,
    );

  /**
   * Like `requestOnce`, and the page shows a failure until the item arrives or is not needed.
   * @template Item, Answer
   * @param {string} source of the message
   * @param {(item: Item) => string} toKey
   * @param {(item: Item) => Promise<Answer>} fetch
   * @param {(item: Item, answer: Answer) => void} onAnswer
   */
  const createResource = (source, toKey, fetch, onAnswer) =>
    requestOnce({
      toKey,
      fetch,
      onAnswer(/** @type {Item} */ item, /** @type {Answer} */ answer) {
        setProblem(source, "");
        onAnswer(item, answer);
      },
      onFailure: (error) => reportFailure(source, error),
      onRetry(error, isAnyPending) {
        if (isFinal(error)) return;
        requestMissing();
        if (!isAnyPending()) setProblem(source, "");
      },
    });

  const requestModels = createQuestion(
    "models",
    (/** @type {void} */ _question) => fetchModels(),
    (_question, { models, default: defaultName }) => {
      if (hasModels && hasOther(models, store.state.models)) newestHistories++;
      change({ models, defaultModel: defaultName ?? "" });
      if (!hasModels) {
        hasModels = true;
        onFirstModels();
      } else if (!findModel(store.state, store.state.model)) {
        change({ model: store.state.defaultModel });
      }
    },
  );

  const requestWeights = createResource(
    "weights",
    (/** @type {ModelSummary} */ { digest }) => digest,
    fetchWeights,
    ({ digest }, weights) => {
      const { state } = store;
      change({ weights: withListed(state.models, state.weights, digest, weights) });
    },
  );

  const requestEvaluation = createResource(
    "evaluation",
    (/** @type {ModelSummary} */ { digest }) => digest,
    fetchEvaluation,
    ({ digest }, evaluation) => {
      const { state } = store;
      change({ evaluations: withListed(state.models, state.evaluations, digest, evaluation) });
    },
  );

  const requestDigits = createResource(
    "digits",
    () => "",
    fetchDigits,
    (_item, sampleDigits) => change({ sampleDigits }),
  );

  const requestHistories = createResource(
    "histories",
    (/** @type {number} */ version) => String(version),
    fetchHistories,
    (version, histories) => {
      if (version < loadedHistories) return;
      loadedHistories = version;
      change({ histories });
    },
  );

  const requestFrames = createResource(
    "replay",
    (/** @type {Training} */ { digest }) => digest,
    fetchFrames,
    ({ digest }, frames) => {
      const others = [...store.state.frames].filter(([key]) => key !== digest);
      const all = [...others, /** @type {const} */ ([digest, frames])];
      change({ frames: new Map(all.slice(-MAX_FRAMES)) });
    },
  );

  const requestLiveWeights = askLatest(
    fetchLiveWeights,
    (/** @type {Training} */ { run, digest }, weights) => {
      change({ liveWeights: { run, digest, weights } });
    },
    // The training may have ended, and whether the server is reachable shows in the next poll.
    () => false,
    (one, other) => one.digest === other.digest,
  );

  const requestNormalizedInk = createQuestion(
    "pixels",
    (/** @type {{pixels: Uint8Array, model: ModelSummary}} */ { pixels, model }) =>
      fetchNormalizedInk(pixels, model),
    ({ pixels, model }, ink) => {
      const { picture, normalizedInk } = store.state;
      if (picture?.pixels !== pixels) return;
      change({ normalizedInk: new Map([...normalizedInk, [model.normalization, ink]]) });
    },
    (one, other) => one.pixels === other.pixels && one.model.digest === other.model.digest,
  );

  const requestMissingWeights = () => {
    const { state } = store;
    for (const name of [state.model, state.comparedModel]) {
      const model = findModel(state, name);
      if (model && !state.weights.has(model.digest)) requestWeights(model);
    }
  };

  /**
   * Request the drawing's pixels under another normalization than the chosen model's.
   * @param {string | undefined} normalization
   */
  const requestMissingInk = (normalization) => {
    const { model: chosen, models, normalizedInk, picture } = store.state;
    const isOther = normalization !== findModel(store.state, chosen)?.normalization;
    if (!isOther || !normalization || !picture || normalizedInk.has(normalization)) return;
    const model = models.find((one) => one.normalization === normalization);
    if (model) requestNormalizedInk({ pixels: picture.pixels, model });
  };

  const requestMissingTraining = () => {
    const { state } = store;
    if (loadedHistories < newestHistories) requestHistories(newestHistories);
    const training = findRun(state);
    if (training?.state === "running") {
      if (state.liveWeights?.digest !== training.digest) requestLiveWeights(training);
    } else if (training?.curves.steps.length && !state.frames.has(training.digest)) {
      requestFrames(training);
    }
    requestMissingInk(training?.normalization);
  };

  const requestMissing = () => {
    const { state } = store;
    requestMissingWeights();
    const needsDigits = state.view === "guide" || state.meanDigit !== null || isGalleryOpened;
    if (needsDigits && !state.sampleDigits) requestDigits(undefined);
    if (state.view === "weights") {
      requestMissingInk(findModel(state, state.comparedModel)?.normalization);
    }
    if (state.view === "accuracy") {
      const model = findModel(state, state.model);
      if (model?.evaluation && !state.evaluations.has(model.digest)) requestEvaluation(model);
    }
    if (state.view === "training") requestMissingTraining();
  };
  store.subscribe(requestMissing);

  return {
    createQuestion,
    reportFailure,
    requestModels: () => requestModels(undefined),
    setProblem,

    /** The gallery of sample digits has been opened. */
    openGallery() {
      isGalleryOpened = true;
      requestMissing();
    },

    /** Request the recorded trainings again: one has ended, or the models have changed. */
    renewHistories() {
      newestHistories++;
      requestMissing();
    },
  };
}

/**
 * @param {readonly ModelSummary[]} models
 * @param {readonly ModelSummary[]} known
 */
function hasOther(models, known) {
  const digests = new Set(known.map(({ digest }) => digest));
  return models.length !== digests.size || models.some(({ digest }) => !digests.has(digest));
}

/**
 * @template Item
 * @param {readonly ModelSummary[]} models
 * @param {ReadonlyMap<string, Item>} items by the model's digest
 * @param {string} digest
 * @param {Item} item
 * @returns {ReadonlyMap<string, Item>} with the item, and without those of replaced models
 */
function withListed(models, items, digest, item) {
  const listed = new Set(models.map((model) => model.digest));
  return new Map(
    [...items, /** @type {const} */ ([digest, item])].filter(([key]) => listed.has(key)),
  );
}

/** @param {unknown} error */
function isFinal(error) {
  return error instanceof ProblemError && error.isFinal;
}

/** @param {unknown} error */
function describeFailure(error) {
  if (!(error instanceof ProblemError)) {
    return "The server cannot be reached. Your drawing is kept; trying again…";
  }
  return error.isBusy
    ? "The server is busy. Your drawing is kept; trying again…"
    : `The server refused: ${error.message}`;
}
