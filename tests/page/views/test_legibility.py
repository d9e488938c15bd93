"""What can be read from the back row and on a phone: sizes, and texts that do not collide."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from server.web.routes.page import VIEWS
from tests.page.legibility import OVERLAPS, PHONES, TOLERANCE, find_faults
from tests.support.digits import SEVEN
from tests.support.page import open_page, open_view
from tests.support.pen import draw_with_mouse, read_answer

# A picture of each view in which a pixel can be chosen by keys.
MAPS = {
    "draw": ".pictures .map",
    "pixels": "#view-pixels .map",
    "weights": "#view-weights .pair .map",
}

# It does not look like a digit, so the answer says by how much.
SCRIBBLE = [[(0.1 + 0.8 * (step % 2), 0.1 + 0.05 * step) for step in range(16)]]

HAS_PIXEL = "document.querySelector('main').classList.contains('has-pixel')"


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


def test_the_state_of_a_training_fits_next_to_the_name_of_its_view(drawn: Page) -> None:
    live = drawn.locator("#live")
    live.evaluate("(live) => (live.textContent = 'interrupted')")
    try:
        assert find_faults(drawn, PHONES) == []
    finally:
        live.evaluate("(live) => (live.textContent = '')")


@pytest.mark.parametrize("view", MAPS)
def test_no_text_collides_while_a_pixel_is_chosen(drawn: Page, view: str) -> None:
    open_view(drawn, view)
    drawn.locator(MAPS[view]).first.focus()
    drawn.keyboard.press("ArrowRight")
    assert find_faults(drawn) == []
    assert drawn.evaluate(HAS_PIXEL)
    drawn.keyboard.press("Escape")
    assert not drawn.evaluate(HAS_PIXEL)


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


@pytest.mark.parametrize("size", [(320, 800), (1024, 768)])
def test_the_longest_answer_stays_in_its_box(
    browser: Browser, server_url: str, size: tuple[int, int]
) -> None:
    width, height = size
    with open_page(browser, server_url, viewport={"width": width, "height": height}) as page:
        draw_with_mouse(page, SCRIBBLE)
        read_answer(page)
        expect(page.locator("#answer-why")).to_contain_text("Distance")
        inner = "(answer) => answer.scrollHeight <= answer.clientHeight"
        assert page.locator("#answer").evaluate(inner)
