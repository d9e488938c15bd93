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
 * @param {(one: Question, other: Question) => boolean} [isSame] what is asked already is not asked
 *   once more
 * @returns {(question: Question) => void}
 */
export function askLatest(ask, onAnswer, onFailure, isSame = () => false) {
  /** @type {{question: Question} | null} */
  let waiting = null;
  /** @type {{question: Question} | null} */
  let asked = null;

  const askNext = () => {
    if (!waiting || asked) return;
    const current = waiting;
    waiting = null;
    asked = current;
    ask(current.question).then(
      (answer) => {
        asked = null;
        onAnswer(current.question, answer);
        askNext();
      },
      (error) => {
        const again = onFailure(error);
        setTimeout(() => {
          asked = null;
          if (again) waiting ??= current;
          askNext();
        }, retryDelay(error));
      },
    );
  };

  return (question) => {
    const latest = waiting ?? asked;
    if (latest && isSame(latest.question, question)) return;
    waiting = { question };
    askNext();
  };
}
