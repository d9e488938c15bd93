/** The room: its drawings, the page's contributions to it, and what follows from them. */

import { memoized } from "./memo.js";
import { findModel, isFresh } from "./state.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("../numbers/rasterizer.js").Stroke} Stroke */

/**
 * The room that the server collects drawings in.
 * @typedef {object} Room
 * @property {boolean} open whether it takes drawings
 * @property {number} drawings how many the wall shows
 * @property {string} digest changes with every property
 * @property {number} revision grows with every change of drawings or settings
 * @property {number} devices how many pages have joined
 * @property {boolean} approval whether the presenter must approve a drawing before it is shown
 * @property {string} join the URL that phones open
 * @property {boolean} is_local whether that URL leads to the server's own machine only
 * @property {RoomOfPresenter | null} presenter null without the key
 */

/**
 * What only the presenter gets to know about the room.
 * @typedef {object} RoomOfPresenter
 * @property {number} waiting how many drawings wait for approval
 * @property {string} file
 * @property {string} command the one that trains on the room's drawings
 * @property {{url: string, interface: string, is_virtual: boolean}[]} addresses the URLs by which
 *   phones may reach the server, the best one first
 */

/**
 * A drawing in the room.
 * @typedef {object} RoomDrawing
 * @property {number} id
 * @property {Stroke[]} strokes
 * @property {number} label
 * @property {number} digit the answer that it got at first
 * @property {boolean} isSure whether it was a sure one
 * @property {string} model digest of the model that gave this answer
 * @property {boolean} isShown false until the presenter has approved it
 * @property {string} minute in which it was given, in ISO 8601
 */

/**
 * What a model reads in the drawings of the room.
 * @typedef {object} RoomReadings
 * @property {string} model its digest
 * @property {ReadonlyMap<number, {digit: number, isSure: boolean}>} byId
 */

/**
 * A drawing that this page has given to the room.
 * @typedef {object} Contribution
 * @property {string} token chosen by the page: gives the right to withdraw the drawing, and lets the
 *   server recognize a request that is repeated
 * @property {number | null} id null until the server has confirmed it
 * @property {readonly Stroke[]} strokes
 * @property {number} label
 * @property {number | null} digit the answer; null until the server has confirmed it
 * @property {"sending" | "given" | "failed" | "withdrawing"} status
 * @property {string} message why it is not on the wall yet, or not sent; else empty
 */

/**
 * @typedef {object} GivenDrawing
 * @property {readonly Stroke[]} strokes
 * @property {number} label
 */

/**
 * What can be done in the room. The page shows in its state what became of it.
 * @typedef {object} RoomActions
 * @property {() => void} give the current drawing, with the state's label
 * @property {(token: string) => void} withdraw a contribution of this page
 * @property {(changes: {open?: boolean, approval?: boolean, join?: string}) => Promise<void>} setRoom
 *   changes are sent one at a time; settles once the state has the answer or the failure
 * @property {(id: number, isShown: boolean) => void} showDrawing on the wall, or hide it
 * @property {(id: number) => void} removeDrawing
 * @property {() => void} removeAll
 * @property {() => void} download all drawings
 */

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
 * @param {ReadonlyMap<number, RoomDrawing>} known
 * @param {number} id
 * @returns {ReadonlyMap<number, RoomDrawing>}
 */
export function withoutDrawing(known, id) {
  return mergeDrawings(known, { drawings: [], removed: [id], is_complete: false });
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

/** Coordinates that differ less than this are the same, in fractions of the pad's side. */
const TOLERANCE = 1e-5;

const hasStrokes = memoized(
  (/** @type {State["roomDrawings"]} */ drawings, /** @type {readonly Stroke[]} */ strokes) => {
    return [...drawings.values()].some((drawing) => areSame(drawing.strokes, strokes));
  },
);

/**
 * @param {readonly Stroke[]} strokes
 * @param {readonly Stroke[]} others
 * @returns {boolean} whether all their points are the same
 */
export function areSame(strokes, others) {
  /** @param {number} one @param {number} other */
  const isNear = (one, other) => Math.abs(one - other) < TOLERANCE;
  return (
    strokes.length === others.length &&
    strokes.every((stroke, index) => stroke.length === others[index].length) &&
    strokes.every((stroke, index) =>
      stroke.every(({ x, y }, point) => {
        const other = others[index][point];
        return isNear(x, other.x) && isNear(y, other.y);
      }),
    )
  );
}

/**
 * @param {State} state
 * @returns {boolean} whether the drawing on the pad is one that was opened from the wall
 */
export function isFromWall({ roomDrawings, strokes }) {
  return hasStrokes(roomDrawings, strokes);
}

/**
 * @param {State} state
 * @returns {boolean} whether there is an answer that can be right or wrong, and the room is open
 */
export function canLabel(state) {
  const isOpen = state.room?.open === true;
  return isOpen && isFresh(state) && state.strokes.length > 0 && !isFromWall(state);
}

/**
 * @param {State} state
 * @returns {boolean} whether the drawing on the pad can be given to the room
 */
export function canGive(state) {
  const given = findGiven(state);
  const isNew = given === undefined || given.status === "failed";
  return canLabel(state) && state.label !== null && isNew;
}
