/** Shortcuts: one key, one action. */

import { find, findAll } from "../components/dom.js";
import { readSetting, writeSetting } from "./storage.js";

/** How long after an Escape that closed a dialog another one does nothing, ms. */
const ESCAPE_MS = 700;

/** Question marks of other scripts: Arabic, Greek, Armenian, Ethiopic and full-width ones. */
const QUESTION_MARKS = "؟\u037e՞፧？";

const SETTING = "single-key-shortcuts";

/**
 * @param {Record<string, () => void>} actions by key; letters in lower case
 * @param {() => void} undo what Ctrl+Z does
 */
export function listenToShortcuts(actions, undo) {
  const isOn = createSwitch();
  let lastDialogEscape = -Infinity;

  addEventListener("keydown", (event) => {
    const key = keyOf(event);
    // Whoever presses Escape twice to close a dialog does not mean the page as well.
    const isLeavingDialog = key === "Escape" && event.timeStamp - lastDialogEscape < ESCAPE_MS;
    if (document.querySelector("dialog[open]") || isLeavingDialog) {
      if (key === "Escape") lastDialogEscape = event.timeStamp;
      return;
    }
    if (event.altKey || isComposing(event) || isChoosing(event)) return;
    const isCommand = event.ctrlKey || event.metaKey;
    const isUndo = key === "z" && !event.shiftKey;
    if (!isCommand && key.length === 1 && !isOn()) return;
    const action = isCommand ? isUndo && undo : actions[key];
    // A key that is held down undoes stroke after stroke, but does nothing else again.
    if (!action || (event.repeat && key !== "z")) return;
    event.preventDefault();
    action();
  });
}

/**
 * The key by what is printed on it. Where that is of another script than the shortcuts, or a digit
 * needs Shift, it is the key at the same place of a QWERTY keyboard.
 * @param {KeyboardEvent} event
 * @returns {string} a character, letters in lower case, or a key's name
 */
function keyOf(event) {
  // Browsers that fill in forms send events without a key.
  const { key = "", code = "", shiftKey } = event;
  if (/^[a-z0-9?]$/i.test(key)) return key.toLowerCase();
  if (key.length === 1 && QUESTION_MARKS.includes(key)) return "?";
  // Names are ASCII, and longer than one character.
  const isCharacter = key.length === 1 || /^\P{ASCII}/u.test(key);
  // AltGr types a third character, which is no shortcut.
  if (!isCharacter || event.getModifierState("AltGraph")) return key;
  // With Shift, Cyrillic layouts have a comma there, and QWERTY the question mark.
  if (code === "Slash" && shiftKey && key === ",") return "?";
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(code);
  // A QWERTY keyboard's "!" is no 1.
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
 * @returns {boolean} whether it is a letter, but not a Latin one, as é and ß are too
 */
function isOfOtherScript(key) {
  return /^(?!\p{Script=Latin})[\p{L}\p{M}]/u.test(key);
}

/**
 * Whether the key goes into a character that takes several, as input methods and accents do.
 * @param {KeyboardEvent} event
 */
function isComposing({ isComposing, key }) {
  return isComposing || key === "Process" || key === "Dead";
}

/**
 * In a list of choices, a character chooses what begins with it.
 * @param {KeyboardEvent} event
 */
function isChoosing({ target, key = "" }) {
  return (
    target instanceof HTMLSelectElement &&
    key !== "" &&
    [...target.options].some(({ text }) => text.toLowerCase().startsWith(key.toLowerCase()))
  );
}

/**
 * The box that turns single-key shortcuts off, for those whose speech input types letters. The
 * browser remembers it.
 * @returns {() => boolean} whether they are on
 */
function createSwitch() {
  const box = find("#single-keys", HTMLInputElement);
  const shortcuts = findAll("[aria-keyshortcuts]", HTMLElement).map((element) => ({
    element,
    all: element.getAttribute("aria-keyshortcuts") ?? "",
  }));

  const show = () => {
    document.documentElement.classList.toggle("no-single-keys", !box.checked);
    for (const { element, all } of shortcuts) {
      const left = all.split(" ").filter((key) => box.checked || key.length > 1);
      if (left.length) element.setAttribute("aria-keyshortcuts", left.join(" "));
      else element.removeAttribute("aria-keyshortcuts");
    }
  };

  box.checked = readSetting(SETTING) !== "off";
  box.addEventListener("change", () => {
    writeSetting(SETTING, box.checked ? "on" : "off");
    show();
  });
  show();
  return () => box.checked;
}
