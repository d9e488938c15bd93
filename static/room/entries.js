/** The drawings of the room as the chosen model reads them, which several parts of the view show. */

import { summarize, toEntry } from "../numbers/room_statistics.js";
import { memoized } from "../state/memo.js";

/** @typedef {import("../state/state.js").RoomDrawing} RoomDrawing */
/** @typedef {import("../state/state.js").RoomReadings} RoomReadings */
/** @typedef {import("../state/state.js").Shown} Shown */
/** @typedef {import("../numbers/room_statistics.js").Entry<RoomDrawing>} RoomEntry */

const readDrawings = memoized(
  (
    /** @type {Shown["roomDrawings"]} */ drawings,
    /** @type {RoomReadings["byId"] | undefined} */ readings,
  ) => {
    const newest = [...drawings.values()].reverse();
    const all = newest.map((drawing) => toEntry(drawing, readings?.get(drawing.id)));
    const onWall = all.filter(({ drawing }) => drawing.isShown);
    const waiting = all.filter(({ drawing }) => !drawing.isShown);
    return { onWall, waiting, summary: summarize(onWall) };
  },
);

/**
 * @param {Shown} shown
 * @returns {{onWall: RoomEntry[], waiting: RoomEntry[], summary:
 *   import("../numbers/room_statistics.js").Summary}} the newest first; the summary is of those on
 *   the wall
 */
export function entriesOf({ roomDrawings, roomReadings, summary }) {
  // Readings of the model that was chosen before may still be here.
  const isCurrent = roomReadings !== null && roomReadings.model === summary?.digest;
  return readDrawings(roomDrawings, isCurrent ? roomReadings.byId : undefined);
}

const countAgain = memoized(
  (
    /** @type {RoomEntry[]} */ onWall,
    /** @type {RoomReadings | null} */ readings,
    /** @type {string | undefined} */ digest,
  ) => {
    if (!readings || readings.model !== digest) return 0;
    const isReadAgain = (/** @type {RoomEntry} */ { drawing: { id, model } }) =>
      model !== digest && readings.byId.has(id);
    return onWall.filter(isReadAgain).length;
  },
);

/**
 * @param {Shown} shown
 * @returns {number} how many drawings on the wall were answered by another model than the chosen one,
 *   and have been read by the chosen one as well
 */
export function countReadAgain(shown) {
  return countAgain(entriesOf(shown).onWall, shown.roomReadings, shown.summary?.digest);
}
