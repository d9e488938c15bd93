/** "Was it right?": yes, or the digit that it was. */

import { find, findAll, setText } from "../components/dom.js";
import { gettext } from "../language/messages.js";
import { ALL_DIGITS } from "../numbers/regression.js";
import { whenChanged } from "../state/memo.js";

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

  const show = whenChanged(
    (
      /** @type {number | null} */ label,
      /** @type {boolean} */ isOpen,
      /** @type {number | undefined} */ digit,
    ) => {
      answered = digit;
      setText(yes, digit === undefined ? gettext("Yes") : gettext("Yes, a {digit}", { digit }));
      yes.ariaPressed = String(label !== null && label === digit);
      yes.disabled = !isOpen;
      buttons.forEach((button, other) => {
        button.ariaPressed = String(other === label);
        button.disabled = !isOpen;
      });
    },
  );

  return {
    /** @param {State} state @param {boolean} isOpen whether it can be answered now */
    show: ({ prediction, label }, isOpen) => show(label, isOpen, prediction?.digit),
  };
}
