/** Live predictions over a WebSocket: a message arrives sooner than the response to a request. */

/** After this time without an answer, a request is sent instead, ms. */
const TIMEOUT_MS = 2000;

/** How long requests are sent after a WebSocket has failed, ms. */
const RETRY_MS = 30_000;

/** Close codes that are no failure: the socket was idle, or the page closed it. */
const NORMAL_CLOSURES = [1000, 1005];

/**
 * Make a function that asks the server over a WebSocket, one question at a time.
 * @returns {(path: string, question: Uint8Array) => Promise<string | null>} takes the socket's path,
 *   and returns the answer; null if a request must be sent instead, because there is no open socket
 */
export function createLiveSocket() {
  /** @type {WebSocket | null} */
  let socket = null;
  let openPath = "";
  /** Time before which no socket is opened, ms. */
  let nextTry = isBehindProxy() ? Infinity : 0;
  /** @type {(answer: string | null) => void} Ends the question that is being asked. */
  let finish = () => {};

  const close = () => {
    socket?.close();
    socket = null;
    finish(null);
  };

  /** @param {string} path */
  const open = (path) => {
    const url = new URL(path, document.baseURI);
    url.protocol = url.protocol.replace("http", "ws");
    const opened = new WebSocket(url);
    opened.addEventListener("message", ({ data }) => finish(data));
    opened.addEventListener("close", ({ code }) => {
      if (!NORMAL_CLOSURES.includes(code)) nextTry = performance.now() + RETRY_MS;
      if (socket === opened) close();
    });
    socket = opened;
    openPath = path;
  };

  // Browsers do not keep a page with an open WebSocket for the way back.
  addEventListener("pagehide", close);

  return async (path, question) => {
    if (path !== openPath) close();
    try {
      if (!socket && performance.now() >= nextTry) open(path);
      if (socket?.readyState !== WebSocket.OPEN) return null;
      socket.send(/** @type {BufferSource} */ (question));
    } catch {
      // Some extensions and policies take WebSockets away from pages.
      nextTry = performance.now() + RETRY_MS;
      close();
      return null;
    }
    return new Promise((resolve) => {
      const timer = setTimeout(close, TIMEOUT_MS);
      finish = (answer) => {
        clearTimeout(timer);
        finish = () => {};
        resolve(answer);
      };
    });
  };
}

/**
 * @returns {boolean} whether a reverse proxy serves the page, under another host or a path prefix. Most
 *   refuse WebSockets, and browsers report that as an error
 */
function isBehindProxy() {
  const { host, pathname } = new URL(document.baseURI);
  return host !== document.querySelector("main")?.dataset.host || pathname !== "/";
}
