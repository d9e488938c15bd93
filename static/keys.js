/** Shortcuts: one key, one action. */

/**
 * @param {Record<string, () => void>} actions by key; letters in lower case
 * @param {() => void} undo what Ctrl+Z does too
 */
export function listenToShortcuts(actions, undo) {
  addEventListener("keydown", (event) => {
    if (event.altKey || document.querySelector("dialog[open]")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (isChoosing(event.target, key)) return;
    const isUndo = key === "z" && (event.ctrlKey || event.metaKey);
    const action = event.ctrlKey || event.metaKey ? isUndo && undo : actions[key];
    // A key that is held down undoes stroke after stroke, but does nothing else again.
    if (!action || (event.repeat && key !== "z")) return;
    event.preventDefault();
    action();
  });
}

/**
 * In a list of choices, a character chooses what begins with it.
 * @param {EventTarget | null} target
 * @param {string} key
 */
function isChoosing(target, key) {
  return (
    target instanceof HTMLSelectElement &&
    [...target.options].some(({ text }) => text.toLowerCase().startsWith(key))
  );
}
