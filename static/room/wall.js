/** The wall: the room's drawings, the newest first, with filters. */

import { find, setText } from "../components/dom.js";
import { formatCount, formatPercent } from "../language/format.js";
import { gettext, ngettext } from "../language/messages.js";
import { matches, summarize } from "../numbers/room_statistics.js";
import { whenChanged } from "../state/memo.js";
import { countReadAgain, entriesOf } from "./entries.js";
import { REMOVE, createTileMaker, openDrawing } from "./tile.js";
import { createTileList } from "./tile_list.js";

/** @typedef {import("../state/state.js").Change} Change */
/** @typedef {import("../state/state.js").RoomActions} RoomActions */
/** @typedef {import("../state/state.js").Shown} Shown */
/** @typedef {import("./entries.js").RoomEntry} RoomEntry */

/** How many drawings the wall has at first, and how many more each time. */
const STEP = 2000;

/** How many tiles are added in one go: more would block the page for a moment. */
const PORTION = 250;

/** New drawings wait this long after a move of the presenter's pointer over the wall, ms. */
const AIM_MS = 700;

/**
 * @param {Change} change
 * @param {RoomActions} actions
 * @returns {(shown: Shown) => void}
 */
export function createWall(change, actions) {
  const list = find("#wall", HTMLOListElement);
  const title = find("#wall-title", HTMLElement);
  const words = find("#wall-words", HTMLElement);
  const legend = find("#wall-legend", HTMLElement);
  const gained = find("#legend-gained", HTMLElement);
  const older = find("#show-older", HTMLButtonElement);
  const showFilter = createFilter(change);
  const aim = createAim(list, () => showLast());
  /** How many drawings the wall may have. */
  let limit = STEP;
  /** How many of these it may have already. */
  let built = PORTION;
  let building = 0;
  /** @type {Shown | null} */
  let last = null;
  /** @type {(entries: readonly RoomEntry[]) => void} */
  let showTiles = () => {};

  const changePresenter = whenChanged((/** @type {boolean} */ isPresenter) => {
    list.replaceChildren();
    list.dataset.controls = isPresenter ? "1" : "0";
    showTiles = createTileList(list, createTileMaker(isPresenter ? [REMOVE] : []), title);
  });

  const update = whenChanged(
    (
      /** @type {RoomEntry[]} */ onWall,
      /** @type {Shown["roomFilter"]} */ filter,
      /** @type {number} */ most,
      /** @type {number} */ now,
    ) => {
      const chosen = onWall.filter((entry) => matches(entry, filter));
      showTiles(chosen.slice(0, Math.min(most, now)));
      clearTimeout(building);
      if (now < Math.min(most, chosen.length)) building = setTimeout(buildMore);
      const left = Math.max(0, chosen.length - most);
      older.hidden = left === 0;
      setText(older, ngettext("Show older ({count} more)", "Show older ({count} more)", left));
      setText(words, describeChosen(onWall, chosen));
    },
  );
  const changeFilter = whenChanged((/** @type {Shown["roomFilter"]} */ filter) => {
    showFilter(filter);
    built = PORTION;
  });

  const show = (/** @type {Shown} */ shown) => {
    last = shown;
    const isPresenter = Boolean(shown.room?.presenter);
    const { onWall } = entriesOf(shown);
    changePresenter(isPresenter);
    changeFilter(shown.roomFilter);
    update(isPresenter ? aim.withoutNew(onWall) : onWall, shown.roomFilter, limit, built);
    legend.hidden = onWall.length === 0;
    gained.hidden = countReadAgain(shown) === 0;
    if (onWall.length === 0) setText(words, describeEmpty(shown));
  };

  const showLast = () => {
    if (last) show(last);
  };

  const buildMore = () => {
    built += PORTION;
    showLast();
  };

  older.addEventListener("click", () => {
    limit += STEP;
    showLast();
  });
  list.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest("button");
    const id = Number(button?.dataset.drawing ?? button?.value);
    const drawing = button && last?.roomDrawings.get(id);
    if (!drawing) return;
    if (button.dataset.drawing) openDrawing(change, drawing);
    // The second click of a double click would remove the drawing that took the first one's place.
    else if (event.detail <= 1) actions.removeDrawing(id);
  });
  return show;
}

/** @param {Change} change */
function createFilter(change) {
  const label = find("#filter-label", HTMLSelectElement);
  const digit = find("#filter-digit", HTMLSelectElement);
  const wrong = find("#filter-wrong", HTMLInputElement);
  const none = find("#filter-none", HTMLButtonElement);
  const toDigit = (/** @type {string} */ value) => (value === "" ? null : Number(value));

  for (const control of [label, digit, wrong]) {
    control.addEventListener("change", () => {
      const roomFilter = {
        label: toDigit(label.value),
        digit: toDigit(digit.value),
        isWrongOnly: wrong.checked,
      };
      change({ roomFilter });
    });
  }
  none.addEventListener("click", () => {
    label.focus();
    change({ roomFilter: { label: null, digit: null, isWrongOnly: false } });
  });

  return (/** @type {Shown["roomFilter"]} */ filter) => {
    label.value = String(filter.label ?? "");
    digit.value = String(filter.digit ?? "");
    wrong.checked = filter.isWrongOnly;
    none.hidden = filter.label === null && filter.digit === null && !filter.isWrongOnly;
  };
}

/**
 * While the presenter points at a tile, to remove it, no new drawing may push another one under the
 * pointer.
 * @param {HTMLElement} list
 * @param {() => void} showNew called when the pointer has come to rest or has left
 */
function createAim(list, showNew) {
  let timer = 0;
  /** The newest drawing on the wall when the pointer moved, 0 where it rests. */
  let newest = 0;
  let newestShown = 0;

  const release = () => {
    clearTimeout(timer);
    newest = 0;
    showNew();
  };
  list.addEventListener("pointermove", ({ pointerType }) => {
    if (pointerType !== "mouse") return;
    newest ||= newestShown;
    clearTimeout(timer);
    timer = setTimeout(release, AIM_MS);
  });
  list.addEventListener("pointerleave", () => {
    if (newest) release();
  });

  return {
    /**
     * @param {RoomEntry[]} entries the newest first
     * @returns {RoomEntry[]} the same list, while the pointer rests
     */
    withoutNew(entries) {
      if (newest) {
        const known = entries.filter(({ drawing }) => drawing.id <= newest);
        if (known.length < entries.length) return known;
      }
      newestShown = entries[0]?.drawing.id ?? 0;
      return entries;
    },
  };
}

/**
 * @param {RoomEntry[]} all
 * @param {RoomEntry[]} chosen
 * @returns {string} how many drawings the filter lets through, and how many of them are read correctly
 */
function describeChosen(all, chosen) {
  if (chosen.length === all.length) {
    return gettext("Newest first. Press a drawing to see why it was read this way.");
  }
  if (chosen.length === 0) {
    return gettext("No drawing matches the filter. Show all, or choose another filter.");
  }
  const { right } = summarize(chosen);
  return ngettext(
    "{chosen} of {count} drawing, {percent} of them read correctly.",
    "{chosen} of {count} drawings, {percent} of them read correctly.",
    all.length,
    { chosen: formatCount(chosen.length), percent: formatPercent(right / chosen.length) },
  );
}

/**
 * @param {Shown} shown
 * @returns {string} why the wall is empty
 */
function describeEmpty({ room }) {
  if (!room || room.drawings > 0) return gettext("Loading…");
  return room.open
    ? gettext("No drawings yet. Each drawing that somebody gives to the room appears here.")
    : gettext("No drawings, and the room takes none at the moment.");
}
