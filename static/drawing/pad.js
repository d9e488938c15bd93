/** The drawing pad: its pens, and how strokes are painted on it. */

import { PEN_WIDTH, SIDE, createSegmentTracker } from "../numbers/rasterizer.js";
import { listenToStrokes } from "./pointer.js";

/** @typedef {import("../numbers/rasterizer.js").Segment} Segment */
/** @typedef {import("../numbers/rasterizer.js").Stroke} Stroke */
/** @typedef {import("./pointer.js").StrokeListener} StrokeListener */

/**
 * Report the strokes of the mouse, a finger or a stylus, one at a time.
 * @param {HTMLCanvasElement} canvas
 * @param {StrokeListener} pen
 */
export function listenToPen(canvas, pen) {
  listenToStrokes(canvas, {
    ...pen,
    end() {
      // Only the keyboard's pen needs the focus, and its ring would appear with the next key.
      canvas.blur();
      pen.end();
    },
  });
}

/** How far an arrow key moves the pen, in fractions of the pad's side; less with Shift. */
const KEY_STEP = 0.04;
const SMALL_KEY_STEP = 0.01;

/** @type {Record<string, [number, number]>} */
const DIRECTIONS = {
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
};

/**
 * Whether the key is the space bar, which types other spaces on some layouts, as Bépo and Persian.
 * @param {KeyboardEvent} event
 */
export function isSpace({ key, code }) {
  return key === " " || code === "Space";
}

/**
 * Report the strokes of the keyboard's pen, while the canvas has the focus: the arrow keys move it,
 * Space puts it down and lifts it.
 * @param {HTMLCanvasElement} canvas
 * @param {HTMLElement} cursor marks the pen's position
 * @param {StrokeListener} pen
 * @param {() => boolean} isDrawing whether any pen is down: the keyboard's begins no stroke then
 */
export function listenToKeys(canvas, cursor, pen, isDrawing) {
  const point = { x: 0.5, y: 0.5 };
  let isDown = false;

  const show = () => {
    cursor.style.left = `${point.x * 100}%`;
    cursor.style.top = `${point.y * 100}%`;
    cursor.classList.toggle("down", isDown);
  };

  const lift = () => {
    if (!isDown) return;
    isDown = false;
    pen.end();
  };

  canvas.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const direction = DIRECTIONS[event.key];
    const isPenKey = isSpace(event);
    if (isPenKey && !event.repeat) {
      if (isDown) lift();
      else if (!isDrawing()) {
        isDown = true;
        pen.begin({ ...point });
      }
    } else if (direction) {
      const step = event.shiftKey ? SMALL_KEY_STEP : KEY_STEP;
      point.x = Math.min(1, Math.max(0, point.x + direction[0] * step));
      point.y = Math.min(1, Math.max(0, point.y + direction[1] * step));
      if (isDown) pen.extend([{ ...point }]);
    } else if (!isPenKey) {
      return;
    }
    event.preventDefault();
    show();
  });

  canvas.addEventListener("blur", () => {
    lift();
    show();
  });
  // Another pen ends the keyboard's stroke.
  canvas.addEventListener("pointerdown", lift);
  show();
}

/**
 * Make a function that paints a drawing on the canvas, at the screen's resolution and in the canvas's
 * CSS `color`. It paints only what is new since its last call, or everything on request.
 * @param {HTMLCanvasElement} canvas
 * @returns {(drawing: {strokes: readonly Stroke[], image: Uint8Array | null}, isAll?: boolean) =>
 *   void} takes strokes or an image of 28×28 intensities
 */
export function createPainter(canvas) {
  let findNewSegments = createSegmentTracker();
  /** @type {Uint8Array | null} */
  let painted = null;

  return ({ strokes, image }, isAll = false) => {
    const context = canvas.getContext("2d");
    if (!context) return;
    const isOther = isAll || image !== painted;
    if (isOther) findNewSegments = createSegmentTracker();
    const { isAnew, segments } = findNewSegments(strokes);
    if (isOther || isAnew) {
      prepare(canvas, context);
      if (image) paintImage(context, image, canvas.width);
    }
    painted = image;
    paintSegments(context, segments);
  };
}

/**
 * Clear the canvas, and set its unit to its side.
 * @param {HTMLCanvasElement} canvas
 * @param {CanvasRenderingContext2D} context
 */
function prepare(canvas, context) {
  const side = Math.round(canvas.clientWidth * devicePixelRatio);
  // Setting the size, even to the same value, clears the canvas and its settings.
  canvas.width = canvas.height = side;
  context.scale(side, side);
  context.lineWidth = PEN_WIDTH;
  context.lineCap = context.lineJoin = "round";
  context.strokeStyle = context.fillStyle = getComputedStyle(canvas).color;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Uint8Array} image
 * @param {number} side of the canvas, in its pixels
 */
function paintImage(context, image, side) {
  image.forEach((intensity, pixel) => {
    if (!intensity) return;
    context.globalAlpha = intensity / 255;
    const [row, column] = [Math.floor(pixel / SIDE), pixel % SIDE];
    // Whole pixels of the screen leave no seams between squares.
    const [left, top] = [Math.round((column * side) / SIDE), Math.round((row * side) / SIDE)];
    const [right, bottom] = [((column + 1) * side) / SIDE, ((row + 1) * side) / SIDE];
    context.fillRect(
      left / side,
      top / side,
      (Math.round(right) - left) / side,
      (Math.round(bottom) - top) / side,
    );
  });
  context.globalAlpha = 1;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {readonly Segment[]} segments
 */
function paintSegments(context, segments) {
  context.beginPath();
  for (const [from, to] of segments) {
    context.moveTo(from.x, from.y);
    context.lineTo(to.x, to.y);
  }
  context.stroke();
  // A line without length is not painted, but a tap must leave ink.
  context.beginPath();
  for (const [from, to] of segments) {
    if (from !== to) continue;
    context.moveTo(from.x, from.y);
    context.arc(from.x, from.y, PEN_WIDTH / 2, 0, 2 * Math.PI);
  }
  context.fill();
}
