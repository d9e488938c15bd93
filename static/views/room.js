/** The room: how to join it, the wall of its drawings, and the presenter's controls. */

import { createJoining } from "../room/joining.js";
import { createPresenter } from "../room/presenter.js";
import { createReadings } from "../room/readings.js";
import { createWaiting } from "../room/waiting.js";
import { createWall } from "../room/wall.js";

/** @typedef {import("../state/state.js").Actions} Actions */
/** @typedef {import("../state/state.js").Change} Change */
/** @typedef {import("../state/state.js").Shown} Shown */

/**
 * @param {Change} change
 * @param {Actions} actions
 * @returns {(shown: Shown) => void}
 */
export function createView(change, { room: actions }) {
  if (!actions) throw new Error("The server has no room");
  const parts = [
    createJoining(),
    createPresenter(change, actions),
    createReadings(change),
    createWaiting(change, actions),
    createWall(change, actions),
  ];
  return (shown) => {
    for (const show of parts) show(shown);
  };
}
