/** What a participant does after an answer: say whether it was right, and give the drawing. */

import { find, setText } from "../components/dom.js";
import { gettext } from "../language/messages.js";
import { canGive, canLabel, findGiven, isFromWall } from "../state/room.js";
import { createQuestion } from "./question.js";
import { createOwnDrawings } from "./own_drawings.js";

/** @typedef {import("../state/state.js").Change} Change */
/** @typedef {import("../state/state.js").Contribution} Contribution */
/** @typedef {import("../state/state.js").RoomActions} RoomActions */
/** @typedef {import("../state/state.js").State} State */

/** @type {Record<Contribution["status"], string>} */
const STATUS = {
  sending: gettext("Sending…"),
  given: gettext("The room has it. Thank you!"),
  failed: "",
  withdrawing: gettext("Withdrawing…"),
};

/**
 * @param {Change} change
 * @param {RoomActions} actions
 */
export function createContributing(change, actions) {
  const question = createQuestion(change);
  const own = createOwnDrawings(actions);
  const give = find("#give", HTMLButtonElement);
  const next = find("#next", HTMLButtonElement);
  const words = find("#give-words", HTMLElement);
  give.addEventListener("click", actions.give);
  next.addEventListener("click", () => {
    change({ strokes: [], image: null });
    find("#pad", HTMLElement).focus({ preventScroll: true });
  });

  return {
    /** @param {State} state */
    show(state) {
      const given = findGiven(state);
      const hasGiven = given !== undefined && given.status !== "failed";
      // The label of a drawing that was given belongs to what was sent.
      question.show(state, canLabel(state) && !hasGiven);
      const hadFocus = document.activeElement === give;
      give.disabled = !canGive(state);
      next.hidden = !hasGiven;
      if (hadFocus && hasGiven) next.focus();
      setText(words, describe(state, given));
      own.show(state.contributions);
    },
  };
}

/**
 * @param {State} state
 * @param {Contribution | undefined} given the drawing on the pad, if it was given
 * @returns {string} what became of the drawing, or what has to be done before it can be given
 */
function describe(state, given) {
  if (given) return given.message || STATUS[given.status];
  const { room, image, strokes, label } = state;
  if (!room) return "";
  if (isFromWall(state)) {
    return gettext("This drawing is from the wall. Clear the pad to draw another one.");
  }
  if (!room.open) return gettext("The room is closed at the moment.");
  if (image) {
    return gettext("This picture has no strokes, so it cannot be given. Draw a digit yourself.");
  }
  if (!strokes.length) return gettext("Draw a digit first.");
  if (!canLabel(state)) return "";
  return label === null ? gettext("First say which digit it was.") : "";
}
