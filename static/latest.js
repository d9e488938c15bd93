/** One request at a time, and the newest question wins. */

import { retryDelay } from "./api.js";

/**
 * Make a function that asks for the newest of the questions put to it.
 *
 * While an answer is awaited, later questions replace each other, so that nothing queues. A failed
 * question is put again until it is answered or replaced, unless the failure is final.
 * @template Question, Answer
 * @param {(question: Question) => Promise<Answer>} ask
 * @param {(question: Question, answer: Answer) => void} onAnswer
 * @param {(error: unknown) => boolean} onFailure tells whether asking again may help
 * @returns {(question: Question) => void}
 */
export function askLatest(ask, onAnswer, onFailure) {
  /** @type {{question: Question} | null} */
  let waiting = null;
  let asking = false;

  const askNext = () => {
    if (!waiting || asking) return;
    const current = waiting;
    waiting = null;
    asking = true;
    ask(current.question).then(
      (answer) => {
        asking = false;
        onAnswer(current.question, answer);
        askNext();
      },
      (error) => {
        const again = onFailure(error);
        setTimeout(() => {
          asking = false;
          if (again) waiting ??= current;
          askNext();
        }, retryDelay(error));
      },
    );
  };

  return (question) => {
    waiting = { question };
    askNext();
  };
}
