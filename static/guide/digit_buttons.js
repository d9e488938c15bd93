/** A row of ten buttons that choose a digit. */

import { findAll } from "../components/dom.js";
import { ALL_DIGITS } from "../numbers/regression.js";

/**
 * @param {HTMLElement} section
 * @param {(digit: number) => void} choose
 * @returns {(chosen: number | null) => void}
 */
export function createDigitButtons(section, choose) {
  const buttons = findAll(".labels button", HTMLButtonElement, section);
  for (const digit of ALL_DIGITS) buttons[digit].addEventListener("click", () => choose(digit));
  return (chosen) => {
    buttons.forEach((button, digit) => {
      button.ariaPressed = String(digit === chosen);
    });
  };
}
