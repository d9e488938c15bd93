/** "Was it right?": yes, or the digit that it was. */

import { find, findAll, setText } from "../components/dom.js";
import { ALL_DIGITS } from "../numbers/regression.js";

/** @typedef {import("../state/state.js").Change} Change */
/** @typedef {import("../state/state.js").State} State */

/** @param {Change} change */
export function createQuestion(change) {
  const yes = find("#was-right", HTMLButtonElement);
  const buttons = findAll("#was-digit button", HTMLButtonElement);
  /** @type {number | undefined} */
  let answered;
  yes.addEventListener("click", () => {
    if (answered !== undefined) change({ label: answered });
  });
  for (const digit of ALL_DIGITS) {
    buttons[digit].addEventListener("click", () => change({ label: digit }));
  }

  return {
    /** @param {State} state @param {boolean} isOpen whether it can be answered now */
    show({ prediction, label }, isOpen) {
      answered = prediction?.digit;
      setText(yes, answered === undefined ? "Yes" : `Yes, a ${answered}`);
      yes.ariaPressed = String(label !== null && label === answered);
      yes.disabled = !isOpen;
      buttons.forEach((button, digit) => {
        button.ariaPressed = String(digit === label);
        button.disabled = !isOpen;
      });
    },
  };
}
