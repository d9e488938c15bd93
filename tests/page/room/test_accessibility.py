"""The room's view at every size and in both schemes: axe-core finds nothing, and nothing is cut."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.page.accessibility import SIZES, check_what_is_shown, complaints
from tests.page.legibility import find_faults
from tests.support.digits import FOUR, SEVEN
from tests.support.page import load_all_views, open_view, start_approval
from tests.support.room import RoomServer


@pytest.fixture(params=SIZES)
def sized_page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """Open an empty page at a size."""
    with browser.new_context(viewport=SIZES[request.param]) as context:
        yield context.new_page()


def test_axe_finds_nothing_in_a_participant_s_view(sized_page: Page, room: RoomServer) -> None:
    page = sized_page
    page.goto(f"{room.url}/#view=room")
    expect(page.locator("#wall-words")).to_contain_text("No drawings yet")
    load_all_views(page)
    open_view(page, "room")
    check_what_is_shown(page, "empty")
    room.give(SEVEN, 7)
    room.give(FOUR, 7)
    expect(page.locator("#wall .opener")).to_have_count(2)
    check_what_is_shown(page, "two drawings")
    page.select_option("#model", "tutorial")
    expect(page.locator("#room-before")).not_to_be_empty()
    page.check("#filter-wrong")
    if not page.locator("#room-confusion").is_visible():
        page.click("#room-matrix summary")
    check_what_is_shown(page, "read again, filtered")
    page.keyboard.press("p")
    check_what_is_shown(page, "projector mode")
    assert complaints(page) == "", "with all that is hidden"


def test_axe_finds_nothing_in_the_presenter_s_view(sized_page: Page, room: RoomServer) -> None:
    page = sized_page
    page.goto(room.presenter_url)
    expect(page.locator("#join-code")).to_be_visible()
    load_all_views(page)
    open_view(page, "room")
    room.give(SEVEN, 7)
    start_approval(page)
    room.give(FOUR, 4)
    expect(page.locator("#waiting .opener")).to_have_count(1)
    if not page.locator("#room-command").is_visible():
        page.click("#room-training summary")
    check_what_is_shown(page, "a drawing waits")
    page.click("#remove-all")
    check_what_is_shown(page, "confirmation")
    page.keyboard.press("Escape")
    page.keyboard.press("p")
    check_what_is_shown(page, "projector mode")
    assert complaints(page) == "", "with all that is hidden"


def test_no_text_of_the_room_collides_at_any_width(browser: Browser, room: RoomServer) -> None:
    for label in (7, 1, 4):
        room.give(SEVEN, label)
    with browser.new_context() as context:
        page = context.new_page()
        for url in (f"{room.url}/#view=room", room.presenter_url):
            page.goto(url)
            expect(page.locator("#wall .opener")).to_have_count(3)
            assert find_faults(page) == []
            page.goto("about:blank")


def test_a_projector_shows_the_code_and_the_wall_without_scrolling(
    browser: Browser, room: RoomServer
) -> None:
    room.give(SEVEN, 7)
    with browser.new_context(viewport=SIZES["projector"]) as context:
        page = context.new_page()
        page.goto(room.presenter_url)
        expect(page.locator("#wall .opener")).to_have_count(1)
        page.keyboard.press("p")
        for part in ("#join-code", "#join-url", "#devices", "#room-share", "#wall .opener"):
            expect(page.locator(part)).to_be_in_viewport(ratio=1)
        expect(page.locator("#pad")).to_be_hidden()
        code = page.locator("#join-code").bounding_box()
        assert code is not None
        assert code["height"] > SIZES["projector"]["height"] / 2
        # Late-comers can still join while the wall is scrolled.
        for _ in range(100):
            room.give(SEVEN, 7)
        expect(page.locator("#wall .opener")).to_have_count(101)
        page.mouse.move(1500, 900)
        page.mouse.wheel(0, 1000)
        page.wait_for_function("() => scrollY > 500")
        expect(page.locator("#join-code")).to_be_in_viewport(ratio=1)
        expect(page.locator("#join-url")).to_be_in_viewport(ratio=1)


def test_forced_colours_leave_the_code_black_on_white(browser: Browser, room: RoomServer) -> None:
    with browser.new_context(forced_colors="active", color_scheme="dark") as context:
        page = context.new_page()
        page.goto(f"{room.url}/#view=room")
        code = page.locator("#join-code")
        expect(code).to_be_visible()
        background = code.evaluate("image => getComputedStyle(image).backgroundColor")
        assert background == "rgb(255, 255, 255)"
