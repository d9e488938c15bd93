"""Giving drawings to the room: what is stored, and what happens where something goes wrong."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from server.web.common.problems import PROBLEM_TYPE, encode_problem
from tests.page.accessibility import check
from tests.page.conditions import GUARDS, busy
from tests.support.digits import FOUR, SEVEN, Stroke
from tests.support.page import (
    collect_console_messages,
    open_page,
    shown_strokes,
    wait_for_address,
    wait_for_event,
    wait_for_frames,
)
from tests.support.pen import draw_with_finger, draw_with_mouse, read_answer
from tests.support.room import RoomServer

DRAWINGS = "**/api/room/drawings"


def stored(room: RoomServer) -> list[dict[str, Any]]:
    """Return the drawings of the room, those that wait included."""
    _, wall = room.request("/api/room/drawings", key=room.key)
    return list(wall["drawings"])


def draw(page: Page, strokes: list[Stroke] = SEVEN) -> None:
    draw_with_finger(page, strokes)
    read_answer(page)
    expect(page.locator("#was-right")).to_be_enabled()


def expect_words(page: Page, words: str) -> None:
    expect(page.locator("#give-words")).to_contain_text(words)


def test_what_is_given_is_stored_and_nothing_else(phone: Page, room: RoomServer) -> None:
    sent: list[str] = []
    phone.on("request", lambda request: request.method != "GET" and sent.append(request.url))
    draw(phone, FOUR)
    expect(phone.locator("#was-right")).to_have_text("Yes, a 4")
    expect(phone.locator("#give")).to_be_disabled()
    phone.click("#was-digit button:nth-child(10)")
    expect(phone.locator("#was-digit button:nth-child(10)")).to_have_attribute(
        "aria-pressed", "true"
    )
    assert not [url for url in sent if "/api/room" in url]
    assert stored(room) == []
    phone.dblclick("#give")
    expect_words(phone, "The room has it")
    (drawing,) = stored(room)
    strokes = shown_strokes(phone)
    for found, stroke in zip(drawing["strokes"], strokes, strict=True):
        points = [(point["x"], point["y"]) for point in stroke]
        assert [tuple(point) for point in found] == [
            pytest.approx(point, abs=1e-8) for point in points
        ]
    assert (
        max(len(str(x)) for stroke in drawing["strokes"] for point in stroke for x in point) <= 10
    )
    assert (drawing["label"], drawing["digit"]) == (9, 4)
    assert set(drawing) == {
        "id", "strokes", "label", "digit", "sure", "model", "shown", "minute"
    }  # fmt: skip


def test_the_next_digit_is_another_drawing(phone: Page, room: RoomServer) -> None:
    draw(phone)
    phone.click("#was-right")
    phone.click("#give")
    phone.click("#next")
    assert read_answer(phone) == ""
    expect(phone.locator("#next")).to_be_hidden()
    draw(phone, FOUR)
    expect(phone.locator("#was-right")).to_have_attribute("aria-pressed", "false")
    phone.click("#was-right")
    phone.click("#give")
    expect(phone.locator("#own-drawings li")).to_have_count(2)
    # Undoing back to a drawing that was given does not give it again.
    for _ in range(3):
        phone.click("#undo")
    expect(phone.locator("#answer")).to_have_attribute("data-digit", "7")
    expect_words(phone, "The room has it")
    expect(phone.locator("#give")).to_be_disabled()
    wait_for_event(phone, lambda: len(stored(room)) == 2)


def test_a_contribution_is_withdrawn(phone: Page, room: RoomServer) -> None:
    draw(phone)
    phone.click("#was-right")
    phone.click("#give")
    phone.click("text=Withdraw")
    expect(phone.locator("#own-drawings")).to_be_hidden()
    assert stored(room) == []
    # It can be given again, with another label.
    phone.click("#was-digit button:nth-child(2)")
    phone.click("#give")
    expect_words(phone, "The room has it")
    assert [drawing["label"] for drawing in stored(room)] == [1]


def test_a_page_that_is_loaded_again_gives_no_drawing_twice(phone: Page, room: RoomServer) -> None:
    def give() -> None:
        phone.click("#was-right")
        phone.click("#give")
        expect_words(phone, "The room has it")

    draw(phone)
    give()
    wait_for_address(phone)
    for _ in range(2):
        phone.reload()
        assert read_answer(phone) == "7"
        give()
        assert len(stored(room)) == 1
    phone.click("text=Withdraw")
    expect(phone.locator("#own-drawings")).to_be_hidden()
    assert stored(room) == []
    give()
    assert len(stored(room)) == 1


def test_drawings_are_given_where_the_browser_stores_nothing(
    phones: BrowserContext, room: RoomServer
) -> None:
    phones.add_init_script(GUARDS["refused"])
    page = phones.new_page()
    complaints = collect_console_messages(page)
    page.goto(room.url)
    draw(page)
    page.click("#was-right")
    page.click("#give")
    expect_words(page, "The room has it")
    assert complaints == []


def test_what_the_presenter_decides_shows_on_the_phone(
    phones: BrowserContext, room: RoomServer
) -> None:
    room.request("/api/room", "PATCH", {"approval": True}, room.key)
    page = phones.new_page()
    page.goto(room.url)
    draw(page)
    page.click("#was-right")
    page.click("#give")
    expect_words(page, "Waits for the presenter's approval")
    (drawing,) = stored(room)
    path = f"/api/room/drawings/{drawing['id']}"
    room.request(path, "PATCH", {"shown": True}, room.key)
    expect_words(page, "The room has it")
    room.request(path, "DELETE", key=room.key)
    expect(page.locator("#own-drawings")).to_be_hidden()
    room.request("/api/room", "PATCH", {"open": False}, room.key)
    expect_words(page, "The room is closed")
    expect(page.locator("#was-right")).to_be_disabled()
    room.request("/api/room", "PATCH", {"open": True}, room.key)
    expect(page.locator("#was-right")).to_be_enabled()


def test_the_page_that_is_made_for_drawing_prints_the_whole_explanation(phone: Page) -> None:
    draw_with_finger(phone, SEVEN)
    read_answer(phone)
    expect(phone.locator("#rows")).to_be_hidden()
    phone.emulate_media(media="print")
    for selector in ("#seen", "#rows", ".explained"):
        expect(phone.locator(selector)).to_be_visible()
    expect(phone.locator("#give")).to_be_hidden()


def test_a_sample_digit_cannot_be_given(phone: Page) -> None:
    phone.click("#all-views")
    phone.click("#open-gallery")
    phone.locator("#gallery-digits button").first.click()
    read_answer(phone)
    expect_words(phone, "has no strokes")
    expect(phone.locator("#give")).to_be_disabled()
    expect(phone.locator("#was-right")).to_be_disabled()


def test_a_drawing_of_the_wall_cannot_be_given_again(browser: Browser, room: RoomServer) -> None:
    drawing = room.give(SEVEN)["id"]
    window = {"width": 1280, "height": 800}
    with open_page(browser, f"{room.url}/#view=room", viewport=window) as page:
        page.locator(
            f"[data-drawing='{drawing}'] button, button[data-drawing='{drawing}']"
        ).first.click()
        assert read_answer(page) == "7"
        expect_words(page, "This drawing is from the wall")
        expect(page.locator("#give")).to_be_disabled()


def test_a_drawing_is_given_with_the_keyboard_alone(browser: Browser, room: RoomServer) -> None:
    with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
        page = context.new_page()
        page.goto(room.url)
        page.wait_for_selector("#model option", state="attached")
        page.locator("#pad").focus()
        for key in ["ArrowUp"] * 8 + ["Space"] + ["ArrowDown"] * 16 + ["Space"]:
            page.keyboard.press(key)
        read_answer(page)
        expect(page.locator("#was-right")).to_be_enabled()
        for key in ["Tab"] * 3 + ["Space"] + ["Tab"] * 11 + ["Enter"]:
            page.keyboard.press(key)
        expect(page.locator("#next")).to_be_focused()
        expect_words(page, "The room has it")
        page.keyboard.press("Enter")
        expect(page.locator("#pad")).to_be_focused()
        assert [drawing["label"] for drawing in stored(room)] == [1]
        page.locator("text=Withdraw").focus()
        page.keyboard.press("Space")
        expect(page.locator("#own-drawings")).to_be_hidden()
        wait_for_event(page, lambda: stored(room) == [])


@pytest.fixture
def impatient(phones: BrowserContext, room: RoomServer) -> Iterator[Page]:
    """Open a page that waits for little, with a drawing that is ready to be given."""
    page = phones.new_page()
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.goto(room.url)
    draw(page)
    page.click("#was-right")
    yield page
    assert failures == []


def lose(route: Route) -> None:
    route.abort()


def lose_answer(route: Route) -> None:
    """Let the server store the drawing, but not the page know."""
    route.fetch()
    route.abort()


def too_many(route: Route) -> None:
    refuse(route, 429, {"Retry-After": "1"})


def refuse(route: Route, status: int, headers: dict[str, str] | None = None) -> None:
    route.fulfill(
        status=status,
        content_type=PROBLEM_TYPE,
        headers=headers or {},
        body=encode_problem(status, "The server says why."),
    )


PASSING: dict[str, tuple[Callable[[Route], None], str]] = {
    "the server is away": (lose, "cannot be reached. Your drawing is kept"),
    "the answer is lost": (lose_answer, "cannot be reached. Your drawing is kept"),
    "the server is busy": (lambda route: busy(route, "1"), "is busy. Your drawing is kept"),
    "too many drawings": (too_many, "is busy. Your drawing is kept"),
}


@pytest.mark.parametrize("fault", PASSING)
def test_a_drawing_is_kept_and_stored_once_the_server_can(
    impatient: Page, room: RoomServer, fault: str
) -> None:
    handler, words = PASSING[fault]
    bodies: list[str | None] = []

    def fail(route: Route) -> None:
        bodies.append(route.request.post_data)
        handler(route)

    impatient.route(DRAWINGS, fail)
    impatient.click("#give")
    expect_words(impatient, words)
    # The next digit can be drawn in the meantime.
    impatient.click("#next")
    draw(impatient, FOUR)
    wait_for_event(impatient, lambda: len(bodies) > 2)
    # An answer may be about to be lost.
    impatient.unroute_all(behavior="wait")
    expect(impatient.locator("#own-drawings li[data-status=given]")).to_have_count(1)
    assert len(set(bodies)) == 1
    assert [drawing["label"] for drawing in stored(room)] == [7]


REFUSALS = {
    403: "The room is closed",
    409: "The room is full",
    413: "too long",
    422: "The server says why.",
    507: "disk is full",
}


@pytest.mark.parametrize("status", REFUSALS)
def test_a_refusal_is_said_and_the_drawing_can_be_given_again(
    impatient: Page, room: RoomServer, status: int
) -> None:
    impatient.route(DRAWINGS, lambda route: refuse(route, status))
    impatient.click("#give")
    expect_words(impatient, REFUSALS[status])
    expect(impatient.locator("#answer")).to_have_attribute("data-digit", "7")
    impatient.unroute(DRAWINGS)
    impatient.click("#give")
    expect_words(impatient, "The room has it")
    assert len(stored(room)) == 1
    expect(impatient.locator("#own-drawings li")).to_have_count(1)


def test_a_withdrawal_is_repeated_until_the_server_has_carried_it_out(
    impatient: Page, room: RoomServer
) -> None:
    impatient.click("#give")
    expect_words(impatient, "The room has it")
    impatient.route(f"{DRAWINGS}/*", lambda route: route.abort())
    impatient.click("text=Withdraw")
    expect(impatient.locator("#own-drawings")).to_contain_text("cannot be reached")
    assert len(stored(room)) == 1
    impatient.unroute(f"{DRAWINGS}/*")
    expect(impatient.locator("#own-drawings")).to_be_hidden()
    assert stored(room) == []


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_axe_finds_nothing_and_nothing_is_cut(
    browser: Browser, room: RoomServer, width: int
) -> None:
    with browser.new_context(
        viewport={"width": width, "height": 844}, reduced_motion="reduce"
    ) as context:
        page = context.new_page()
        page.goto(room.url)
        page.wait_for_selector("#model option", state="attached")
        expect_words(page, "Draw a digit")
        check(page, "empty")
        draw_with_mouse(page, SEVEN)
        read_answer(page)
        page.click("#was-right")
        check(page, "labelled")
        page.click("#give")
        expect_words(page, "The room has it")
        check(page, "given")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.click("#all-views")
        wait_for_frames(page)
        check(page, "all views")
