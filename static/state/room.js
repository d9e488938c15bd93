/** The room: what follows from its drawings and from the page's contributions to it. */

import { findModel, isFresh } from "./state.js";

/** @typedef {import("./state.js").Contribution} Contribution */
/** @typedef {import("./state.js").RoomDrawing} RoomDrawing */
/** @typedef {import("./state.js").State} State */
/** @typedef {import("../numbers/rasterizer.js").Stroke} Stroke */

/**
 * A change of the room's drawings.
 * @typedef {object} RoomNews
 * @property {RoomDrawing[]} drawings added ones, and those that have changed
 * @property {number[]} removed ids
 * @property {boolean} is_complete whether these are all drawings, whatever was known before
 */

/**
 * @param {ReadonlyMap<number, RoomDrawing>} known by id, oldest first
 * @param {RoomNews} news
 * @returns {ReadonlyMap<number, RoomDrawing>} the same map if nothing has changed
 */
export function mergeDrawings(known, { drawings, removed, is_complete: isComplete }) {
  if (!isComplete && !drawings.length && !removed.length) return known;
  const merged = new Map(isComplete ? [] : known);
  for (const drawing of drawings) merged.set(drawing.id, drawing);
  for (const id of removed) merged.delete(id);
  // A drawing that is approved late has a lower id than some that are known.
  return new Map([...merged].sort(([one], [other]) => one - other));
}

/**
 * @param {State} state
 * @param {(id: number) => boolean} isSkipped
 * @returns {number | undefined} the lowest ID of a drawing whose reading by the chosen model is not
 *   known
 */
export function findUnread(state, isSkipped) {
  const digest = findModel(state, state.model)?.digest;
  const readings = state.roomReadings?.model === digest ? state.roomReadings?.byId : null;
  for (const { id, model } of state.roomDrawings.values()) {
    if (model !== digest && !readings?.has(id) && !isSkipped(id)) return id;
  }
  return undefined;
}

/** Decimals of a coordinate that is sent: less than a thousandth of a pixel. */
const DECIMALS = 8;

/**
 * @param {readonly Stroke[]} strokes
 * @returns {number[][][]} each point as [x, y]
 */
export function toPairs(strokes) {
  /** @param {number} coordinate */
  const round = (coordinate) => Number(coordinate.toFixed(DECIMALS));
  return strokes.map((stroke) => stroke.map(({ x, y }) => [round(x), round(y)]));
}

/**
 * @param {number[][][]} pairs
 * @returns {Stroke[]}
 */
export function fromPairs(pairs) {
  return pairs.map((stroke) => stroke.map(([x, y]) => ({ x, y })));
}

/**
 * @param {State} state
 * @returns {Contribution | undefined} the contribution that is the drawing on the pad
 */
export function findGiven({ contributions, strokes }) {
  return contributions.find((contribution) => contribution.strokes === strokes);
}

/**
 * @param {State} state
 * @returns {boolean} whether the drawing on the pad can be given to the room
 */
export function canGive(state) {
  const given = findGiven(state);
  return (
    canLabel(state) && state.label !== null && (given === undefined || given.status === "failed")
  );
}

/**
 * @param {State} state
 * @returns {boolean} whether there is an answer that can be right or wrong, and the room is open
 */
export function canLabel(state) {
  return state.room?.open === true && isFresh(state) && state.strokes.length > 0;
}
