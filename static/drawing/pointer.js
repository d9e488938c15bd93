/** One pointer at a time on an element, be it a mouse, a finger or a pen. */

/** @typedef {import("../numbers/rasterizer.js").Point} Point */

/**
 * What becomes of a stroke. Each that begins either ends or is cancelled, once. Points are
 * fractions of the element's sides; those outside of it are reported too.
 * @typedef {object} StrokeListener
 * @property {(point: Point) => void} begin
 * @property {(points: Point[]) => void} extend
 * @property {() => void} end
 * @property {() => void} cancel the last stroke, perhaps ended already, was a palm's: forget it
 */

/** The left button, a finger's contact or a pen's tip in `PointerEvent.buttons`. */
const PRIMARY = 1;

/**
 * How long after its last event a pen counts as near, ms. Whoever holds one draws with it, and
 * touches are the hand's that holds it.
 */
const PEN_NEAR_MS = 1000;

/** After how long without an event a pen that is down has been lost, ms. */
const PEN_LOST_MS = 5000;

/**
 * Report the strokes that a pointer makes on an element. A pen goes before a hand: what a palm drew
 * before the pen came near is cancelled.
 * @param {HTMLElement} element takes the focus when a stroke begins
 * @param {StrokeListener} listener
 */
export function listenToStrokes(element, { begin, extend, end, cancel }) {
  /**
   * The pointer that draws. A script's events may say nothing of buttons.
   * @type {{id: number, type: string, hasButtons: boolean} | null}
   */
  let active = null;
  /** When the last event of a pen was anywhere in the window, ms. */
  let lastPen = -Infinity;
  /** When the browser last cancelled a touch that drew, as it does when it finds it a palm's, ms. */
  let lastCancelledTouch = -Infinity;
  /** When the last raw move was, ms. */
  let lastRaw = -Infinity;

  /** @param {PointerEvent[]} events */
  const toPoints = (events) => {
    const box = element.getBoundingClientRect();
    return events.map(({ clientX, clientY }) => {
      return { x: (clientX - box.left) / box.width, y: (clientY - box.top) / box.height };
    });
  };

  const lift = () => {
    if (!active) return;
    active = null;
    end();
  };

  /** @param {PointerEvent} event */
  const noticePen = ({ pointerType, timeStamp }) => {
    if (pointerType !== "pen") return;
    lastPen = timeStamp;
    if (active?.type !== "touch" && timeStamp - lastCancelledTouch > PEN_NEAR_MS) return;
    active = null;
    lastCancelledTouch = -Infinity;
    cancel();
  };

  /**
   * Whether a pointer may not begin a stroke: a hand's while a pen is near, and a second finger.
   * Any other takes over, for the end of the one that draws may never be reported.
   * @param {PointerEvent} event
   */
  const isIntruder = ({ pointerType, pointerId, isPrimary, timeStamp }) => {
    const silence = timeStamp - lastPen;
    if (pointerType === "touch") {
      const isSecond = active?.type === "touch" && active.id !== pointerId && !isPrimary;
      return isSecond || silence < (active?.type === "pen" ? PEN_LOST_MS : PEN_NEAR_MS);
    }
    // Drivers of some pens move the mouse as well.
    return pointerType === "mouse" && active?.type === "pen" && silence < PEN_NEAR_MS;
  };

  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || isIntruder(event)) return;
    lift();
    lastCancelledTouch = -Infinity;
    const hasButtons = (event.buttons & PRIMARY) !== 0;
    active = { id: event.pointerId, type: event.pointerType, hasButtons };
    try {
      element.setPointerCapture(event.pointerId);
    } catch {
      // The pointer is gone already, or a script made the event. The stroke goes on without.
    }
    element.focus({ preventScroll: true });
    begin(toPoints([event])[0]);
  });
  // A press would begin to drag what is selected, or to select; it would give the focus as well.
  element.addEventListener("mousedown", (event) => event.preventDefault());
  // Without it, a long press on a phone opens a menu in the middle of a stroke.
  element.addEventListener("contextmenu", (event) => event.preventDefault());

  /** @param {PointerEvent} event */
  const move = (event) => {
    if (event.pointerId !== active?.id) return;
    // The release may have gone to another window, or come while another button was down, when
    // browsers report it as a move.
    if (active.hasButtons && !(event.buttons & PRIMARY)) return lift();
    // Browsers hold back moves between two frames; Safari gives them out since version 17 only.
    const moves = event.getCoalescedEvents?.() ?? [];
    const news = (moves.length ? moves : [event]).filter(({ timeStamp }) => timeStamp > lastRaw);
    if (news.length) extend(toPoints(news));
  };

  element.addEventListener("pointermove", move);
  // Where a page came over TLS, or from the machine itself, Chromium tells of moves at once too,
  // and with the next frame of the same ones again.
  element.addEventListener("pointerrawupdate", (event) => {
    const raw = /** @type {PointerEvent} */ (event);
    // That a pointer has been taken away is told before its next move, but after the raw one.
    if (!element.hasPointerCapture(raw.pointerId)) return;
    move(raw);
    lastRaw = raw.timeStamp;
  });

  element.addEventListener("lostpointercapture", (event) => {
    if (event.pointerId === active?.id) lift();
  });
  // On the window: a pointer that could not be captured is lifted elsewhere.
  for (const type of /** @type {const} */ (["pointerup", "pointercancel"])) {
    addEventListener(
      type,
      (event) => {
        if (event.pointerId !== active?.id) return;
        if (type === "pointercancel" && active.type === "touch") {
          lastCancelledTouch = event.timeStamp;
        }
        lift();
      },
      { capture: true },
    );
  }
  for (const type of /** @type {const} */ ([
    "pointerover",
    "pointermove",
    "pointerdown",
    "pointerup",
  ])) {
    addEventListener(type, noticePen, { capture: true });
  }
  // Releases are not reported to a window that others lie over.
  addEventListener("blur", lift);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) lift();
  });
}
