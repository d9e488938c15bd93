/** How well the room's drawings are read, before and now, and what is confused with what. */

import { createConfusion } from "../components/confusion.js";
import { find, queryMedia, setText } from "../components/dom.js";
import { formatCount, formatPercent } from "../language/format.js";
import { joinSentences } from "../language/sentences.js";
import { gettext, ngettext } from "../language/messages.js";
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
  const before = find("#room-before", HTMLElement);
  const words = find("#room-words", HTMLElement);
  const again = find("#read-again", HTMLButtonElement);
  const details = find("#room-matrix", HTMLDetailsElement);
  /** @type {Cell | null} The cell whose drawings the wall shows. */
  let shownCell = null;
  const showConfusion = createConfusion(
    find("#room-confusion", HTMLTableElement),
    describeCell,
    (pressed) => {
      const [label, digit] = isSame(pressed, shownCell) ? [null, null] : pressed;
      change({ roomFilter: { label, digit, isWrongOnly: false } });
    },
  );

  again.addEventListener("click", () => change({ model: again.value }));

  // On a phone, the matrix would be above the wall.
  details.open = queryMedia("(min-width: 63rem)")?.matches ?? true;

  return (shown) => {
    const { summary } = entriesOf(shown);
    const { label, digit } = shown.roomFilter;
    const cell = cellOf(label, digit);
    if (!isSame(cell, shownCell)) shownCell = cell;
    const { count, right, rightBefore } = summary;
    const readAgain = countReadAgain(shown);
    setText(
      share,
      count ? gettext("{percent} read correctly", { percent: formatPercent(right / count) }) : "",
    );
    setText(
      before,
      readAgain
        ? gettext("before: {percent}", { percent: formatPercent(rightBefore / count) })
        : "",
    );
    setText(words, describe(summary, shown, readAgain));
    const trained = findTrained(shown);
    again.hidden = count === 0 || trained === undefined;
    again.value = trained ?? "";
    setText(again, trained ? gettext("Read the wall with {model}", { model: trained }) : "");
    showConfusion(summary.confusion, shownCell, false);
  };
}

/**
 * @param {Shown} shown
 * @returns {string | undefined} the name of another model than the chosen one, whose training has just
 *   finished
 */
function findTrained({ endedTraining, model, models }) {
  if (endedTraining?.state !== "finished" || endedTraining.name === model) return undefined;
  return models.find(({ name }) => name === endedTraining.name)?.name;
}

/** @typedef {[number, number]} Cell label and digit */

/**
 * @param {number | null} label
 * @param {number | null} digit
 * @returns {Cell | null}
 */
function cellOf(label, digit) {
  return label === null || digit === null ? null : [label, digit];
}

/**
 * @param {Cell | null} one
 * @param {Cell | null} other
 */
function isSame(one, other) {
  return one?.[0] === other?.[0] && one?.[1] === other?.[1];
}

/**
 * @param {number} count
 * @param {{label: number, digit: number, percent: string}} values
 */
function describeCell(count, values) {
  return ngettext(
    "{count} drawing of {label} read as {digit}, {percent}",
    "{count} drawings of {label} read as {digit}, {percent}",
    count,
    values,
  );
}

/**
 * @param {Summary} summary
 * @param {Shown} shown
 * @param {number} readAgain how many drawings the chosen model has read again
 */
function describe(summary, { summary: model }, readAgain) {
  if (summary.count === 0) return "";
  return joinSentences([
    describeNow(summary),
    ...(model && readAgain > 0 ? describeChange(summary, model.name) : []),
  ]);
}

/** @param {Summary} summary */
function describeNow({ count, right, unsure }) {
  const values = { right: formatCount(right), unsure: formatCount(unsure) };
  return unsure === 0
    ? ngettext("{right} of {count} drawing.", "{right} of {count} drawings.", count, values)
    : ngettext(
        "{right} of {count} drawing, not sure of {unsure}.",
        "{right} of {count} drawings, not sure of {unsure}.",
        count,
        values,
      );
}

/**
 * @param {Summary} summary
 * @param {string} model the one that has read the drawings again
 */
function describeChange({ gained, lost }, model) {
  return [
    gettext("{model} has read the wall again.", { model }),
    ngettext(
      "{count} drawing that was wrong is correct now.",
      "{count} drawings that were wrong are correct now.",
      gained,
    ),
    ngettext(
      "{count} drawing that was correct is wrong now.",
      "{count} drawings that were correct are wrong now.",
      lost,
    ),
  ];
}
