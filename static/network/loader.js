/** What the views need from the server: asked for when it is to be shown, and kept while it is true. */

import {
  ProblemError,
  fetchDigits,
  fetchEvaluation,
  fetchFrames,
  fetchHistories,
  fetchLiveWeights,
  fetchSeen,
  fetchWeights,
} from "./api.js";
import { askLatest } from "./latest.js";
import { createResource } from "./resource.js";
import { findModel, findRun } from "../state/state.js";

/** @typedef {import("./api.js").ModelSummary} ModelSummary */
/** @typedef {import("../state/state.js").State} State */
/** @typedef {import("../state/state.js").Training} Training */

/** Half a megabyte each: so many of those that were looked at last are kept. */
const MAX_FRAMES = 4;

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

/**
 * @param {State} state gets what was fetched, and what keeps it away
 * @param {() => void} render shows the state
 */
export function createLoader(state, render) {
  /** How often the remembered trainings have changed, and which of these changes are here. */
  let histories = 1;
  let knownHistories = 0;
  let isGalleryOpened = false;

  /** @param {string} source @param {string} words empty when all is well */
  const setProblem = (source, words) => {
    if ((state.problems[source] ?? "") !== words) {
      state.problems = { ...state.problems, [source]: words };
    }
  };

  /** @param {string} source @param {unknown} error */
  const reportFailure = (source, error) => {
    setProblem(source, describeFailure(error));
    render();
  };

  /**
   * Like `askLatest`, and the page says what goes wrong until it goes well.
   * @template Question, Answer
   * @param {string} source what is asked for
   * @param {(question: Question) => Promise<Answer>} ask
   * @param {(question: Question, answer: Answer) => void} onAnswer
   * @param {(one: Question, other: Question) => boolean} [isSame]
   */
  const createRequest = (source, ask, onAnswer, isSame) =>
    askLatest(
      ask,
      (/** @type {Question} */ question, /** @type {Answer} */ answer) => {
        setProblem(source, "");
        onAnswer(question, answer);
        render();
      },
      (error) => {
        reportFailure(source, error);
        return !isFinal(error);
      },
      isSame,
    );

  /**
   * Like `createResource`, and the page says what goes wrong until it goes well, or is no longer
   * needed.
   * @template Item, Answer
   * @param {string} source what is asked for
   * @param {(item: Item) => string} toKey
   * @param {(item: Item) => Promise<Answer>} fetch
   * @param {(item: Item, answer: Answer) => void} onAnswer
   */
  const createKept = (source, toKey, fetch, onAnswer) =>
    createResource({
      toKey,
      fetch,
      onAnswer(/** @type {Item} */ item, /** @type {Answer} */ answer) {
        setProblem(source, "");
        onAnswer(item, answer);
        render();
      },
      onFailure: (error) => reportFailure(source, error),
      onRetry(error, isAnyPending) {
        if (isFinal(error)) return;
        needAll();
        if (isAnyPending()) return;
        setProblem(source, "");
        render();
      },
    });

  const askWeights = createKept(
    "weights",
    (/** @type {ModelSummary} */ { digest }) => digest,
    fetchWeights,
    ({ digest }, weights) => {
      state.weights = keepListed(state.weights, digest, weights);
    },
  );

  const askEvaluation = createKept(
    "evaluation",
    (/** @type {ModelSummary} */ { digest }) => digest,
    fetchEvaluation,
    ({ digest }, evaluation) => {
      state.evaluations = keepListed(state.evaluations, digest, evaluation);
    },
  );

  /**
   * @template Kept
   * @param {ReadonlyMap<string, Kept>} all by the model's digest
   * @param {string} digest
   * @param {Kept} one
   * @returns {ReadonlyMap<string, Kept>} without those of models that have been replaced
   */
  const keepListed = (all, digest, one) => {
    const listed = new Set(state.models.map((model) => model.digest));
    return new Map([...all, /** @type {const} */ ([digest, one])].filter(([key]) => listed.has(key)));
  };

  const askDigits = createKept(
    "digits",
    () => "",
    fetchDigits,
    (_item, samples) => {
      state.samples = samples;
    },
  );

  const askHistories = createKept(
    "histories",
    (/** @type {number} */ version) => String(version),
    fetchHistories,
    (version, histories) => {
      if (version < knownHistories) return;
      knownHistories = version;
      state.histories = histories;
      needAll();
    },
  );

  const askFrames = createKept(
    "replay",
    (/** @type {Training} */ { digest }) => digest,
    fetchFrames,
    ({ digest }, frames) => {
      const others = [...state.frames].filter(([key]) => key !== digest);
      state.frames = new Map([...others, /** @type {const} */ ([digest, frames])].slice(-MAX_FRAMES));
    },
  );

  const askLiveWeights = askLatest(
    fetchLiveWeights,
    (/** @type {Training} */ { run, digest }, weights) => {
      state.live = { run, digest, weights };
      render();
    },
    // It may have ended in between; whether the server is there, the next look tells.
    () => false,
    (one, other) => one.digest === other.digest,
  );

  const askSeen = createRequest(
    "pixels",
    (/** @type {{pixels: Uint8Array, model: ModelSummary}} */ { pixels, model }) =>
      fetchSeen(pixels, model),
    ({ pixels, model }, seen) => {
      if (state.picture?.pixels !== pixels) return;
      state.seen = new Map([...state.seen, [model.normalization, seen]]);
    },
    (one, other) => one.pixels === other.pixels && one.model.digest === other.model.digest,
  );

  const needWeights = () => {
    for (const name of [state.model, state.beside]) {
      const model = findModel(state, name);
      if (model && !state.weights.has(model.digest)) askWeights(model);
    }
  };

  /**
   * The drawing as another normalisation than the chosen model's leaves it.
   * @param {string | undefined} normalization
   */
  const needSeen = (normalization) => {
    const isOther = normalization !== findModel(state, state.model)?.normalization;
    if (!isOther || !normalization || !state.picture || state.seen.has(normalization)) return;
    const model = state.models.find((one) => one.normalization === normalization);
    if (model) askSeen({ pixels: state.picture.pixels, model });
  };

  /** Ask for what the view shows and is not here yet. */
  const needAll = () => {
    needWeights();
    const hasDigits = state.view === "guide" || state.mean !== null || isGalleryOpened;
    if (hasDigits && !state.samples) askDigits(undefined);
    if (state.view === "weights") needSeen(findModel(state, state.beside)?.normalization);
    if (state.view === "accuracy") {
      const model = findModel(state, state.model);
      if (model?.evaluation && !state.evaluations.has(model.digest)) askEvaluation(model);
    }
    if (state.view === "training") {
      if (knownHistories < histories) askHistories(histories);
      const training = findRun(state);
      if (training?.state === "running") {
        if (state.live?.digest !== training.digest) askLiveWeights(training);
      } else if (training?.curves.steps.length && !state.frames.has(training.digest)) {
        askFrames(training);
      }
      needSeen(training?.normalization);
    }
  };

  return {
    createRequest,
    needAll,
    reportFailure,
    setProblem,

    needDigits() {
      isGalleryOpened = true;
      needAll();
    },

    /** A training has ended, or models are others: what is remembered of trainings is too. */
    forgetHistories() {
      histories++;
    },
  };
}
