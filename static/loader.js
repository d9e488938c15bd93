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
import { findModel, findRun } from "./state.js";

/** @typedef {import("./api.js").ModelSummary} ModelSummary */
/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Training} Training */

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
   */
  const createRequest = (source, ask, onAnswer) =>
    askLatest(
      ask,
      (/** @type {Question} */ question, /** @type {Answer} */ answer) => {
        setProblem(source, "");
        onAnswer(question, answer);
        render();
      },
      (error) => {
        reportFailure(source, error);
        return !(error instanceof ProblemError && error.isFinal);
      },
    );

  const askWeights = createRequest(
    "weights",
    (/** @type {ModelSummary[]} */ models) => Promise.all(models.map(fetchWeights)),
    (models, found) => {
      const entries = models.map(({ digest }, index) => {
        return /** @type {const} */ ([digest, found[index]]);
      });
      // Those of models that have been replaced are not asked for again.
      const listed = new Set(state.models.map(({ digest }) => digest));
      const all = [...state.weights, ...entries];
      state.weights = new Map(all.filter(([digest]) => listed.has(digest)));
    },
  );

  const askDigits = createRequest("digits", fetchDigits, (_question, samples) => {
    state.samples = samples;
  });

  const askHistories = createRequest("histories", fetchHistories, (_question, histories) => {
    state.histories = histories;
    needAll();
  });

  const askFrames = createRequest(
    "replay",
    fetchFrames,
    (/** @type {Training} */ { digest }, frames) => {
      // Half a megabyte each: only the one that is looked at is kept.
      state.frames = new Map([[digest, frames]]);
    },
  );

  const askLiveWeights = askLatest(
    fetchLiveWeights,
    (/** @type {Training} */ { run }, weights) => {
      state.live = { run, weights };
      render();
    },
    // It may have ended in between; whether the server is there, the next look tells.
    () => false,
  );

  const askSeen = createRequest(
    "pixels",
    (/** @type {{pixels: Uint8Array, model: ModelSummary}} */ { pixels, model }) =>
      fetchSeen(pixels, model),
    ({ pixels, model }, seen) => {
      if (state.picture?.pixels !== pixels) return;
      state.seen = new Map([...state.seen, [model.normalization, seen]]);
    },
  );

  const askEvaluation = createRequest(
    "evaluation",
    fetchEvaluation,
    (/** @type {ModelSummary} */ { digest }, evaluation) => {
      state.evaluations = new Map([[digest, evaluation]]);
    },
  );

  const needDigits = () => {
    if (!state.samples) askDigits(undefined);
  };

  const needWeights = () => {
    const shown = [state.model, state.beside].map((name) => findModel(state, name));
    const missing = shown.filter((model) => model && !state.weights.has(model.digest));
    if (missing.length) askWeights(/** @type {ModelSummary[]} */ (missing));
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
    if (state.view === "guide" || state.mean !== null) needDigits();
    if (state.view === "weights") needSeen(findModel(state, state.beside)?.normalization);
    if (state.view === "accuracy") {
      const model = findModel(state, state.model);
      if (model?.evaluation && !state.evaluations.has(model.digest)) askEvaluation(model);
    }
    if (state.view === "training") {
      const training = findRun(state);
      if (training?.state === "running") askLiveWeights(training);
      else if (training?.curves.steps.length && !state.frames.has(training.digest)) {
        askFrames(training);
      }
      needSeen(training?.normalization);
    }
  };

  return {
    createRequest,
    needAll,
    needDigits,
    reportFailure,
    setProblem,
    needHistories: () => askHistories(undefined),
  };
}
