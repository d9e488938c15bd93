/** The page's part in the room: who the visitor is, and what a participant sees and does. */

import { find } from "../components/dom.js";
import { createRoom } from "../network/room.js";
import { createContributing } from "../room/contributing.js";
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
/** @typedef {import("../state/state.js").Contribution} Contribution */
/** @typedef {import("../state/state.js").RoomActions} RoomActions */
/** @typedef {import("../state/store.js").Store} Store */

const STORED_CONTRIBUTIONS = "evidence.contributions";

/**
 * @param {Store} store
 * @param {Reporter} reporter
 * @param {Loader} loader
 * @returns {RoomActions}
 */
export function joinRoom(store, reporter, loader) {
  const { change } = store;
  const isJoining = isSmallPage() && hasAll(store.state);
  change({ roomKey: presenterKey(), isJoining, contributions: restoreContributions() });
  store.subscribe(({ contributions }, before) => {
    if (contributions === before.contributions) return;
    writeStored(STORED_CONTRIBUTIONS, JSON.stringify(contributions));
  });
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
 * @returns {Contribution[]} those of this tab before the page was loaded again: none of them may be
 *   given twice, and each can still be withdrawn
 */
function restoreContributions() {
  try {
    /** @type {Contribution[]} */
    const contributions = JSON.parse(readStored(STORED_CONTRIBUTIONS));
    return contributions.map((one) => ({ ...one, isRestored: true }));
  } catch {
    // Nothing is stored, or nothing that this page has written.
    return [];
  }
}

/**
 * @param {import("../state/state.js").State} state
 * @returns {boolean} whether the small page has all that is shown
 */
function hasAll({ view, isProjector }) {
  return view === "draw" && !isProjector;
}
