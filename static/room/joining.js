/** How to join the room: the QR code, the address, and what to check when nobody gets through. */

import { find, setText } from "../components/dom.js";
import { gettext, ngettext } from "../language/messages.js";
import { whenChanged } from "../state/memo.js";

/** @typedef {import("../state/state.js").Room} Room */
/** @typedef {import("../state/state.js").Shown} Shown */

/** If nobody has joined after so many seconds of looking at the view, the causes are listed. */
const PATIENCE_S = 60;

/** @returns {(shown: Shown) => void} */
export function createJoining() {
  const view = find("#view-room", HTMLElement);
  const code = find("#join-code", HTMLImageElement);
  const url = find("#join-url", HTMLElement);
  const port = find("#join-port", HTMLElement);
  const devices = find("#devices", HTMLElement);
  const closed = find("#is-closed", HTMLElement);
  const how = find("#how-to-join", HTMLElement);
  const local = find("#is-local", HTMLElement);
  const causes = find("#join-causes", HTMLElement);
  /** @type {Room | null} */
  let room = null;
  let waited = 0;

  const showJoin = whenChanged((/** @type {string} */ join) => {
    // A new address has the same path, and browsers do not load the same picture again.
    code.src = `api/room/join.svg?v=${encodeURIComponent(join)}`;
    code.alt = gettext("QR code of {url}", { url: join });
    code.hidden = false;
    setText(url, join);
    url.style.setProperty("--characters", String(join.length));
    setText(port, portOf(join));
  });

  const showCauses = () => {
    causes.hidden = !room || room.devices > 0 || room.is_local || waited < PATIENCE_S;
  };

  setInterval(() => {
    if (!room || view.hidden || document.hidden) return;
    waited += 1;
    showCauses();
  }, 1000);

  return (shown) => {
    room = shown.room;
    if (!room) return;
    showJoin(room.join);
    setText(devices, describeDevices(room.devices));
    closed.hidden = room.open;
    local.hidden = !room.is_local;
    how.hidden = room.is_local;
    showCauses();
  };
}

/** @param {string} url */
function portOf(url) {
  return URL.canParse(url) ? new URL(url).port || "80" : "";
}

/** @param {number} count */
function describeDevices(count) {
  if (count === 0) return gettext("No device has joined yet.");
  return ngettext("{count} device has joined.", "{count} devices have joined.", count);
}
