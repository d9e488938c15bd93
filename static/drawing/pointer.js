/** Strokes on an element, by one pointer at a time: a mouse, a finger or a pen. */

/** @typedef {import("../numbers/rasterizer.js").Point} Point */

/**
 * Receives strokes. Each stroke that begins ends or is cancelled exactly once. Points are fractions of
 * the element's sides; points outside of it are reported too.
 * @typedef {object} StrokeListener
 * @property {(point: Point) => void} begin
 * @property {(points: Point[]) => void} extend
 * @property {() => void} end
 * @property {() => void} cancel forget the last stroke, which may have ended: it was made by a palm
 */

/** `PointerEvent.buttons` of the left button, a finger's contact or a pen's tip. */
const PRIMARY = 1;

/**
 * How long after its last event a pen counts as near, ms. While a pen is near, touches come from the
 * hand that holds it.
 */
const PEN_NEAR_MS = 1000;

/** After this time without an event, a pen that is down is considered lost, ms. */
const PEN_LOST_MS = 5000;

/**
 * Report the strokes that pointers make on an element. A pen takes precedence over touches: a stroke
 * that a palm made before the pen came near is cancelled.
 * @param {HTMLElement} element gets the focus when a stroke begins
 * @param {StrokeListener} listener
 */
export function listenToStrokes(element, { begin, extend, end, cancel }) {
  const tracker = createTracker(end, cancel);
  /** Time of the last raw move, ms. */
  let lastRaw = -Infinity;

  /** @param {PointerEvent[]} events */
  const toPoints = (events) => {
    const box = element.getBoundingClientRect();
    return events.map(({ clientX, clientY }) => {
      return { x: (clientX - box.left) / box.width, y: (clientY - box.top) / box.height };
    });
  };

  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !tracker.press(event)) return;
    try {
      element.setPointerCapture(event.pointerId);
    } catch {
      // The pointer is gone, or a script made the event. The stroke continues without capture.
    }
    element.focus({ preventScroll: true });
    begin(toPoints([event])[0]);
  });
  // By default, a press starts to drag or select text, and moves the focus.
  element.addEventListener("mousedown", (event) => event.preventDefault());
  // After a finger that was lifted while it moved, Chromium ignores the next tap, as if that stopped a
  // page that scrolls: the person would have to tap a button twice.
  element.addEventListener(
    "touchstart",
    (event) => {
      if (event.cancelable) event.preventDefault();
    },
    { passive: false },
  );
  // A long press on a phone would open a menu in the middle of a stroke.
  element.addEventListener("contextmenu", (event) => event.preventDefault());

  /** @param {PointerEvent} event */
  const move = (event) => {
    if (!tracker.isDrawing(event)) return;
    // Browsers merge the moves between two frames; Safari before version 17 does not return them.
    const moves = event.getCoalescedEvents?.() ?? [];
    const newMoves = (moves.length ? moves : [event]).filter(
      ({ timeStamp }) => timeStamp > lastRaw,
    );
    if (newMoves.length) extend(toPoints(newMoves));
  };

  element.addEventListener("pointermove", move);
  // Over HTTPS and on localhost, Chromium also reports each move immediately, and then again with
  // the next frame.
  element.addEventListener("pointerrawupdate", (event) => {
    const raw = /** @type {PointerEvent} */ (event);
    // The loss of capture is reported after the next raw move, so check it here.
    if (!element.hasPointerCapture(raw.pointerId)) return;
    move(raw);
    lastRaw = raw.timeStamp;
  });
  element.addEventListener("lostpointercapture", tracker.release);
  // On the window, since a pointer that could not be captured may be lifted elsewhere.
  for (const type of /** @type {const} */ (["pointerup", "pointercancel"])) {
    addEventListener(type, tracker.release, { capture: true });
  }
  for (const type of /** @type {const} */ ([
    "pointerover",
    "pointermove",
    "pointerdown",
    "pointerup",
  ])) {
    addEventListener(type, tracker.noticePen, { capture: true });
  }
  // A window without focus does not receive releases.
  addEventListener("blur", tracker.lift);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) tracker.lift();
  });
}

/**
 * Decide which pointer draws.
 * @param {() => void} end
 * @param {() => void} cancel
 */
function createTracker(end, cancel) {
  /**
   * The pointer that draws. Events made by scripts may lack `buttons`.
   * @type {{id: number, type: string, hasButtons: boolean} | null}
   */
  let active = null;
  /** Time of the last event of a pen, anywhere in the window, ms. */
  let lastPen = -Infinity;
  /** Time at which the browser last cancelled a drawing touch, as it does with palms, ms. */
  let lastCancelledTouch = -Infinity;

  const lift = () => {
    if (!active) return;
    active = null;
    end();
  };

  /**
   * Whether a pointer must be ignored: a touch while a pen is near, or a second finger. Any other
   * pointer takes over, because the end of the current stroke may never be reported.
   * @param {PointerEvent} event
   */
  const isIntruder = ({ pointerType, pointerId, isPrimary, timeStamp }) => {
    const silence = timeStamp - lastPen;
    if (pointerType === "touch") {
      const isSecond = active?.type === "touch" && active.id !== pointerId && !isPrimary;
      return isSecond || silence < (active?.type === "pen" ? PEN_LOST_MS : PEN_NEAR_MS);
    }
    // The drivers of some pens also send mouse events.
    return pointerType === "mouse" && active?.type === "pen" && silence < PEN_NEAR_MS;
  };

  return {
    lift,

    /** Let a pressed pointer draw. @param {PointerEvent} event @returns {boolean} whether it does */
    press(event) {
      if (isIntruder(event)) return false;
      lift();
      lastCancelledTouch = -Infinity;
      const hasButtons = (event.buttons & PRIMARY) !== 0;
      active = { id: event.pointerId, type: event.pointerType, hasButtons };
      return true;
    },

    /** @param {PointerEvent} event a move @returns {boolean} whether its pointer draws */
    isDrawing(event) {
      if (event.pointerId !== active?.id) return false;
      const isReleased = active.hasButtons && !(event.buttons & PRIMARY);
      // The release was not reported: it went to another window, or came while another button was
      // down, which browsers report as a move.
      if (isReleased) lift();
      return !isReleased;
    },

    /** @param {PointerEvent} event the end of a pointer's contact or capture */
    release(event) {
      if (event.pointerId !== active?.id) return;
      if (event.type === "pointercancel" && active.type === "touch") {
        lastCancelledTouch = event.timeStamp;
      }
      lift();
    },

    /** Notice that a pen is near, and cancel a palm's stroke. @param {PointerEvent} event */
    noticePen({ pointerType, timeStamp }) {
      if (pointerType !== "pen") return;
      lastPen = timeStamp;
      if (active?.type !== "touch" && timeStamp - lastCancelledTouch > PEN_NEAR_MS) return;
      active = null;
      lastCancelledTouch = -Infinity;
      cancel();
    },
  };
}
