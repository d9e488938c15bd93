/** How well the room's drawings are read, before and now, and what is confused with what. */

import { createConfusion } from "../components/confusion.js";
import { find, queryMedia, setText } from "../components/dom.js";
import { formatPercent } from "../numbers/format.js";
import { countReadAgain, entriesOf } from "./entries.js";

/** @typedef {import("../state/state.js").Change} Change */
/** @typedef {import("../state/state.js").Shown} Shown */
/** @typedef {import("../numbers/room_statistics.js").Summary} Summary */

/**
 * @param {Change} change
 * @returns {(shown: Shown) => void}
 */
export function createReadings(change) {
  const share = find("#room-share", HTMLElement);
  const words = find("#room-words", HTMLElement);
  const details = find("#room-matrix", HTMLDetailsElement);
  /** @type {[number, number] | null} The cell whose drawings the wall shows. */
  let shownCell = null;
  const showConfusion = createConfusion(
    find("#room-confusion", HTMLTableElement),
    "drawings",
    ([label, digit]) => {
      const isShown = shownCell?.[0] === label && shownCell[1] === digit;
      const cell = isShown ? { label: null, digit: null } : { label, digit };
      change({ roomFilter: { ...cell, isWrongOnly: false } });
    },
  );

  // On a phone, the matrix would be above the wall.
  details.open = queryMedia("(min-width: 64rem)")?.matches ?? true;

  return (shown) => {
    const { summary } = entriesOf(shown);
    const { label, digit } = shown.roomFilter;
    const isCell = label !== null && digit !== null;
    if (!isCell) shownCell = null;
    else if (shownCell?.[0] !== label || shownCell[1] !== digit) shownCell = [label, digit];
    setText(
      share,
      summary.count ? `${formatPercent(summary.right / summary.count)} read correctly` : "",
    );
    setText(words, describe(summary, shown, countReadAgain(shown)));
    showConfusion(summary.confusion, shownCell, false);
  };
}

/**
 * @param {Summary} summary
 * @param {Shown} shown
 * @param {number} readAgain how many drawings the chosen model has read again
 */
function describe({ count, right, rightBefore, gained, lost }, { summary: model }, readAgain) {
  if (count === 0) return "";
  const drawings = count === 1 ? "drawing" : "drawings";
  const now = `${right.toLocaleString("en")} of ${count.toLocaleString("en")} ${drawings}.`;
  if (readAgain === 0) return now;
  return (
    `${now} ${model?.name} has read the wall again. At first, ${formatPercent(rightBefore / count)} ` +
    `were read correctly: ${gained} wrong before and right now, ${lost} right before and wrong now.`
  );
}
