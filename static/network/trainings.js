/** Polls the server for running trainings, so that a change shows within a second. */

import { createRunCheck } from "../state/runs.js";
import { findModel, findRun } from "../state/state.js";
import { fetchTrainings } from "./api.js";
import { retryDelay } from "./http.js";

/** @typedef {import("./api.js").Training} Training */
/** @typedef {import("./loader.js").Loader} Loader */
/** @typedef {import("./reporting.js").Reporter} Reporter */
/** @typedef {import("../state/store.js").Store} Store */

const POLL_MS = 500;

/**
 * Keep the state's trainings current. When one has ended, request the models and recorded trainings
 * again.
 * @param {Store} store
 * @param {Reporter} reporter
 * @param {Loader} loader
 */
export function watchTrainings(store, reporter, loader) {
  const checkRuns = createRunCheck();
  let isFirst = true;

  /** @param {readonly Training[]} trainings */
  const update = (trainings) => {
    const { state } = store;
    const changed = findChanged(state.trainings, trainings);
    const wasFirst = isFirst;
    isFirst = false;
    if (changed.length === 0 && trainings.length === state.trainings.length) return;
    const followed = findRun(state);
    const running = state.trainings.filter((training) => training.state === "running");
    const wasRunning = new Set(running.map(({ run }) => run));
    const ended = changed.filter((training) => training.state !== "running");
    const endedTraining = ended.find(({ run }) => wasRunning.has(run)) ?? state.endedTraining;
    // A training that is being watched stays selected when it ends.
    const isFollowed =
      state.view === "training" && endedTraining !== null && endedTraining.run === followed?.run;
    store.change({ trainings, endedTraining, ...(isFollowed ? { run: followed.run } : {}) });

    // When the page is opened, trainings that ended earlier are not news unless a model is missing.
    if (wasFirst ? ended.some((training) => lacksModel(store.state, training)) : ended.length) {
      loader.renewHistories();
      loader.requestModels();
    }
  };

  poll({
    onTrainings(trainings) {
      update(trainings);
      // The address was read before the trainings were known.
      const changes = loader.hasHistories() && checkRuns(store.state);
      if (changes) store.change(changes);
    },
    onReturn() {
      reporter.setProblem("server", "");
      loader.renewHistories();
      loader.requestModels();
    },
    onFailure: (error) => reporter.reportFailure("server", error),
  });
}

/**
 * @param {object} listener
 * @param {(trainings: Training[]) => void} listener.onTrainings gets the response of each poll
 * @param {() => void} listener.onReturn called when the server can be reached again
 * @param {(error: unknown) => void} listener.onFailure
 */
function poll({ onTrainings, onReturn, onFailure }) {
  let isAway = false;

  const next = () => {
    // A hidden tab needs no news.
    const response = document.hidden ? Promise.resolve(null) : fetchTrainings();
    response.then(
      (trainings) => {
        setTimeout(next, POLL_MS);
        if (!trainings) return;
        if (isAway) onReturn();
        isAway = false;
        onTrainings(trainings);
      },
      (error) => {
        setTimeout(next, retryDelay(error));
        isAway = true;
        onFailure(error);
      },
    );
  };
  next();
}

/**
 * @param {readonly Training[]} before
 * @param {readonly Training[]} now
 * @returns {Training[]} the new and the changed ones
 */
function findChanged(before, now) {
  const known = new Map(before.map((training) => [training.name, training]));
  return now.filter(({ name, digest, state }) => {
    const training = known.get(name);
    return training?.digest !== digest || training.state !== state;
  });
}

/**
 * @param {import("../state/state.js").State} state
 * @param {Training} training
 * @returns {boolean} whether it has finished since the models were listed
 */
function lacksModel(state, training) {
  const isListed = state.models.length === 0 || findModel(state, training.name) !== undefined;
  return training.state === "finished" && !isListed;
}
