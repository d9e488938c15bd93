"""What is on screen: texts apart, nothing too wide, bars as long as they should be, and dark."""

import io

from PIL import Image

from server.web.routes.page import VIEWS
from tests.engines.visitor import Visitor
from tests.page.legibility import IS_WIDER, OVERLAPS, TOLERANCE
from tests.support.digits import SEVEN
from tests.support.waiting import wait_until

IS_HIGHER = "() => document.documentElement.scrollHeight > innerHeight"

# The largest difference between a bar and the percentage next to it, in percent.
BAR_ERROR = """
() => Math.max(...[...document.querySelectorAll("#rows tbody tr")].map((row) => {
  const [bar, fill] = [".bar", ".fill"].map(
    (part) => row.querySelector(part).getBoundingClientRect().width);
  return Math.abs(parseFloat(row.querySelector(".percent").textContent) - (100 * fill) / bar);
}))
"""


def test_no_text_collides_with_another_and_nothing_is_wider_than_the_window(
    visitor: Visitor,
) -> None:
    visitor.draw(SEVEN)
    visitor.wait_for_answer(7)
    for view in VIEWS:
        visitor.open_view(view)
        if view == "pixels":
            # Its terms are shown only for a pixel that is pointed at.
            visitor.click("#numbers tr:nth-child(9) td:nth-child(9)")
        for width in (320, 390, 1280):
            visitor.browser.resize(width, 800)
            wait_until(lambda: visitor.read(OVERLAPS, TOLERANCE) == [])
            assert not visitor.read(IS_WIDER), (view, width)


def test_projector_mode_fits_the_window_and_follows_its_size(visitor: Visitor) -> None:
    visitor.draw(SEVEN)
    visitor.wait_for_answer(7)
    visitor.press("p")
    for size in [(1920, 1080), (1280, 720), (1600, 900)]:
        visitor.browser.resize(*size)
        wait_until(lambda: visitor.read(OVERLAPS, TOLERANCE) == [])
        assert not visitor.read(IS_WIDER)
        assert not visitor.read(IS_HIGHER)


def test_the_bars_are_as_long_as_the_numbers_next_to_them(visitor: Visitor) -> None:
    visitor.draw(SEVEN)
    visitor.wait_for_answer(7)
    # Bars grow in an animation.
    wait_until(lambda: visitor.read(BAR_ERROR) < 1)


def test_the_page_is_dark_where_the_system_is(visitor: Visitor) -> None:
    visitor.draw(SEVEN)
    visitor.wait_for_answer(7)
    picture = Image.open(io.BytesIO(visitor.browser.screenshot())).convert("L")
    assert picture.getpixel((2, picture.height // 2)) < 64
    # The ink is light, at the top of the seven.
    assert picture.getpixel(visitor.place_on_pad((0.5, 0.2))) > 192
