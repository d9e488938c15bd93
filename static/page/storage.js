/** What the browser remembers of a person's choices. */

/** Other pages of the same host have a storage in common with this one. */
const PREFIX = "evidence.";

/**
 * @param {string} name
 * @returns {string | null} null where nothing is stored, or the browser does not tell
 */
export function readSetting(name) {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    // Browsers that block a page's storage throw where it is looked up.
    return null;
  }
}

/**
 * Store a choice where the browser allows it; elsewhere it holds until the page is left.
 * @param {string} name
 * @param {string} value
 */
export function writeSetting(name, value) {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // Blocked or full.
  }
}
