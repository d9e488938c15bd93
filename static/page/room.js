/** The page's part in the room: who the visitor is, and what a participant sees and does. */

import { find } from "../components/dom.js";
import { createRoom } from "../network/room.js";
import { createContributing } from "../room/contributing.js";
import { deviceId, forgetPresenterKey, isSmallPage, presenterKey, randomId } from "./arrival.js";
import { download } from "./save.js";

/** @typedef {import("../network/loader.js").Loader} Loader */
/** @typedef {import("../network/reporting.js").Reporter} Reporter */
/** @typedef {import("../state/state.js").RoomActions} RoomActions */
/** @typedef {import("../state/store.js").Store} Store */

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
    createToken: randomId,
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
 * @param {import("../state/state.js").State} state
 * @returns {boolean} whether the small page has all that is shown
 */
function hasAll({ view, isProjector }) {
  return view === "draw" && !isProjector;
}
