/** A confusion matrix: a row for each true digit, a column for each predicted one. */

import { formatNumber, formatPercent } from "../language/format.js";
import { ALL_DIGITS, DIGITS } from "../numbers/regression.js";
import { whenChanged } from "../state/memo.js";
import { createProbability } from "./bars.js";
import { findAll, setText } from "./dom.js";

/**
 * @param {HTMLTableElement} table as in templates/confusion.html
 * @param {(count: number, values: {label: number, digit: number, percent: string}) => string} describe
 *   a cell, for screen readers
 * @param {(cell: [number, number]) => void} choose called with the label and digit of a pressed cell
 */
export function createConfusion(table, describe, choose) {
  const buttons = findAll("tbody button", HTMLButtonElement, table);
  const shares = findAll("tbody .right", HTMLElement, table).map(createProbability);

  buttons.forEach((button, index) => {
    const label = Math.floor(index / DIGITS);
    button.addEventListener("click", () => choose([label, index % DIGITS]));
  });

  /**
   * @param {number[][] | undefined} confusion counts by label and digit; undefined until they are known
   * @param {[number, number] | null} cell the pressed one
   * @param {boolean} isInRates whether cells show rates instead of counts
   */
  const show = (confusion, cell, isInRates) => {
    for (const label of ALL_DIGITS) {
      const counts = confusion?.[label];
      const total = counts?.reduce((sum, count) => sum + count, 0) ?? 0;
      shares[label](counts && total ? counts[label] / total : undefined);
      for (const digit of ALL_DIGITS) {
        const button = buttons[label * DIGITS + digit];
        const count = counts?.[digit];
        const rate = (count ?? 0) / (total || 1);
        const text = isInRates ? formatNumber(100 * rate, 1) : String(count);
        setText(button, count === undefined ? "" : text);
        button.disabled = !count;
        const percent = formatPercent(rate);
        button.ariaLabel = describe(count ?? 0, { label, digit, percent });
        button.ariaPressed = String(cell !== null && cell[0] === label && cell[1] === digit);
        button.classList.toggle("agrees", label === digit);
        // The shade is the square root of the rate, so that one misread image in a hundred is visible.
        button.style.setProperty("--share", String(Math.sqrt(rate)));
      }
    }
  };
  return whenChanged(show);
}
