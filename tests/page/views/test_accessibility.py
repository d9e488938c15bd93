"""Every view at every size and in both schemes: axe-core finds nothing, and nothing is cut."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from server.web.routes.page import VIEWS
from tests.page.accessibility import SIZES, check_what_is_shown, complaints, widest
from tests.support.digits import SEVEN
from tests.support.page import load_all_views, open_view
from tests.support.pen import draw_with_finger, draw_with_mouse, read_answer


@pytest.fixture(params=SIZES)
def sized_page(request: pytest.FixtureRequest, browser: Browser, server_url: str) -> Iterator[Page]:
    """Open the page at a size, with a drawing on it."""
    is_phone = request.param in ("phone", "tablet")
    with browser.new_context(
        viewport=SIZES[request.param],
        has_touch=is_phone,
        is_mobile=is_phone,
        reduced_motion="reduce",
    ) as context:
        page = context.new_page()
        page.goto(server_url)
        page.wait_for_selector("#model option", state="attached")
        (draw_with_finger if is_phone else draw_with_mouse)(page, SEVEN)
        read_answer(page)
        yield page


def test_axe_finds_nothing_in_any_view(sized_page: Page) -> None:
    page = sized_page
    load_all_views(page)
    for view in VIEWS:
        open_view(page, view)
        check_what_is_shown(page, view)
    steps = page.locator("#guide-steps button").all()
    assert len(steps) > 3
    for step, button in enumerate(steps, 1):
        button.click()
        check_what_is_shown(page, f"guide {step}")
    for opener in ("#open-gallery", "#open-share", "#open-keys"):
        page.locator(opener).evaluate("button => button.click()")
        check_what_is_shown(page, opener)
        page.keyboard.press("Escape")
    page.keyboard.press("p")
    check_what_is_shown(page, "projector mode")
    for view in VIEWS:
        open_view(page, view)
        assert widest(page) <= page.viewport_size["width"], view  # type: ignore[index]
    assert complaints(page) == "", "with all that is hidden"


def test_axe_finds_nothing_where_nothing_is_drawn(page: Page) -> None:
    for view in VIEWS:
        open_view(page, view)
        assert complaints(page) == "", view


def test_a_digit_is_drawn_with_the_keyboard_alone(page: Page) -> None:
    page.locator("#pad").focus()
    for key in ["ArrowUp"] * 8 + ["Space"] + ["ArrowDown"] * 16 + ["Space"]:
        page.keyboard.press(key)
    assert read_answer(page) == "1"
    page.keyboard.press("z")
    assert read_answer(page) == ""


def test_a_stroke_of_the_keyboard_ends_when_the_pad_loses_the_focus(page: Page) -> None:
    page.locator("#pad").focus()
    for key in ["Space", "ArrowDown", "ArrowDown", "Tab"]:
        page.keyboard.press(key)
    page.wait_for_selector("main[data-fresh=true]")


def test_every_view_is_reached_by_one_key_and_nothing_jumps_as_numbers_change(page: Page) -> None:
    """The places of a view's parts are the same for one drawing as for another."""
    places = """() => [...document.querySelectorAll(".view:not([hidden]) *")]
      .filter((element) => !element.closest("path, svg, select, .fill, option"))
      .map((element) => [element.tagName, element.getBoundingClientRect()])
      .filter(([, box]) => box.width)
      .map(([name, box]) => `${name} ${box.left | 0} ${box.top | 0}`)"""
    seen: dict[str, list[str]] = {}
    for strokes in (SEVEN, [[(0.3, 0.3), (0.7, 0.7)], [(0.7, 0.3), (0.3, 0.7)]]):
        page.keyboard.press("1")
        page.keyboard.press("c")
        draw_with_mouse(page, strokes)
        read_answer(page)
        for key, view in enumerate(VIEWS, 1):
            page.keyboard.press(str(key))
            if view in ("draw", "softmax", "change"):
                found = page.evaluate(places)
                assert seen.setdefault(view, found) == found
