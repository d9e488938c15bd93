/** Loads the scripts of the room, where the server has one. */

import { requestModule } from "../network/http.js";

/** @typedef {import("../state/state.js").RoomActions} RoomActions */

/**
 * Make a function that joins the room, once. After a failure, it can be tried again.
 * @param {() => Parameters<typeof import("./room.js").joinRoom>} page what the room needs of the page
 * @returns {() => Promise<RoomActions>}
 */
export function createRoomLoader(page) {
  /** @type {Promise<RoomActions> | null} */
  let joining = null;

  const join = async () => {
    const url = new URL("./room.js", import.meta.url);
    try {
      await requestModule(url);
      return (await import(url.href)).joinRoom(...page());
    } catch (error) {
      joining = null;
      throw error;
    }
  };
  return () => (joining ??= join());
}
