/** The presenter's controls. They exist only in a page that has the key. */

import { find, queryMedia, setChoices, setText } from "../components/dom.js";
import { gettext, ngettext } from "../language/messages.js";
import { copyText } from "./copy.js";
import { describeWaiting } from "./waiting.js";

/** @typedef {import("../state/state.js").Change} Change */
/** @typedef {import("../state/state.js").Room} Room */
/** @typedef {import("../state/state.js").RoomActions} RoomActions */
/** @typedef {import("../state/state.js").RoomOfPresenter} RoomOfPresenter */
/** @typedef {import("../state/state.js").Shown} Shown */

/**
 * @param {Change} change
 * @param {RoomActions} actions
 * @returns {(shown: Shown) => void}
 */
export function createPresenter(change, actions) {
  const place = find("#presenter-place", HTMLElement);
  const keyMessage = find("#key-message", HTMLElement);
  /** @type {((room: Room, presenter: RoomOfPresenter, message: string) => void) | null} */
  let showControls = null;

  return ({ room, roomMessage }) => {
    // Without the controls, the message says why they are missing.
    setText(keyMessage, room?.presenter ? "" : roomMessage);
    if (room?.presenter) {
      showControls ??= addControls(place, change, actions);
      showControls(room, room.presenter, roomMessage);
    } else if (showControls) {
      showControls = null;
      place.replaceChildren();
    }
  };
}

/**
 * @param {HTMLElement} place
 * @param {Change} change
 * @param {RoomActions} actions
 */
function addControls(place, change, actions) {
  const template = find("#presenter-template", HTMLTemplateElement);
  place.append(template.content.cloneNode(true));
  const message = find("#room-message", HTMLElement, place);
  const waiting = find("#waiting-words", HTMLElement, place);
  const open = find("#room-open", HTMLInputElement, place);
  const approval = find("#room-approval", HTMLInputElement, place);
  const address = find("#join-address", HTMLSelectElement, place);
  const removeAll = find("#remove-all", HTMLButtonElement, place);
  const showRemoval = createRemoval(place, actions);
  const command = find("#room-command", HTMLElement, place);
  const result = find("#copy-result", HTMLElement, place);

  // On a phone, more controls would push the wall out of the window.
  find("#room-training", HTMLDetailsElement, place).open =
    queryMedia("(min-width: 63rem)")?.matches ?? true;
  const showOpen = createSetting(open, () => actions.setRoom({ open: open.checked }));
  const showApproval = createSetting(approval, () =>
    actions.setRoom({ approval: approval.checked }),
  );
  const showAddress = createSetting(address, () => actions.setRoom({ join: address.value }));
  find("#download-room", HTMLButtonElement, place).addEventListener("click", actions.download);
  find("#follow-training", HTMLButtonElement, place).addEventListener("click", () => {
    change({ view: "training" });
  });
  find("#copy-command", HTMLButtonElement, place).addEventListener("click", async () => {
    const isCopied = await copyText(command);
    setText(
      result,
      isCopied ? gettext("Copied.") : gettext("The command is selected: copy it with Ctrl+C."),
    );
  });

  return (
    /** @type {Room} */ room,
    /** @type {RoomOfPresenter} */ presenter,
    /** @type {string} */ problem,
  ) => {
    const count = room.drawings + presenter.waiting;
    setText(message, problem);
    setText(waiting, presenter.waiting ? describeWaiting(presenter.waiting) : "");
    showOpen(() => (open.checked = room.open));
    showApproval(() => (approval.checked = room.approval));
    showAddress(() => setChoices(address, toChoices(presenter.addresses, room.join), room.join));
    setText(command, presenter.command);
    removeAll.disabled = count === 0;
    showRemoval(count);
  };
}

/**
 * A control of one of the room's settings. It keeps what the presenter has chosen until the server has
 * answered.
 * @param {HTMLInputElement | HTMLSelectElement} control
 * @param {() => Promise<void>} send what was chosen; settles when the page knows the room's setting
 * @returns {(show: () => void) => void} call it with a function that shows the room's current setting
 */
function createSetting(control, send) {
  let show = () => {};
  /** How many requests have no answer yet. */
  let pending = 0;

  const update = () => {
    control.ariaBusy = String(pending > 0);
    if (!pending) show();
  };
  control.addEventListener("change", async () => {
    pending++;
    update();
    await send();
    pending--;
    update();
  });
  return (newest) => {
    show = newest;
    update();
  };
}

/**
 * The dialog that confirms the removal of all drawings.
 * @param {HTMLElement} place
 * @param {RoomActions} actions
 * @returns {(count: number) => void} takes the number of drawings
 */
function createRemoval(place, actions) {
  const dialog = find("#confirm-removal", HTMLDialogElement, place);
  const words = find("#confirm-words", HTMLElement, place);
  const opener = find("#remove-all", HTMLButtonElement, place);
  const title = find("#presenter-title", HTMLElement, place);

  opener.addEventListener("click", () => {
    // Escape does not change the result of the last time.
    dialog.returnValue = "";
    dialog.showModal();
  });
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "remove") return;
    // The button that opened the dialog is disabled once there are no drawings.
    title.focus();
    actions.removeAll();
  });

  return (count) => {
    const consequence = ngettext(
      "The drawing will be deleted from the room's file. This cannot be undone.",
      "All {count} drawings will be deleted from the room's file. This cannot be undone.",
      count,
    );
    setText(words, consequence);
  };
}

/**
 * @param {RoomOfPresenter["addresses"]} addresses
 * @param {string} join the chosen one
 */
function toChoices(addresses, join) {
  const choices = addresses.map(({ url, interface: name, is_virtual: isVirtual }) => {
    const host = URL.canParse(url) ? new URL(url).host : url;
    return { value: url, text: name ? describeAdapter(name, isVirtual, host) : host };
  });
  const isListed = addresses.some(({ url }) => url === join);
  return isListed ? choices : [{ value: join, text: join }, ...choices];
}

/**
 * @param {string} adapter
 * @param {boolean} isVirtual
 * @param {string} host
 */
function describeAdapter(adapter, isVirtual, host) {
  return isVirtual
    ? gettext("{adapter} (virtual): {host}", { adapter, host })
    : gettext("{adapter}: {host}", { adapter, host });
}
