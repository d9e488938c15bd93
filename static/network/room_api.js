/** The HTTP API of the room: one function for each request. */

import { fromPairs, toPairs } from "../state/room.js";
import { API } from "./api.js";
import { request, requestObject, withTimeout } from "./http.js";

/** @typedef {import("../state/room.js").RoomNews} RoomNews */
/** @typedef {import("../state/state.js").Contribution} Contribution */
/** @typedef {import("../state/state.js").Room} Room */
/** @typedef {import("../state/state.js").RoomDrawing} RoomDrawing */

/** @typedef {{open?: boolean, approval?: boolean, join?: string}} RoomSettings */

const ROOM = `${API}/room`;
const DRAWINGS = `${ROOM}/drawings`;
const LINES_TYPE = "application/x-ndjson";

/** The properties of a room that the page cannot do without. */
const ROOM_PROPERTIES = ["open", "drawings", "digest", "revision"];

/**
 * @param {string} key the presenter's; empty for participants
 * @param {string} device a random ID: the server counts the devices that have joined
 * @returns {Promise<Room>}
 */
export function fetchRoom(key, device) {
  // The presenter's own page does not count as a device that has joined.
  const path = key ? ROOM : `${ROOM}?${new URLSearchParams({ device })}`;
  return requestObject(path, ROOM_PROPERTIES, withKey(key));
}

/**
 * @param {string} key
 * @param {RoomSettings} settings
 * @returns {Promise<Room>}
 */
export function changeRoom(key, settings) {
  return requestObject(ROOM, ROOM_PROPERTIES, withKey(key, "PATCH", settings));
}

/**
 * @param {string} key
 * @param {number} revision
 * @returns {Promise<RoomNews & {revision: number, has_more: boolean}>} what has changed after this
 *   revision
 */
export async function fetchRoomNews(key, revision) {
  const path = `${DRAWINGS}?since=${revision}`;
  const news = await requestObject(path, ["drawings", "removed", "revision"], withKey(key));
  /** @param {{strokes: number[][][], sure: boolean, shown: boolean}} drawing */
  const toDrawing = ({ strokes, sure, shown, ...drawing }) => {
    return { ...drawing, strokes: fromPairs(strokes), isSure: sure, isShown: shown };
  };
  return { ...news, drawings: news.drawings.map(toDrawing) };
}

/**
 * @param {string} key
 * @param {string} model its name
 * @param {number} after an id
 * @returns {Promise<{model: string, ids: number[], digits: number[], sure: boolean[]}>} what the
 *   model reads in drawings with higher ids, lowest first; `model` is its digest
 */
export function fetchReadings(key, model, after) {
  const path = `${ROOM}/readings?${new URLSearchParams({ model, after: String(after) })}`;
  return requestObject(path, ["model", "ids", "digits", "sure"], withKey(key));
}

/**
 * Store a drawing. With the token of a stored one, nothing is stored again.
 * @param {Contribution} contribution
 * @param {string} model the name of the one that answers
 * @returns {Promise<{id: number, digit: number, shown: boolean}>}
 */
export function sendDrawing({ token, strokes, label }, model) {
  const body = { strokes: toPairs(strokes), label, model, token };
  return requestObject(DRAWINGS, ["id", "digit", "shown"], withKey("", "POST", body));
}

/**
 * @param {string} token
 * @param {number} id
 * @returns {Promise<{shown: boolean}>} whether the drawing is on the wall
 */
export function fetchContribution(token, id) {
  return requestObject(`${DRAWINGS}/${id}`, ["shown"], withKey(token));
}

/**
 * @param {string} authorization the presenter's key, or the drawing's token
 * @param {number} id
 */
export async function deleteDrawing(authorization, id) {
  await request(`${DRAWINGS}/${id}`, null, withKey(authorization, "DELETE"));
}

/** @param {string} key */
export async function deleteDrawings(key) {
  await request(DRAWINGS, null, withKey(key, "DELETE"));
}

/**
 * @param {string} key
 * @param {number} id
 * @param {boolean} shown on the wall
 */
export async function approveDrawing(key, id, shown) {
  await request(`${DRAWINGS}/${id}`, null, withKey(key, "PATCH", { shown }));
}

/**
 * @param {string} key
 * @returns {Promise<Blob>} a line of JSON for each drawing
 */
export async function fetchLines(key) {
  // All drawings may take longer than the time limit of small requests.
  const { signal: _signal, ...options } = withKey(key);
  return (await request(`${DRAWINGS}.jsonl`, LINES_TYPE, options)).blob();
}

/**
 * @param {string} key empty for none
 * @param {string} [method]
 * @param {object} [content] sent as JSON
 * @returns {RequestInit}
 */
function withKey(key, method = "GET", content) {
  return {
    ...withTimeout(),
    method,
    headers: {
      ...(key ? { Authorization: `Bearer ${key}` } : {}),
      ...(content ? { "Content-Type": "application/json" } : {}),
    },
    ...(content ? { body: JSON.stringify(content) } : {}),
  };
}
