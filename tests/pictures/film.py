"""A film of the page in use, with a pointer."""

import io

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page

from tests.support.digits import Stroke
from tests.support.pen import stroke_on_screen

FRAME_MS = 100

# How far the page's clock is advanced, in ms, to see whether an answer has arrived.
_TICK_MS = 10

# Frames of a movement from one place to the next.
_MOVE_FRAMES = 5

# Points between two points of a stroke.
_CURVE_POINTS = 12

# Adds an arrow to the page, whose tip is at its corner, and a disc around the tip. Screenshots do
# not have the system's pointer.
_ADD_POINTER = """() => {
  const svg = (name, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const pointer = svg("svg", { id: "pointer", width: 64, height: 64, viewBox: "-32 -32 64 64" });
  Object.assign(pointer.style, {
    position: "fixed", left: 0, top: 0, margin: "-32px", zIndex: 9, pointerEvents: "none",
  });
  pointer.append(
    svg("circle", { r: 16, fill: "#e8820c", "fill-opacity": 0.45, visibility: "hidden" }),
    svg("path", {
      d: "M0 0V25l6-6 5 11 5-2-5-11h8z",
      fill: "#fff", stroke: "#000", "stroke-width": 2, "stroke-linejoin": "round",
    }),
  );
  document.body.append(pointer);
}"""

_SHOW_POINTER = """([x, y, isPressed]) => {
  const pointer = document.querySelector("#pointer");
  pointer.style.transform = `translate(${x}px, ${y}px)`;
  pointer.querySelector("circle").style.visibility = isPressed ? "visible" : "hidden";
}"""

Point = tuple[float, float]


class Film:
    """Moves the pointer over a page, and takes a frame after every FRAME_MS of the page's clock.

    The page's clock must have been installed and paused (`page.clock`), so that its animations
    run by the film's time, however long a screenshot takes.
    """

    def __init__(self, page: Page, start: Point) -> None:
        """Show the pointer at a place in the window, in CSS pixels."""
        self.frames: list[Image.Image] = []
        self.durations: list[int] = []
        self._page = page
        self._at = start
        self._is_pressed = False
        self._last = b""
        page.evaluate(_ADD_POINTER)

    def hold(self, milliseconds: int) -> None:
        """Film the page for a time in which nothing is moved."""
        for _ in range(milliseconds // FRAME_MS):
            self._take()

    def move(self, to: Point, frames: int = _MOVE_FRAMES) -> None:
        """Move the pointer in a straight line that begins and ends slowly."""
        start = np.array(self._at)
        for share in np.linspace(0, 1, frames + 1)[1:]:
            eased = share * share * (3 - 2 * share)
            x, y = start + eased * (np.array(to) - start)
            self._put((float(x), float(y)))
            self._take()

    def click(self, locator: Locator) -> None:
        """Move the pointer to the middle of an element and click it."""
        self.move(middle_of(locator))
        self.press()
        self._take()
        self.release()

    def draw(self, stroke: Stroke, frames: int) -> None:
        """Draw a smooth curve through the points of a stroke, in fractions of the pad's side."""
        points = stroke_on_screen(self._page, smooth(stroke))
        # Quickly: once the pen rests, the page begins its animation of the drawing so far.
        self.move(points[0], frames=3)
        self.press()
        for part in np.array_split(np.array(points), frames):
            for x, y in part:
                self._put((float(x), float(y)))
                # The page ignores a move that is not later than the one before.
                self._page.clock.run_for(1)
            self._take()
        self.release()

    def press(self) -> None:
        """Press the pointer's button."""
        self._page.mouse.down()
        self._is_pressed = True

    def release(self) -> None:
        """Release the pointer's button."""
        self._page.mouse.up()
        self._is_pressed = False

    def _put(self, at: Point) -> None:
        self._page.mouse.move(*at)
        self._at = at

    def _take(self) -> None:
        """Add a frame when the answer to the drawing is on the page; a still one lasts longer."""
        self._page.clock.run_for(FRAME_MS)
        while self._page.get_attribute("#answer", "aria-busy") == "true":
            # Under a pressed pen, the page shows the answer with its next frame; later, at once.
            self._page.clock.run_for(_TICK_MS if self._is_pressed else 0)
        self._page.evaluate(_SHOW_POINTER, [*self._at, self._is_pressed])
        png = self._page.screenshot()
        if png == self._last:
            self.durations[-1] += FRAME_MS
        else:
            self.frames.append(Image.open(io.BytesIO(png)).convert("RGB"))
            self.durations.append(FRAME_MS)
        self._last = png


def middle_of(locator: Locator) -> Point:
    """Return the middle of an element in the window, in CSS pixels."""
    box = locator.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def smooth(stroke: Stroke) -> Stroke:
    """Return points of a curve through the points of a stroke.

    Source: Catmull and Rom, A class of local interpolating splines (1974).
    """
    points = np.array([stroke[0], *stroke, stroke[-1]])
    t = np.linspace(0, 1, _CURVE_POINTS, endpoint=False)[:, np.newaxis]
    curve = [
        b + t / 2 * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
        for a, b, c, d in zip(points, points[1:], points[2:], points[3:], strict=False)
    ]
    return [*map(tuple, np.concatenate(curve).tolist()), stroke[-1]]
