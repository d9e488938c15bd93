/** Numbers with bars. The layout does not change with the number, only the bar's fill. */

import { find, setText } from "./dom.js";
import { formatPercent } from "../language/format.js";

/**
 * @param {ParentNode} root holds a bar from 0 to 1 and its number
 * @returns {(probability: number | undefined) => void}
 */
export function createProbability(root) {
  const showBar = createBar(root);
  const showPercent = createPercent(root);
  return (probability) => {
    showBar(probability);
    showPercent(probability);
  };
}

/**
 * @param {ParentNode} root holds a bar from 0 to 1
 * @returns {(probability: number | undefined) => void}
 */
export function createBar(root) {
  const fill = find(".probability .fill", HTMLElement, root);
  return (probability) => fill.style.setProperty("--share", String(probability ?? 0));
}

/**
 * @param {ParentNode} root holds the number of a bar
 * @returns {(probability: number | undefined) => void}
 */
export function createPercent(root) {
  const percent = find(".percent", HTMLElement, root);
  return (probability) => {
    setText(percent, probability === undefined ? "" : formatPercent(probability));
  };
}

/**
 * @param {ParentNode} root
 * @param {string} selector of an element that holds a number and a bar
 * @returns {(text: string, share: number) => void} takes the number as text, and the
 *   filled share of the bar, −1 to 1
 */
export function createValueBar(root, selector) {
  const element = find(selector, HTMLElement, root);
  const value = find(".value", HTMLElement, element);
  const fill = find(".fill", HTMLElement, element);
  return (text, share) => {
    setText(value, text);
    fill.style.setProperty("--share", String(share));
    fill.classList.toggle("negative", share < 0);
  };
}
