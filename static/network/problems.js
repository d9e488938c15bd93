/** What the page says about requests that fail. */

import { gettext } from "../numbers/messages.js";
import { ProblemError } from "./http.js";

/**
 * The server's problems, by their codes. All others are mistakes of the page, or of a page and a
 * server of different versions; then the server's English description is shown.
 * @type {Record<string, string>}
 */
const PROBLEMS = {
  "disk-full": gettext(
    "The server cannot store the drawing: its disk is full. Your drawing is kept: try again later.",
  ),
  "internal-error": gettext("The server has an internal error. Try again."),
  "no-model": gettext("The server has no model: it must be trained first."),
  "not-found": gettext("The server does not have this any more."),
  "room-closed": gettext(
    "The room is closed at the moment. Your drawing is kept: give it when the room is open again.",
  ),
  "room-full": gettext("The room is full. It takes no more drawings."),
  "too-large": gettext("This drawing is too long for the room. Draw the digit with fewer lines."),
  "too-many-drawings": gettext("There are too many drawings in a short time. Try again later."),
  "unknown-model": gettext("The server does not have this model any more. Choose another one."),
  "wrong-key": gettext("The server does not accept the presenter's key."),
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
 * @returns {string} why a request about a drawing is repeated
 */
export function describeDelay(error) {
  return error instanceof ProblemError
    ? gettext("The server is busy. Your drawing is kept; trying again…")
    : gettext("The server cannot be reached. Your drawing is kept; trying again…");
}
