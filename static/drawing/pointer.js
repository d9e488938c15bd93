/** Strokes on an element, by one pointer at a time: a mouse, a finger or a pen. */

/** @typedef {import("../numbers/rasterizer.js").Point} Point */

/**
 * Receives strokes. Points are fractions of the element's sides; points outside of it are reported too.
 * @typedef {object} StrokeListener
 * @property {(point: Point) => () => void} begin returns a function that cancels the stroke: it undoes
 *   what the stroke has done, and nothing else. It may be called after the stroke has ended, and after
 *   later strokes; instead of `end` if the stroke has not ended
 * @property {(points: Point[]) => void} extend
 * @property {() => void} end
 */

/**
 * A stroke of a finger, or of a palm.
 * @typedef {object} Touch
 * @property {number} id of its pointer
 * @property {Point} start
 * @property {boolean} isLong whether it has left its place
 * @property {boolean} isCancelled whether the browser has cancelled it, as it does with palms
 * @property {number} end time of its last contact, ms; Infinity while it is in contact
 * @property {() => void} cancel
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

/** A palm that lands and leaves again moves less than this, in fractions of the element's sides. */
const PALM_REACH = 0.1;

/**
 * Report the strokes that pointers make on an element. A pen takes precedence over touches: strokes that
 * a palm made before the pen came near are cancelled.
 * @param {HTMLElement} element gets the focus when a stroke begins
 * @param {StrokeListener} listener
 */
export function listenToStrokes(element, { begin, extend, end }) {
  const tracker = createTracker(end);
  /** Time of the last raw move, ms. */
  let lastRaw = -Infinity;
  /** The pointer whose first button was pressed on the element, until all are released. */
  let held = -1;

  /** @param {PointerEvent[]} events */
  const toPoints = (events) => {
    const box = element.getBoundingClientRect();
    return events.map(({ clientX, clientY }) => {
      return { x: (clientX - box.left) / box.width, y: (clientY - box.top) / box.height };
    });
  };

  /** @param {PointerEvent} event */
  const press = (event) => {
    if (event.button !== 0 || !tracker.press(event)) return;
    try {
      element.setPointerCapture(event.pointerId);
    } catch {
      // The pointer is gone, or a script made the event. The stroke continues without capture.
    }
    element.focus({ preventScroll: true });
    const [point] = toPoints([event]);
    tracker.begin(event, point, begin(point));
  };

  element.addEventListener("pointerdown", (event) => {
    held = event.pointerId;
    press(event);
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
    if (!newMoves.length) return;
    // A key has opened another view: the hidden element keeps the pointer, but has no size.
    if (!element.getClientRects().length) {
      tracker.lift();
      return;
    }
    const points = toPoints(newMoves);
    tracker.extend(points);
    extend(points);
  };

  element.addEventListener("pointermove", (event) => {
    const isHeld = event.pointerId === held && (event.buttons & PRIMARY) !== 0;
    // While another button is down, browsers report the press of the primary one as a move.
    if (!tracker.isDrawing(event) && isHeld) press(event);
    else move(event);
  });
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
    addEventListener(type, (event) => event.pointerId === held && (held = -1), { capture: true });
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
  // A dialog opened by a key covers the element, but the element keeps the pointer.
  new MutationObserver(() => {
    if (document.querySelector("dialog[open]")) tracker.lift();
  }).observe(document.documentElement, { subtree: true, attributeFilter: ["open"] });
}

/**
 * Ignore the touches that begin while a pen is in contact, anywhere on the page: they come from the hand
 * that holds it, and would press buttons and scroll the page.
 */
export function ignorePalms() {
  /** Time of the last event of a pen in contact, ms. */
  let lastContact = -Infinity;

  for (const type of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) {
    addEventListener(
      type,
      (event) => {
        const { pointerType, buttons, timeStamp } = /** @type {PointerEvent} */ (event);
        if (pointerType === "pen") lastContact = buttons ? timeStamp : -Infinity;
      },
      { capture: true },
    );
  }
  addEventListener(
    "touchstart",
    (event) => {
      const isPalm = event.timeStamp - lastContact < PEN_LOST_MS;
      if (isPalm && event.cancelable) event.preventDefault();
    },
    { capture: true, passive: false },
  );
}

/**
 * Decide which pointer draws, and which strokes were a palm's.
 * @param {() => void} end
 */
function createTracker(end) {
  /**
   * The pointer that draws. Events made by scripts may lack `buttons`.
   * @type {{id: number, type: string, hasButtons: boolean} | null}
   */
  let active = null;
  /** Time of the last event of a pen, anywhere in the window, ms. */
  let lastPen = -Infinity;
  /** The touches that drew since a pen was last near, oldest first. @type {Touch[]} */
  let touches = [];

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

  /**
   * Whether a touch was made by the hand that now brings a pen near. It draws still, or the browser
   * has cancelled it, or it has not left its place: a stroke on which a finger was lifted stays.
   * @param {Touch} touch
   */
  const isPalm = ({ id, isLong, isCancelled, end: lastContact }) => {
    const isDrawing = id === active?.id && lastContact === Infinity;
    return (isDrawing || isCancelled || !isLong) && lastPen - lastContact < PEN_NEAR_MS;
  };

  return {
    lift,

    /** Let a pressed pointer draw. @param {PointerEvent} event @returns {boolean} whether it does */
    press(event) {
      if (isIntruder(event)) return false;
      lift();
      const hasButtons = (event.buttons & PRIMARY) !== 0;
      active = { id: event.pointerId, type: event.pointerType, hasButtons };
      return true;
    },

    /**
     * Remember a stroke that has begun.
     * @param {PointerEvent} event
     * @param {Point} start
     * @param {() => void} cancel
     */
    begin({ pointerType, pointerId: id, isPrimary, timeStamp }, start, cancel) {
      if (pointerType !== "touch") return;
      // A touch is primary if no other is in contact: the ends of earlier ones were not reported.
      if (isPrimary) for (const touch of touches) touch.end = Math.min(touch.end, timeStamp);
      touches = touches.filter((touch) => timeStamp - touch.end < PEN_NEAR_MS);
      touches.push({ id, start, isLong: false, isCancelled: false, end: Infinity, cancel });
    },

    /** Notice how far a stroke goes. @param {Point[]} points */
    extend(points) {
      if (active?.type !== "touch") return;
      const touch = touches[touches.length - 1];
      touch.isLong ||= points.some(
        ({ x, y }) => Math.hypot(x - touch.start.x, y - touch.start.y) > PALM_REACH,
      );
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
    release({ type, pointerId, timeStamp }) {
      for (const touch of touches) {
        if (touch.id !== pointerId || touch.end !== Infinity) continue;
        touch.end = timeStamp;
        touch.isCancelled = type === "pointercancel";
      }
      if (pointerId === active?.id) lift();
    },

    /** Notice that a pen is near, and cancel a palm's strokes. @param {PointerEvent} event */
    noticePen({ pointerType, timeStamp }) {
      if (pointerType !== "pen") return;
      lastPen = timeStamp;
      const palms = touches.filter(isPalm);
      touches = [];
      if (active?.type === "touch") active = null;
      // The newest first: each finds what it has left.
      for (const { cancel } of palms.reverse()) cancel();
    },
  };
}
