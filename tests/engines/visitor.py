"""Someone who uses the page: looks, clicks, types and draws."""

from typing import Any

from tests.engines.webdriver import Browser
from tests.support.digits import Stroke
from tests.support.waiting import wait_until

# How long the pen takes from one point to the next, in ms.
POINT_MS = 24

# Special keys, as WebDriver writes them. Source: https://www.w3.org/TR/webdriver2/#keyboard-actions
KEYS = {"Control": "\ue009", "Escape": "\ue00c", "ArrowRight": "\ue014"}

# The centre of an element that can be clicked: it is in the window, not under another, and has
# stopped moving.
CENTRE = """
async (selector) => {
  const element = document.querySelector(selector);
  if (!element || element.disabled) return null;
  element.scrollIntoView({ block: "nearest", behavior: "instant" });
  const before = element.getBoundingClientRect();
  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
  const { x, y, width, height } = element.getBoundingClientRect();
  if (before.x !== x || before.y !== y) return null;
  const centre = [Math.round(x + width / 2), Math.round(y + height / 2)];
  return element.contains(document.elementFromPoint(...centre)) ? centre : null;
}
"""

# The left and upper edge of the pad, and its side, in CSS pixels.
PAD = """
() => {
  const { x, y, width } = document.querySelector("#pad").getBoundingClientRect();
  return [x, y, width];
}
"""

IS_SHOWN = "(selector) => document.querySelector(selector)?.checkVisibility() === true"

HAS_TEXT = "(selector, text) => document.querySelector(selector)?.textContent.includes(text)"

MATCHES = "(selector) => document.querySelector(selector) !== null"

# The strokes in the URL if they are so many.
STROKES_IN_URL = """
async (count) => {
  const { readAddress } = await import("/static/state/address.js");
  const { strokes } = readAddress(location.hash);
  return strokes.length === count && strokes.map((stroke) => stroke.map(({ x, y }) => [x, y]));
}
"""


class Visitor:
    """A person at a browser. What they do goes through the browser's input."""

    def __init__(self, browser: Browser) -> None:
        """Give them a browser with a new tab."""
        self.browser = browser

    def open(self, url: str) -> None:
        """Open the page and wait until it can be used."""
        self.browser.open(url)
        self.wait_for("#model option")

    def read(self, function: str, *arguments: Any) -> Any:
        """Return what a JavaScript function finds on the page."""
        return self.browser.run(function, *arguments)

    def wait(self, function: str, *arguments: Any, seconds: float = 30) -> Any:
        """Wait until a JavaScript function returns something true, and return it."""
        found: Any = None

        def is_found() -> bool:
            nonlocal found
            found = self.browser.run(function, *arguments)
            return bool(found)

        wait_until(is_found, seconds)
        return found

    def wait_for(self, selector: str) -> None:
        """Wait until an element is there."""
        self.wait(MATCHES, selector)

    def wait_to_see(self, selector: str) -> None:
        """Wait until an element is shown."""
        self.wait(IS_SHOWN, selector)

    def wait_for_text(self, selector: str, text: str, seconds: float = 30) -> None:
        """Wait until an element contains a text."""
        self.wait(HAS_TEXT, selector, text, seconds=seconds)

    def click(self, selector: str, pointer: str = "mouse") -> None:
        """Click the centre of an element as soon as that is possible."""
        x, y = self.wait(CENTRE, selector)
        self._press_pointer(pointer, [(x, y)])

    def press(self, key: str, modifier: str | None = None) -> None:
        """Press and release a key, perhaps while another is held down."""
        keys = [KEYS.get(name, name) for name in (modifier, key) if name]
        down = [{"type": "keyDown", "value": value} for value in keys]
        up = [{"type": "keyUp", "value": value} for value in reversed(keys)]
        self.browser.act({"type": "key", "id": "keyboard", "actions": down + up})

    def draw(self, strokes: list[Stroke], pointer: str = "mouse") -> None:
        """Draw on the pad; the points are fractions of its side."""
        self.wait(CENTRE, "#pad")
        for stroke in strokes:
            self._press_pointer(pointer, [self.place_on_pad(point) for point in stroke])

    def place_on_pad(self, point: tuple[float, float]) -> tuple[int, int]:
        """Turn a point from fractions of the pad into CSS pixels of the window."""
        left, top, side = self.read(PAD)
        return round(left + point[0] * side), round(top + point[1] * side)

    def _press_pointer(self, pointer: str, points: list[tuple[int, int]]) -> None:
        """Press a pointer at the first point, and release it at the last one."""
        (x, y), *others = points
        actions: list[dict[str, Any]] = [
            {"type": "pointerMove", "x": x, "y": y, "duration": 0},
            {"type": "pointerDown", "button": 0},
        ]
        for x, y in others:
            actions.append({"type": "pointerMove", "x": x, "y": y, "duration": POINT_MS})
        actions.append({"type": "pointerUp", "button": 0})
        parameters = {"pointerType": pointer}
        self.browser.act(
            {"type": "pointer", "id": pointer, "parameters": parameters, "actions": actions}
        )

    def wait_for_answer(self, digit: int | str) -> None:
        """Wait until this digit is the answer; "" without a drawing."""
        self.wait_for(f"#answer[aria-busy=false][data-digit='{digit}']")

    def open_view(self, view: str) -> None:
        """Click the tab of a view, and wait until the view is complete."""
        self.click(f"nav a[data-view={view}]")
        self.wait_for_view(view)

    def wait_for_view(self, view: str) -> None:
        """Wait until a view is shown, with all that it loads."""
        self.wait_to_see(f"#view-{view}[aria-busy=false]")

    def wait_for_strokes(self, count: int) -> list[Stroke]:
        """Wait until the URL has so many strokes, and return their points."""
        return [[(x, y) for x, y in stroke] for stroke in self.wait(STROKES_IN_URL, count)]
