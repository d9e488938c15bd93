/** A drawing in the room as a button, which opens it in the view Draw. */

import { find } from "../components/dom.js";
import { joinSentences } from "../language/sentences.js";
import { gettext } from "../language/messages.js";
import { strokesToPath } from "../numbers/stroke_path.js";
import { snap } from "../state/address_parts.js";
import { whenChanged } from "../state/memo.js";

/** @typedef {import("./entries.js").RoomEntry} RoomEntry */
/** @typedef {import("../state/state.js").Change} Change */
/** @typedef {import("../state/state.js").RoomDrawing} RoomDrawing */
/** @typedef {{element: HTMLElement, show: (entry: RoomEntry) => void}} Tile */

/**
 * A button below the drawing.
 * @typedef {object} Control
 * @property {string} text
 * @property {(digit: number) => string} describe returns what it does to a drawing of this digit
 * @property {string} className
 */

/** @type {Control} */
export const REMOVE = {
  text: gettext("✕ Remove"),
  describe: (digit) => gettext("Remove this {digit}", { digit }),
  className: "remove",
};

/**
 * Make a function that makes tiles.
 * @param {Control[]} controls
 * @returns {(entry: RoomEntry) => Tile}
 */
export function createTileMaker(controls) {
  const template = find("#tile-template", HTMLTemplateElement);

  return ({ drawing }) => {
    const { id, label, digit: firstDigit } = drawing;
    const copy = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
    const element = find("li", HTMLElement, copy);
    const opener = find(".opener", HTMLButtonElement, copy);
    const caption = find(".caption", HTMLElement, copy);

    find("path", SVGPathElement, copy).setAttribute("d", strokesToPath(drawing.strokes));
    opener.dataset.drawing = String(id);
    opener.dataset.label = String(label);
    for (const { text, describe, className } of controls) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = className;
      button.value = String(id);
      button.textContent = text;
      button.ariaLabel = describe(label);
      element.append(button);
    }

    const show = (/** @type {number} */ digit, /** @type {boolean} */ isSure) => {
      const isOther = digit !== firstDigit;
      const { kind, sign, sentence } = judge({ label, digit, firstDigit, isSure });
      opener.dataset.digit = String(digit);
      opener.dataset.sure = String(isSure);
      if (isOther) opener.dataset.was = String(firstDigit);
      else delete opener.dataset.was;
      opener.ariaLabel = joinSentences([
        sentence,
        isSure ? "" : gettext("Not sure."),
        gettext("Explain this drawing"),
      ]);
      element.dataset.kind = kind;
      caption.replaceChildren(
        `${label} → `,
        ...(isOther ? [createText("s", String(firstDigit)), " "] : []),
        String(digit),
        ...(sign ? [" ", createText("b", sign, `mark ${kind}`)] : []),
      );
    };
    const update = whenChanged(show);
    return { element, show: ({ digit, isSure }) => update(digit, isSure) };
  };
}

/**
 * @param {string} tag
 * @param {string} text
 * @param {string} [className]
 */
function createText(tag, text, className = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  element.className = className;
  return element;
}

/**
 * @param {{label: number, digit: number, firstDigit: number, isSure: boolean}} reading
 * @returns {{kind: string, sign: string, sentence: string}} how the reading is marked and
 *   described
 */
function judge({ label, digit, firstDigit, isSure }) {
  const question = isSure ? "" : " ?";
  if (digit !== label) {
    const sentence =
      firstDigit === label
        ? gettext("A {label}, read as {digit}: correct before, wrong now.", { label, digit })
        : gettext("A {label}, read as {digit}, wrong.", { label, digit });
    return { kind: "wrong", sign: `✗${question}`, sentence };
  }
  if (firstDigit !== label) {
    const sentence = gettext(
      "A {label}, read as {digit}, before as {before}: wrong before, correct now.",
      { label, digit, before: firstDigit },
    );
    return { kind: "gained", sign: `✓${question}`, sentence };
  }
  const sentence = gettext("A {label}, read as {digit}.", { label, digit });
  return isSure ? { kind: "right", sign: "", sentence } : { kind: "unsure", sign: "?", sentence };
}

/**
 * Show a drawing of the room in the view Draw.
 * @param {Change} change
 * @param {RoomDrawing} drawing
 */
export function openDrawing(change, { strokes, label }) {
  // Somebody's own program may have sent it: the address needs points that it can hold exactly.
  const snapped = strokes.map((stroke) => stroke.map(snap));
  change({ strokes: snapped, image: null, label, view: "draw" });
}
