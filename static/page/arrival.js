/**
 * How the visitor has come to the room: with the presenter's key, with a link to a view, or by the
 * address that all participants open. It runs before the page's other scripts, so that the key leaves
 * the address at once: the presenter's screen is projected.
 */

import { takeKey } from "../state/presenter_key.js";
import { unescapeFragment } from "../state/repair.js";

/** Names in the session's storage, which all pages of a host share. */
const STORED_KEY = "evidence.presenter-key";
const STORED_DEVICE = "evidence.device";

/** Bytes of a random ID: nobody guesses it. */
const ID_BYTES = 16;

/** Delay before the key is removed from the address again, after the browser has refused that, ms. */
const RETRY_MS = 1000;

let key = readStored(STORED_KEY);

function takeKeyFromAddress() {
  const found = takeKey(location.hash);
  if (!found) return;
  key = found.key;
  writeStored(STORED_KEY, key);
  try {
    history.replaceState(null, "", found.address);
  } catch {
    // Browsers refuse too many changes of the address, and ignore too many navigations.
    location.replace(found.address);
    setTimeout(takeKeyFromAddress, RETRY_MS);
  }
}

takeKeyFromAddress();
// Before the navigation, which reads the address then too.
addEventListener("hashchange", takeKeyFromAddress);

/** Whether the page shows only what a participant needs who has followed no link to a view. */
let isSmall = !key && !/\b(?:view|projector)\b/i.test(unescapeFragment(location.hash));

function showSize() {
  document.documentElement.classList.toggle("joining", isSmall);
}

// The document has the class from the start, because most visitors are participants.
showSize();

// Without another module's help: what this one imports would run before it.
document.querySelector("#all-views")?.addEventListener("click", () => {
  isSmall = false;
  showSize();
  // The button is hidden now.
  /** @type {HTMLElement | null} */ (document.querySelector("nav a"))?.focus();
});

/** @returns {boolean} */
export function isSmallPage() {
  return isSmall;
}

/** @returns {string} the presenter's key; empty for participants */
export function presenterKey() {
  return key;
}

export function forgetPresenterKey() {
  key = "";
  writeStored(STORED_KEY, key);
}

/** @returns {string} the page's own ID; a page that is loaded again keeps it */
export function deviceId() {
  const id = readStored(STORED_DEVICE) || randomId();
  writeStored(STORED_DEVICE, id);
  return id;
}

/** @returns {string} */
export function randomId() {
  // Browsers have crypto.randomUUID only with HTTPS.
  const bytes = crypto.getRandomValues(new Uint8Array(ID_BYTES));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * @param {string} name
 * @returns {string} empty if nothing is stored or the browser blocks its storage
 */
export function readStored(name) {
  try {
    return sessionStorage.getItem(name) ?? "";
  } catch {
    // With blocked storage, reading the property sessionStorage throws.
    return "";
  }
}

/**
 * Store a value until the tab is closed; without storage, until the page is.
 * @param {string} name
 * @param {string} value
 */
export function writeStored(name, value) {
  try {
    sessionStorage.setItem(name, value);
  } catch {
    // The storage is blocked or full.
  }
}
