/** The page's part in the room: who the visitor is, and what a participant sees and does. */

import { find } from "../components/dom.js";
import { createRoom } from "../network/room.js";
import { createContributing } from "../room/contributing.js";
import { areSame, fromPairs, toPairs } from "../state/room.js";
import {
  deviceId,
  forgetPresenterKey,
  isSmallPage,
  presenterKey,
  randomId,
  readStored,
  writeStored,
} from "./arrival.js";
import { download } from "./save.js";

/** @typedef {import("../network/loader.js").Loader} Loader */
/** @typedef {import("../network/reporting.js").Reporter} Reporter */
/** @typedef {import("../state/room.js").GivenDrawing} GivenDrawing */
/** @typedef {import("../state/state.js").RoomActions} RoomActions */
/** @typedef {import("../state/store.js").Store} Store */

/** The last drawing that was given to the room, with its token, in the tab's session storage. */
const STORED_DRAWING = "evidence.given";

/** What was stored when the page was loaded. */
let storedDrawing = readStored(STORED_DRAWING);

/**
 * @param {Store} store
 * @param {Reporter} reporter
 * @param {Loader} loader
 * @returns {RoomActions}
 */
export function joinRoom(store, reporter, loader) {
  const { change } = store;
  const isJoining = isSmallPage() && hasAll(store.state);
  change({ roomKey: presenterKey(), isJoining });
  const actions = createRoom(store, reporter, loader, {
    device: deviceId(),
    createToken,
    save: download,
    forgetKey: forgetPresenterKey,
  });

  addEventListener("hashchange", () => {
    const roomKey = presenterKey();
    if (roomKey !== store.state.roomKey) change({ roomKey, roomMessage: "" });
  });
  store.subscribe((state) => {
    if (state.isJoining && !hasAll(state)) change({ isJoining: false });
  });
  find("#all-views", HTMLButtonElement).addEventListener("click", () => {
    change({ isJoining: false });
  });

  const contributing = createContributing(change, actions);
  const show = () => {
    document.documentElement.classList.toggle("joining", store.state.isJoining);
    contributing.show(store.state);
  };
  store.afterChanges(show);
  show();
  return actions;
}

/**
 * A page that is loaded again gets its drawing from the address. With the token of before, the server
 * does not store it twice.
 * @param {GivenDrawing} drawing
 * @returns {string} the token of this tab's last drawing if it is the same one, or a new token
 */
function createToken({ strokes, label }) {
  const stored = storedDrawing;
  // From now on, an equal drawing is another one.
  storedDrawing = "";
  try {
    const last = JSON.parse(stored);
    if (last.label === label && areSame(fromPairs(last.strokes), strokes)) return last.token;
  } catch {
    // Nothing is stored, or something that this page did not write.
  }
  const token = randomId();
  writeStored(STORED_DRAWING, JSON.stringify({ token, label, strokes: toPairs(strokes) }));
  return token;
}

/**
 * @param {import("../state/state.js").State} state
 * @returns {boolean} whether the small page has all that is shown
 */
function hasAll({ view, isProjector }) {
  return view === "draw" && !isProjector;
}
