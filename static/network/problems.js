/** What the page says about requests that fail. */

import { gettext } from "../language/messages.js";
import { ProblemError } from "./http.js";

/**
 * The server's problems, by their codes. All others are mistakes of the page, or of a page and a
 * server of different versions; then the server's English description is shown.
 * @type {Record<string, string>}
 */
const PROBLEMS = {
  "disk-full": gettext("The server cannot store this: its disk is full. Try again later."),
  "internal-error": gettext("The server has an internal error. Try again."),
  "no-model": gettext("The server has no model: it must be trained first."),
  "not-found": gettext("The server no longer has this."),
  "room-closed": gettext(
    "The room is closed at the moment. Your drawing is kept: give it when the room is open again.",
  ),
  "room-full": gettext("The room is full. It takes no more drawings."),
  "too-large": gettext("This drawing is too long for the room. Draw the digit with fewer lines."),
  timeout: gettext("The request took too long: the connection is slow."),
  "unknown-model": gettext("The server no longer has this model. Choose another one."),
  "wrong-key": gettext("The server does not accept the presenter's key."),
  "wrong-token": gettext("Only the page that gave this drawing can withdraw it."),
};

/**
 * @param {ProblemError} error
 * @returns {string} why the server refused a request
 */
export function describeProblem(error) {
  return PROBLEMS[error.code] ?? gettext("The server refused: {reason}", { reason: error.message });
}

/**
 * @param {unknown} error
 * @returns {string} why a request is repeated; the drawing on the pad stays
 */
export function describeDelay(error) {
  return error instanceof ProblemError
    ? gettext("The server is busy. Your drawing is kept; trying again…")
    : gettext("The server cannot be reached. Your drawing is kept; trying again…");
}
