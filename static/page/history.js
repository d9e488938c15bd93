/** The browser's history, whose entries follow the page's state. */

/** Delay before a refused change is tried again, ms. */
const RETRY_MS = 1000;

/**
 * Browsers refuse too many changes: WebKit allows 100 in 10 seconds. The page works on without
 * them, and the newest address is written as soon as the browser accepts it.
 */
export function createHistory() {
  /** @type {{isNew: boolean, view: string, address: string} | null} */
  let refused = null;
  let retrying = 0;

  /**
   * @param {boolean} isNew whether to add an entry; a refused one still has to be added
   * @param {string} view
   * @param {string} address
   */
  const write = (isNew, view, address) => {
    clearTimeout(retrying);
    const entry = { isNew: isNew || refused?.isNew === true, view, address };
    try {
      if (entry.isNew) history.pushState({ view }, "", address);
      else history.replaceState({ view }, "", address);
      refused = null;
    } catch {
      refused = entry;
      retrying = setTimeout(() => write(false, entry.view, entry.address), RETRY_MS);
    }
  };

  return {
    /** Add an entry. @param {string} view @param {string} address */
    push: (view, address) => write(true, view, address),

    /** Change the current entry. @param {string} view @param {string} address */
    replace: (view, address) => write(false, view, address),

    /** The browser has gone to another entry: a refused change belonged to the one before. */
    forget() {
      clearTimeout(retrying);
      refused = null;
    },
  };
}
