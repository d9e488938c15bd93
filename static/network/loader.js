/** Requests whatever the current view shows and the page does not have yet. */

import { comparedModels, findModel, findRun, recipeModels } from "../state/state.js";
import {
  fetchDigits,
  fetchEvaluation,
  fetchFrames,
  fetchHistories,
  fetchLiveWeights,
  fetchModels,
  fetchNormalizedInk,
  fetchTransformations,
  fetchWeights,
} from "./api.js";
import { askLatest } from "./requests.js";

/** @typedef {import("./api.js").ModelSummary} ModelSummary */
/** @typedef {import("./reporting.js").Reporter} Reporter */
/** @typedef {import("../state/state.js").Training} Training */
/** @typedef {import("../state/store.js").Store} Store */
/** @typedef {ReturnType<typeof createLoader>} Loader */

/** The step of the guide that shows a model of each recipe. */
const MODELS_STEP = 7;

/** How many replays are kept, those loaded last: each takes half a megabyte. */
const MAX_FRAMES = 4;

/**
 * @param {Store} store
 * @param {Reporter} reporter
 * @param {() => void} onFirstModels called once, when the models have been listed
 */
export function createLoader(store, reporter, onFirstModels) {
  const trainings = createTrainingLoader(store, reporter);
  const models = createModelLoader(store, reporter, onFirstModels, trainings.renew);
  const samples = createSampleLoader(store, reporter);
  const ink = createInkLoader(store, reporter);
  for (const { requestMissing } of [models, samples, trainings, ink]) {
    store.subscribe(requestMissing);
  }

  return {
    requestModels: models.requestModels,
    renewHistories: trainings.renew,
    hasHistories: trainings.isCurrent,
    openGallery: samples.openGallery,
  };
}

/**
 * The list of models, and each one's weights and evaluation.
 * @param {Store} store
 * @param {Reporter} reporter
 * @param {() => void} onFirstModels
 * @param {() => void} onOtherModels called when a model was added, replaced or deleted
 */
function createModelLoader(store, reporter, onFirstModels, onOtherModels) {
  let isListed = false;

  const requestModels = reporter.createQuestion(
    "models",
    (/** @type {void} */ _question) => fetchModels(),
    (_question, { models, default: defaultName }) => {
      const hasChanged = isListed && hasOther(models, store.state.models);
      store.change({ models, defaultModel: defaultName ?? "" });
      if (hasChanged) onOtherModels();
      if (!isListed) {
        isListed = true;
        onFirstModels();
      }
    },
  );

  const requestWeights = reporter.createResource("weights", {
    toKey: (/** @type {ModelSummary} */ { digest }) => digest,
    fetch: fetchWeights,
    onAnswer({ digest }, weights) {
      const { state } = store;
      store.change({ weights: withListed(state.models, state.weights, digest, weights) });
    },
    requestMissing,
  });

  const requestEvaluation = reporter.createResource("evaluation", {
    toKey: (/** @type {ModelSummary} */ { digest }) => digest,
    fetch: fetchEvaluation,
    onAnswer({ digest }, evaluation) {
      const { state } = store;
      store.change({
        evaluations: withListed(state.models, state.evaluations, digest, evaluation),
      });
    },
    requestMissing,
  });

  function requestMissing() {
    const { state } = store;
    for (const model of [findModel(state, state.model), ...shownModels(state)]) {
      if (model && !state.weights.has(model.digest)) requestWeights(model);
    }
    const model = state.view === "accuracy" ? findModel(state, state.model) : undefined;
    if (model?.evaluation && !state.evaluations.has(model.digest)) requestEvaluation(model);
  }

  return { requestMissing, requestModels: () => requestModels(undefined) };
}

/**
 * The sample digits and the mean images.
 * @param {Store} store
 * @param {Reporter} reporter
 */
function createSampleLoader(store, reporter) {
  let isGalleryOpened = false;

  const requestDigits = reporter.createResource("digits", {
    toKey: () => "",
    fetch: fetchDigits,
    onAnswer: (_item, sampleDigits) => store.change({ sampleDigits }),
    requestMissing,
  });

  function requestMissing() {
    const { view, meanDigit, sampleDigits } = store.state;
    const isNeeded = view === "guide" || meanDigit !== null || isGalleryOpened;
    if (isNeeded && !sampleDigits) requestDigits(undefined);
  }

  return {
    requestMissing,
    openGallery() {
      isGalleryOpened = true;
      requestMissing();
    },
  };
}

/**
 * The recorded trainings, their replays, and the weights of a running training.
 * @param {Store} store
 * @param {Reporter} reporter
 */
function createTrainingLoader(store, reporter) {
  /** Versions of the recorded trainings: the one to request, and the one in the state. */
  let newest = 1;
  let loaded = 0;

  const requestHistories = reporter.createResource("histories", {
    toKey: (/** @type {number} */ version) => String(version),
    fetch: fetchHistories,
    onAnswer(version, histories) {
      if (version < loaded) return;
      loaded = version;
      store.change({ histories });
    },
    requestMissing,
  });

  const requestFrames = reporter.createResource("replay", {
    toKey: (/** @type {Training} */ { digest }) => digest,
    fetch: fetchFrames,
    onAnswer({ digest }, frames) {
      const others = [...store.state.frames].filter(([key]) => key !== digest);
      const all = [...others, /** @type {const} */ ([digest, frames])];
      store.change({ frames: new Map(all.slice(-MAX_FRAMES)) });
    },
    requestMissing,
  });

  const requestLiveWeights = askLatest(
    fetchLiveWeights,
    (/** @type {Training} */ { run, digest }, weights) => {
      store.change({ liveWeights: { run, digest, weights } });
    },
    // The training may have ended, and whether the server is reachable shows in the next poll.
    () => false,
    (one, other) => one.digest === other.digest,
  );

  function requestMissing() {
    const { state } = store;
    if (state.view !== "training") return;
    if (loaded < newest) requestHistories(newest);
    const training = findRun(state);
    if (training?.state === "running") {
      if (state.liveWeights?.digest !== training.digest) requestLiveWeights(training);
    } else if (training?.curves.steps.length && !state.frames.has(training.digest)) {
      requestFrames(training);
    }
  }

  return {
    requestMissing,
    isCurrent: () => loaded === newest,
    /** Request the recorded trainings again: one has ended, or the models have changed. */
    renew() {
      newest++;
      requestMissing();
    },
  };
}

/**
 * What the view needs to show the drawing as other models or a training see it: its pixels under
 * other normalizations than the chosen model's, and the sets of transformations.
 * @param {Store} store
 * @param {Reporter} reporter
 */
function createInkLoader(store, reporter) {
  const requestTransformations = reporter.createResource("transformations", {
    toKey: () => "",
    fetch: fetchTransformations,
    onAnswer: (_item, transformationSets) => store.change({ transformationSets }),
    requestMissing,
  });

  const requestInk = reporter.createQuestion(
    "pixels",
    (/** @type {{pixels: Uint8Array, model: ModelSummary}} */ { pixels, model }) =>
      fetchNormalizedInk(pixels, model),
    ({ pixels, model }, ink) => {
      const { picture, normalizedInk } = store.state;
      if (picture?.pixels !== pixels) return;
      store.change({ normalizedInk: new Map([...normalizedInk, [model.normalization, ink]]) });
    },
    (one, other) => one.pixels === other.pixels && one.model.digest === other.model.digest,
  );

  function requestMissing() {
    const { state } = store;
    const { models, normalizedInk, picture, transformationSets } = state;
    const run = state.view === "training" ? findRun(state) : undefined;
    const shown = run ? [run] : shownModels(state);
    if (
      shown.some(
        ({ transformations }) => transformations !== "none" && !transformationSets[transformations],
      )
    ) {
      requestTransformations(undefined);
    }
    const own = findModel(state, state.model)?.normalization;
    const missing = shown.find(
      ({ normalization }) => normalization !== own && !normalizedInk.has(normalization),
    );
    const model = models.find((one) => one.normalization === missing?.normalization);
    if (model && picture) requestInk({ pixels: picture.pixels, model });
  }

  return { requestMissing };
}

/**
 * @param {import("../state/state.js").State} state
 * @returns {ModelSummary[]} the models that the view shows besides the chosen one
 */
function shownModels(state) {
  if (state.view === "guide" && state.guideStep === MODELS_STEP) return recipeModels(state);
  return state.view === "weights" ? comparedModels(state) : [];
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
  const all = [...items, /** @type {const} */ ([digest, item])];
  return new Map(all.filter(([key]) => listed.has(key)));
}
