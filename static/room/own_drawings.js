/** The drawings that this page has given to the room; each can be withdrawn. */

import { find, setText } from "../components/dom.js";
import { gettext } from "../language/messages.js";
import { PEN_WIDTH } from "../numbers/rasterizer.js";
import { strokesToPath } from "../numbers/stroke_path.js";
import { whenChanged } from "../state/memo.js";

/** @typedef {import("../state/state.js").Contribution} Contribution */
/** @typedef {import("../state/state.js").RoomActions} RoomActions */

const SVG = "http://www.w3.org/2000/svg";

/** @type {Record<Contribution["status"], string>} */
const STATUS = {
  sending: gettext("Sending…"),
  given: "",
  failed: gettext("Not given"),
  withdrawing: gettext("Withdrawing…"),
};

/** @param {RoomActions} actions */
export function createOwnDrawings({ withdraw }) {
  const section = find("#own-drawings", HTMLElement);
  const list = find("ul", HTMLUListElement, section);
  /** @type {Map<string, ReturnType<typeof createItem>>} by token */
  let items = new Map();

  const show = whenChanged((/** @type {readonly Contribution[]} */ contributions) => {
    section.hidden = contributions.length === 0;
    const hadFocus = list.contains(document.activeElement);
    items = new Map(
      contributions.map((contribution) => {
        const { token } = contribution;
        const item = items.get(token) ?? createItem(contribution, () => withdraw(token));
        item.show(contribution);
        return [token, item];
      }),
    );
    const elements = [...items.values()].map(({ element }) => element).reverse();
    for (const child of [...list.children]) {
      if (!elements.some((element) => element === child)) child.remove();
    }
    // The newest one comes first. Elements that stay are not moved, so that they keep the focus.
    for (const [index, element] of elements.entries()) {
      if (list.children[index] !== element)
        list.insertBefore(element, list.children[index] ?? null);
    }
    if (hadFocus && !list.contains(document.activeElement)) list.focus();
  });
  return { show };
}

/**
 * @param {Contribution} contribution
 * @param {() => void} withdraw
 */
function createItem({ strokes }, withdraw) {
  const element = document.createElement("li");
  const digit = document.createElement("span");
  const status = document.createElement("span");
  const button = document.createElement("button");
  digit.className = "own-label";
  status.className = "own-status";
  button.type = "button";
  button.addEventListener("click", withdraw);
  element.append(createThumbnail(strokes), digit, button, status);

  return {
    element,

    /** @param {Contribution} contribution */
    show({ label, status: stage, message }) {
      const hasFailed = stage === "failed";
      element.dataset.status = stage;
      setText(digit, String(label));
      setText(status, message || STATUS[stage]);
      setText(button, hasFailed ? gettext("Remove") : gettext("Withdraw"));
      button.ariaLabel = hasFailed
        ? gettext("Remove the {digit}", { digit: label })
        : gettext("Withdraw the {digit}", { digit: label });
      // Disabled, it would lose the focus.
      button.ariaDisabled = String(stage === "withdrawing");
    },
  };
}

/**
 * @param {Contribution["strokes"]} strokes
 * @returns {SVGSVGElement} of the whole pad; its side is 1
 */
function createThumbnail(strokes) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 1 1");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("thumbnail");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", strokesToPath(strokes));
  path.setAttribute("stroke-width", String(PEN_WIDTH));
  svg.append(path);
  return svg;
}
