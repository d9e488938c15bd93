"""Drawing on the page with mouse, touch and stylus events."""

from playwright.sync_api import CDPSession, Page

from tests.support.digits import Stroke


def on_screen(page: Page, point: tuple[float, float]) -> tuple[float, float]:
    """Turn a point from fractions of the pad into CSS pixels of the window."""
    return stroke_on_screen(page, [point])[0]


def stroke_on_screen(page: Page, stroke: Stroke) -> Stroke:
    """Turn the points of a stroke from fractions of the pad into CSS pixels of the window."""
    box = page.locator("#pad").bounding_box()
    assert box is not None
    return [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]


def draw_with_mouse(page: Page, strokes: list[Stroke]) -> None:
    """Draw strokes with the mouse."""
    for stroke in strokes:
        first, *others = stroke_on_screen(page, stroke)
        page.mouse.move(*first)
        page.mouse.down()
        for point in others:
            page.mouse.move(*point, steps=4)
        page.mouse.up()


def draw_with_finger(page: Page, strokes: list[Stroke]) -> None:
    """Draw strokes with one finger, by touch events that go through the browser's input."""
    touch = page.context.new_cdp_session(page)
    for stroke in strokes:
        first, *others = stroke_on_screen(page, stroke)
        send_touch(touch, "touchStart", [first])
        for point in others:
            send_touch(touch, "touchMove", [point])
        send_touch(touch, "touchEnd", [])
    touch.detach()


def send_touch(touch: CDPSession, kind: str, fingers: list[tuple[float, float]]) -> None:
    """Send one touch event with the positions of all fingers on the screen."""
    points = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(fingers)]
    touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def send_stylus(
    stylus: CDPSession, kind: str, point: tuple[float, float], buttons: int = 0
) -> None:
    """Send one event of a stylus: "mouseMoved", "mousePressed" or "mouseReleased"."""
    event = {"type": kind, "x": point[0], "y": point[1], "buttons": buttons, "clickCount": 1}
    button = "none" if kind == "mouseMoved" and not buttons else "left"
    stylus.send("Input.dispatchMouseEvent", event | {"button": button, "pointerType": "pen"})


def draw_with_stylus(page: Page, strokes: list[Stroke]) -> None:
    """Draw strokes with a stylus that hovers over the screen between them."""
    stylus = page.context.new_cdp_session(page)
    for stroke in strokes:
        points = stroke_on_screen(page, stroke)
        send_stylus(stylus, "mouseMoved", points[0])
        send_stylus(stylus, "mousePressed", points[0], buttons=1)
        for point in points[1:]:
            send_stylus(stylus, "mouseMoved", point, buttons=1)
        send_stylus(stylus, "mouseReleased", points[-1])
    stylus.detach()


def read_answer(page: Page) -> str:
    """Wait until the answer to the latest drawing is on screen, and return its digit."""
    page.wait_for_selector("#answer[aria-busy=false]")
    digit = page.get_attribute("#answer", "data-digit")
    assert digit is not None
    return digit
