"""What can be read from the back row and on a phone: sizes, and texts that do not collide."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from server.web.routes.page import VIEWS
from tests.page.accessibility import widest
from tests.page.legibility import IS_WIDER, OVERLAPS, TOLERANCE
from tests.support.digits import SEVEN
from tests.support.page import open_page, open_view
from tests.support.pen import draw_with_mouse, read_answer

# CSS pixels. 320 is also 1,280 at a zoom of 400 %. The layout changes after 384, 640, 1008, 1168.
WIDTHS = (320, 360, 384, 385, 390, 640, 641, 820, 960, 1008, 1009, 1024, 1168, 1169, 1280, 1920)

# A wide font and a narrow one. Which one a machine has as its sans serif cannot be known.
FONTS = ("DejaVu Sans", "DejaVu Sans Condensed")


@pytest.fixture(scope="module")
def drawn(browser: Browser, server_url: str) -> Iterator[Page]:
    with open_page(browser, server_url, reduced_motion="reduce") as page:
        draw_with_mouse(page, SEVEN)
        read_answer(page)
        yield page


@pytest.mark.parametrize("view", VIEWS)
def test_no_text_collides_with_another_and_nothing_is_wider_than_the_window(
    drawn: Page, view: str
) -> None:
    open_view(drawn, view)
    steps = drawn.locator("#guide-steps button").all() if view == "guide" else []
    assert find_faults(drawn) == []
    for step in steps[1:]:
        step.click()
        assert find_faults(drawn) == []


def find_faults(page: Page) -> list[str]:
    """Return what collides, is wider than the window or cut at its edge, at all widths."""
    faults = []
    for font in FONTS:
        page.evaluate("font => document.documentElement.style.setProperty('--sans', font)", font)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            found = page.evaluate(OVERLAPS, TOLERANCE)
            if page.evaluate(IS_WIDER) or widest(page) > width:
                found.append(f"up to {widest(page):.0f} px")
            faults += [f"{font}, {width} px: {fault}" for fault in found]
    return faults


@pytest.mark.parametrize(
    ("window", "side"), [((1920, 1080), 96), ((1280, 800), 64), ((1024, 768), 60)]
)
def test_a_projector_shows_all_rows_with_large_heatmaps(
    drawn: Page, window: tuple[int, int], side: int
) -> None:
    width, height = window
    open_view(drawn, "draw")
    drawn.set_viewport_size({"width": width, "height": height})
    drawn.keyboard.press("p")
    try:
        sizes = drawn.locator("#rows canvas").evaluate_all(
            "canvases => canvases.map((canvas) => canvas.getBoundingClientRect().width)"
        )
        assert min(sizes) >= side
        box = drawn.locator("#rows tbody tr").last.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= height
        for part in ("#answer-digit", "#sent", "#seen", ".legend"):
            box = drawn.locator(part).first.bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= height, part
        assert drawn.evaluate(OVERLAPS, TOLERANCE) == []
        assert drawn.evaluate("document.documentElement.scrollHeight <= innerHeight")
    finally:
        drawn.keyboard.press("p")


def test_a_small_laptop_shows_the_whole_view_without_scrolling(drawn: Page) -> None:
    open_view(drawn, "draw")
    drawn.set_viewport_size({"width": 1280, "height": 800})
    assert drawn.evaluate("document.documentElement.scrollHeight <= innerHeight")
