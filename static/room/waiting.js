/** The drawings that wait for the presenter's approval. */

import { find, setText } from "../components/dom.js";
import { formatCount } from "../language/format.js";
import { gettext } from "../language/messages.js";
import { whenChanged } from "../state/memo.js";
import { entriesOf } from "./entries.js";
import { REMOVE, createTileMaker, openDrawing } from "./tile.js";
import { createTileList } from "./tile_list.js";

/** @typedef {import("../state/state.js").Change} Change */
/** @typedef {import("../state/state.js").RoomActions} RoomActions */
/** @typedef {import("../state/state.js").Shown} Shown */
/** @typedef {import("./entries.js").RoomEntry} RoomEntry */

/** @type {import("./tile.js").Control} */
const APPROVE = {
  text: gettext("✓ Approve"),
  describe: (digit) => gettext("Approve this {digit}", { digit }),
  className: "approve",
};

/**
 * @param {Change} change
 * @param {RoomActions} actions
 * @returns {(shown: Shown) => void}
 */
export function createWaiting(change, actions) {
  const place = find("#waiting-place", HTMLElement);
  /** @type {((shown: Shown) => void) | null} */
  let showWaiting = null;

  return (shown) => {
    // Without approval, drawings that waited before can still be there.
    const waits = entriesOf(shown).waiting.length > 0 || shown.room?.approval === true;
    const isNeeded = Boolean(shown.room?.presenter) && waits;
    if (isNeeded) showWaiting ??= addWaiting(place, change, actions);
    else if (showWaiting) {
      showWaiting = null;
      place.replaceChildren();
    }
    showWaiting?.(shown);
  };
}

/**
 * @param {HTMLElement} place
 * @param {Change} change
 * @param {RoomActions} actions
 * @returns {(shown: Shown) => void}
 */
function addWaiting(place, change, actions) {
  const template = find("#waiting-template", HTMLTemplateElement);
  place.append(template.content.cloneNode(true));
  const title = find("#waiting-title", HTMLElement, place);
  const all = find("#approve-all", HTMLButtonElement, place);
  const list = find("#waiting", HTMLOListElement, place);
  const showTiles = createTileList(list, createTileMaker([APPROVE, REMOVE]), title);
  /** @type {RoomEntry[]} The oldest first: the list grows at its end. */
  let waiting = [];

  all.addEventListener("click", () => {
    title.focus();
    for (const { drawing } of waiting) actions.showDrawing(drawing.id, true);
  });
  list.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest("button");
    const id = Number(button?.dataset.drawing ?? button?.value);
    const entry = waiting.find(({ drawing }) => drawing.id === id);
    if (!button || !entry) return;
    if (button.dataset.drawing) openDrawing(change, entry.drawing);
    // The second click of a double click would decide about the next drawing too.
    else if (event.detail > 1) return;
    else if (button.className === "approve") actions.showDrawing(id, true);
    else actions.removeDrawing(id);
  });

  const update = whenChanged((/** @type {RoomEntry[]} */ newestFirst) => {
    waiting = [...newestFirst].reverse();
    const count = waiting.length;
    setText(title, count ? describeWaiting(count) : gettext("Nothing waits for approval"));
    all.hidden = count === 0;
    showTiles(waiting);
  });
  return (shown) => update(entriesOf(shown).waiting);
}

/** @param {number} count */
export function describeWaiting(count) {
  return gettext("Waiting for approval: {count}", { count: formatCount(count) });
}
