/** The browser's history and the URL that it shows, which follow the page's state. */

/** How long after a refusal to try again, ms. */
const RETRY_MS = 1000;

/**
 * Browsers refuse too many changes: WebKit all that are more than 100 in 10 seconds. The page goes
 * on without, and the latest URL is written as soon as it is let.
 */
export function createHistory() {
  /** @type {{isNew: boolean, view: string, url: string} | null} what was refused */
  let refused = null;
  let retrying = 0;

  /**
   * @param {boolean} isNew whether it is an entry of its own; one that was refused still has to be
   *   made
   * @param {string} view
   * @param {string} url
   */
  const write = (isNew, view, url) => {
    clearTimeout(retrying);
    const entry = { isNew: isNew || refused?.isNew === true, view, url };
    try {
      if (entry.isNew) history.pushState({ view }, "", url);
      else history.replaceState({ view }, "", url);
      refused = null;
    } catch {
      refused = entry;
      retrying = setTimeout(() => write(false, entry.view, entry.url), RETRY_MS);
    }
  };

  return {
    /** Make a new entry. @param {string} view @param {string} url */
    push: (view, url) => write(true, view, url),

    /** Change the current entry. @param {string} view @param {string} url */
    replace: (view, url) => write(false, view, url),

    /** The browser has gone to another entry: what was refused belonged to the one before. */
    forget() {
      clearTimeout(retrying);
      refused = null;
    },
  };
}
