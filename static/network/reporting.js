/** Requests whose failures the page shows until they succeed. */

import { ProblemError } from "./http.js";
import { describeDelay, describeProblem } from "./problems.js";
import { askLatest, requestOnce } from "./requests.js";

/** @typedef {import("../state/store.js").Store} Store */
/** @typedef {ReturnType<typeof createReporter>} Reporter */

/** @param {Store} store its `problems` get the messages */
export function createReporter(store) {
  /** @param {string} source @param {string} message empty without a problem */
  const setProblem = (source, message) => {
    const { problems } = store.state;
    if ((problems[source] ?? "") !== message) {
      store.change({ problems: { ...problems, [source]: message } });
    }
  };

  /** @param {string} source @param {unknown} error */
  const reportFailure = (source, error) => setProblem(source, describeFailure(error));

  return {
    setProblem,
    reportFailure,

    /**
     * Like `askLatest`, and the page shows a failure until the question is answered.
     * @template Question, Answer
     * @param {string} source of the message
     * @param {(question: Question) => Promise<Answer>} ask
     * @param {(question: Question, answer: Answer) => void} onAnswer
     * @param {(one: Question, other: Question) => boolean} [isSame]
     */
    createQuestion: (source, ask, onAnswer, isSame) =>
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
      ),

    /**
     * Like `requestOnce`, and the page shows a failure until the item arrives or is not needed.
     * @template Item, Answer
     * @param {string} source of the message
     * @param {object} resource
     * @param {(item: Item) => string} resource.toKey
     * @param {(item: Item) => Promise<Answer>} resource.fetch
     * @param {(item: Item, answer: Answer) => void} resource.onAnswer
     * @param {() => void} resource.requestMissing requests the item again, if it is still needed
     */
    createResource: (source, { toKey, fetch, onAnswer, requestMissing }) =>
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
      }),
  };
}

/** @param {unknown} error */
function isFinal(error) {
  return error instanceof ProblemError && error.isFinal;
}

/** @param {unknown} error */
function describeFailure(error) {
  const isRefused = error instanceof ProblemError && !error.isBusy;
  return isRefused ? describeProblem(error) : describeDelay(error);
}
