/** When requests are sent: one question at a time, and each resource once. */

import { ProblemError, retryDelay } from "./http.js";

/**
 * How long an item that the server has refused for good is not requested again, ms. The server may be
 * restarted with another directory of models.
 */
const REFUSED_RETRY_MS = 15_000;

/**
 * Make a function that sends the newest question, and one at a time.
 *
 * While a response is awaited, later questions replace each other, so that no queue builds up. A
 * failed question is repeated until it is answered or replaced, unless the failure is final.
 * @template Question, Answer
 * @param {(question: Question) => Promise<Answer>} ask
 * @param {(question: Question, answer: Answer) => void} onAnswer
 * @param {(error: unknown) => boolean} onFailure returns whether repeating the question may help
 * @param {(one: Question, other: Question) => boolean} [isSame] a question that is pending is not
 *   sent again
 * @returns {(question: Question) => void}
 */
export function askLatest(ask, onAnswer, onFailure, isSame = () => false) {
  /** @type {{question: Question} | null} */
  let waiting = null;
  /** @type {{question: Question} | null} */
  let sent = null;

  const askNext = () => {
    if (!waiting || sent) return;
    const current = waiting;
    waiting = null;
    sent = current;
    ask(current.question).then(
      (answer) => {
        sent = null;
        onAnswer(current.question, answer);
        askNext();
      },
      (error) => {
        const mayHelp = onFailure(error);
        setTimeout(() => {
          sent = null;
          if (mayHelp) waiting ??= current;
          askNext();
        }, retryDelay(error));
      },
    );
  };

  return (question) => {
    const latest = waiting ?? sent;
    if (latest && isSame(latest.question, question)) return;
    waiting = { question };
    askNext();
  };
}

/**
 * Make a function that requests an item unless it is pending. A failed item can be requested again
 * after a delay.
 * @template Item, Answer
 * @param {object} resource
 * @param {(item: Item) => string} resource.toKey identifies an item
 * @param {(item: Item) => Promise<Answer>} resource.fetch
 * @param {(item: Item, answer: Answer) => void} resource.onAnswer
 * @param {(error: unknown) => void} resource.onFailure
 * @param {(error: unknown, isAnyPending: () => boolean) => void} resource.onRetry called when a
 *   failed item can be requested again
 * @returns {(item: Item) => void}
 */
export function requestOnce({ toKey, fetch, onAnswer, onFailure, onRetry }) {
  /** @type {Set<string>} Items that are being requested, or have failed a short time ago. */
  const pending = new Set();

  return (item) => {
    const key = toKey(item);
    if (pending.has(key)) return;
    pending.add(key);
    fetch(item).then(
      (answer) => {
        pending.delete(key);
        onAnswer(item, answer);
      },
      (error) => {
        onFailure(error);
        const isFinal = error instanceof ProblemError && error.isFinal;
        setTimeout(
          () => {
            pending.delete(key);
            onRetry(error, () => pending.size > 0);
          },
          isFinal ? REFUSED_RETRY_MS : retryDelay(error),
        );
      },
    );
  };
}
