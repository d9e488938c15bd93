/** Keyboard shortcuts, and the switch that turns single-key shortcuts off. */

import { find, findAll } from "../components/dom.js";

/** After an Escape, or a click that may have closed a dialog, Escapes are ignored for this long, ms. */
const ESCAPE_MS = 700;

/** A character that is typed within this time after another one chooses an option together with it, ms. */
const TYPING_MS = 1000;

/** Question marks of other scripts: Arabic, Greek, Armenian and Ethiopic ones. */
const QUESTION_MARKS = "؟\u037e՞፧";

/** `keyCode` of all keys that an input method takes. */
const COMPOSING = 229;

const SETTING = "single-key-shortcuts";

/** Prefix of stored settings: all pages of a host share one storage. */
const PREFIX = "evidence.";

/**
 * @param {Record<string, () => void>} actions by key; letters in lower case
 * @param {() => void} undo what Ctrl+Z does
 */
export function listenToShortcuts(actions, undo) {
  const isOn = createSwitch();
  const isChoosing = createTypeAhead();
  /** Time of the last Escape, or click in an open dialog, ms. */
  let lastEscape = -Infinity;

  // Not "close", which may be reported after the next key.
  const noticeClick = (/** @type {Event} */ { target, timeStamp }) => {
    if (/** @type {Element} */ (target).closest("dialog[open]")) lastEscape = timeStamp;
  };
  addEventListener("click", noticeClick, { capture: true });

  addEventListener("keydown", (event) => {
    const key = keyOf(event);
    const isEscape = key === "Escape";
    // Browsers open their task manager with Shift+Escape.
    if (isEscape && event.shiftKey) return;
    // A second Escape, pressed quickly to close something, must not clear the drawing.
    const isLeaving = isEscape && event.timeStamp - lastEscape < ESCAPE_MS;
    // After another key, an Escape is meant.
    lastEscape = isEscape ? event.timeStamp : -Infinity;
    if (document.querySelector("dialog[open]") || isLeaving) return;
    // While a slider is dragged, Escape is meant for it.
    if (isEscape && document.querySelector("[type=range]:active")) return;
    if (isEscape && leaveList(event.target)) return;
    if (event.altKey || isComposing(event) || isChoosing(event)) return;
    const isCommand = event.ctrlKey || event.metaKey;
    const isUndo = key === "z" && !event.shiftKey;
    if (!isCommand && key.length === 1 && !isOn()) return;
    const action = isCommand ? isUndo && undo : actions[key];
    // Only undo repeats while its key is held down.
    if (!action || (event.repeat && key !== "z")) return;
    event.preventDefault();
    action();
  });
}

/**
 * The character printed on the key. If that belongs to another script than Latin, or is a digit that
 * needs Shift, the character of the key at the same position on a QWERTY keyboard.
 * @param {KeyboardEvent} event
 * @returns {string} a character, letters in lower case, or a key's name; empty for a letter typed with AltGr
 */
function keyOf(event) {
  // Autofill sends keydown events without a key.
  const { key: typed = "", code = "", shiftKey } = event;
  // Input methods for Chinese and Japanese type full-width characters.
  const key = /^[\uff01-\uff5e]$/.test(typed) ? typed.normalize("NFKC") : typed;
  // A letter typed with AltGr is not a shortcut. For digits and "?", some layouts need AltGr.
  if (/^[a-z]$/i.test(key)) return event.getModifierState("AltGraph") ? "" : key.toLowerCase();
  if (/^[0-9?]$/.test(key)) return key;
  if (key.length === 1 && QUESTION_MARKS.includes(key)) return "?";
  // Names of keys, as "Enter", are ASCII and longer than one character.
  const isCharacter = key.length === 1 || /^\P{ASCII}/u.test(key);
  // A character typed with AltGr is not a shortcut.
  if (!isCharacter || event.getModifierState("AltGraph")) return key;
  // Cyrillic layouts have a comma where QWERTY has the question mark, Thai ones a letter.
  if (code === "Slash" && shiftKey && (key === "," || isOfOtherScript(key))) return "?";
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(code);
  // Shift+1 types "!" on a QWERTY keyboard, which is not a digit.
  if (digit && (!shiftKey || isDigit(key))) return digit[1];
  const letter = /^Key([A-Z])$/.exec(code);
  if (letter && isOfOtherScript(key)) return letter[1].toLowerCase();
  return key;
}

/** @param {string} key */
function isDigit(key) {
  return /^\p{Nd}$/u.test(key);
}

/**
 * @param {string} key
 * @returns {boolean} whether it is a letter that is not Latin; é and ß are Latin
 */
function isOfOtherScript(key) {
  return /^(?!\p{Script=Latin})[\p{L}\p{M}]/u.test(key);
}

/**
 * Whether the key is part of a composed character, from an input method or a dead key.
 * @param {KeyboardEvent} event
 */
function isComposing({ isComposing, key, keyCode }) {
  return isComposing || keyCode === COMPOSING || key === "Process" || key === "Dead";
}

/**
 * Leave a select element. Not all browsers report the Escape that closes its list of options, so the
 * next one may be meant for the list too.
 * @param {EventTarget | null} target of an Escape
 * @returns {boolean} whether it is a select element
 */
function leaveList(target) {
  if (!(target instanceof HTMLSelectElement)) return false;
  target.blur();
  return true;
}

/**
 * While Enter is held down, browsers press a button again and again, and then the next one that gets the
 * focus: one press would remove all drawings.
 */
export function pressButtonsOnce() {
  addEventListener("keydown", (event) => {
    const isOnButton = event.target instanceof Element && event.target.closest("button, summary");
    if (event.repeat && event.key === "Enter" && isOnButton) event.preventDefault();
  });
}

/**
 * In a select element, the characters that are typed select the option that starts with them.
 * @returns {(event: KeyboardEvent) => boolean} whether a key selects an option
 */
function createTypeAhead() {
  /** Time of the last character that selected an option, ms. */
  let lastChoice = -Infinity;

  return ({ target, key = "", timeStamp, ctrlKey, metaKey }) => {
    if (!(target instanceof HTMLSelectElement) || key.length !== 1 || ctrlKey || metaKey) {
      return false;
    }
    const isFirst = [...target.options].some(({ text }) =>
      text.toLowerCase().startsWith(key.toLowerCase()),
    );
    if (!isFirst && timeStamp - lastChoice > TYPING_MS) return false;
    lastChoice = timeStamp;
    return true;
  };
}

/**
 * The checkbox for single-key shortcuts, which people who dictate can turn off (WCAG 2.1.4). The
 * browser remembers the choice. The small page of a room's participants has no checkbox, so they are off.
 * @returns {() => boolean} whether they are on
 */
function createSwitch() {
  const box = find("#single-keys", HTMLInputElement);
  const { classList } = document.documentElement;
  const isOn = () => box.checked && !classList.contains("joining");
  const shortcuts = findAll("[aria-keyshortcuts]", HTMLElement).map((element) => ({
    element,
    all: element.getAttribute("aria-keyshortcuts") ?? "",
  }));

  const show = () => {
    classList.toggle("no-single-keys", !isOn());
    for (const { element, all } of shortcuts) {
      const left = all.split(" ").filter((key) => isOn() || key.length > 1);
      if (left.length) element.setAttribute("aria-keyshortcuts", left.join(" "));
      else element.removeAttribute("aria-keyshortcuts");
    }
  };

  const read = () => {
    const stored = readSetting(SETTING);
    if (stored !== null) box.checked = stored !== "off";
    show();
  };

  // Another tab has changed the setting, or has while this page was in the browser's history.
  addEventListener("storage", read);
  addEventListener("pageshow", read);
  box.addEventListener("change", () => {
    writeSetting(SETTING, box.checked ? "on" : "off");
    show();
  });
  // The small page becomes the whole one.
  new MutationObserver(show).observe(document.documentElement, { attributeFilter: ["class"] });
  box.checked = true;
  read();
  return isOn;
}

/**
 * @param {string} name
 * @returns {string | null} null if nothing is stored or the browser blocks its storage
 */
function readSetting(name) {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    // With blocked storage, reading the property localStorage throws.
    return null;
  }
}

/**
 * Store a choice. Without storage, it is kept until the page is closed.
 * @param {string} name
 * @param {string} value
 */
function writeSetting(name, value) {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // The storage is blocked or full.
  }
}
