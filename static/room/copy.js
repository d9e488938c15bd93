/** Copying text to the clipboard, also on a page without HTTPS. */

/**
 * Copy an element's text. Where the browser does not allow it, the text is selected.
 * @param {HTMLElement} element
 * @returns {Promise<boolean>} whether it was copied
 */
export async function copyText(element) {
  try {
    await navigator.clipboard.writeText(element.textContent ?? "");
    return true;
  } catch {
    // Plain http:// in a room's network has no clipboard, but the selection can still be copied.
    getSelection()?.selectAllChildren(element);
    return document.execCommand("copy");
  }
}
