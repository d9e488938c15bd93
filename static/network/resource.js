/** What the server has and views show: asked for once while an answer is awaited, and kept. */

import { retryDelay } from "./api.js";

/**
 * Make a function that asks for an item, unless it is being asked for already. A failure is not
 * kept: after a while it may be asked for again.
 * @template Item, Answer
 * @param {object} how
 * @param {(item: Item) => string} how.toKey what tells items apart
 * @param {(item: Item) => Promise<Answer>} how.fetch
 * @param {(item: Item, answer: Answer) => void} how.onAnswer
 * @param {(error: unknown) => void} how.onFailure
 * @param {(error: unknown, isAnyPending: () => boolean) => void} how.onRetry a failed item may be
 *   asked for again, if it is still needed
 * @returns {(item: Item) => void}
 */
export function createResource({ toKey, fetch, onAnswer, onFailure, onRetry }) {
  /** @type {Set<string>} what is asked for, or has failed a moment ago */
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
        setTimeout(() => {
          pending.delete(key);
          onRetry(error, () => pending.size > 0);
        }, retryDelay(error));
      },
    );
  };
}
