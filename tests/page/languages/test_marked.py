"""No text of the page is outside the catalogues: with marked messages, every word has its marks."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect

from server.room.room import Room
from server.web.app import create_app
from server.web.routes.page import VIEWS
from tests.page.languages.marked import marked_page, unmarked
from tests.support.digits import FOUR, SEVEN
from tests.support.page import open_view, start_approval
from tests.support.pen import draw_with_finger, draw_with_mouse, read_answer
from tests.support.room import RoomServer, serve_room

WINDOW = {"width": 1280, "height": 800}
PHONE: Any = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

# A picture of each view in which a pixel can be chosen by keys.
MAPS = {
    "draw": ".pictures .map",
    "pixels": "#view-pixels .map",
    "weights": "#view-weights .pair .map",
    "change": "#edit",
}


@pytest.fixture
def marked(browser: Browser, server_url: str) -> Iterator[Page]:
    """Open the page with marked messages."""
    with browser.new_context(viewport=WINDOW, reduced_motion="reduce") as context:
        page = context.new_page()
        with marked_page(page, server_url, create_app().test_client()):
            page.goto(server_url)
            page.wait_for_selector("#model option", state="attached")
            yield page


def test_a_word_without_marks_is_found(marked: Page) -> None:
    assert unmarked(marked) == set()
    marked.locator("#hint").evaluate("(hint) => (hint.textContent = 'Draw ⟦a ⟦big⟧ digit⟧ here')")
    marked.locator("#clear").evaluate("(button) => (button.ariaLabel = 'Wipe')")
    assert unmarked(marked) == {"Draw", "here", "Wipe"}


@pytest.mark.parametrize("is_drawn", [False, True], ids=["empty", "drawn"])
def test_every_text_of_the_views_is_a_message(marked: Page, *, is_drawn: bool) -> None:
    page = marked
    if is_drawn:
        draw_with_mouse(page, SEVEN)
        read_answer(page)
    for view in VIEWS:
        open_view(page, view)
        assert unmarked(page) == set(), view
        if view in MAPS:
            page.locator(MAPS[view]).first.focus()
            page.keyboard.press("ArrowRight")
            assert unmarked(page) == set(), f"{view}, a pixel"
            page.keyboard.press("Escape")
    steps = page.locator("#guide-steps button").all()
    open_view(page, "guide")
    for button in steps:
        button.click()
        assert unmarked(page) == set(), button.inner_text()


def test_every_text_of_the_dialogs_is_a_message(marked: Page) -> None:
    for opener in ("#open-gallery", "#open-share", "#open-keys"):
        marked.locator(opener).click()
        expect(marked.locator("#gallery-empty")).to_be_hidden()
        assert unmarked(marked) == set(), opener
        if opener == "#open-share":
            marked.locator("#print").click()
            expect(marked.locator("#share-result")).not_to_be_empty()
            marked.locator("#save-view").click()
            expect(marked.locator("#share-result")).to_contain_text("draw")
            assert unmarked(marked) == set(), "saved"
        marked.keyboard.press("Escape")
    marked.keyboard.press("p")
    assert unmarked(marked) == set(), "projector mode"


def test_what_the_views_say_of_what_one_does_is_messages(marked: Page) -> None:
    page = marked
    draw_with_mouse(page, FOUR)
    read_answer(page)
    open_view(page, "softmax")
    page.locator("#steps .add").first.click()
    page.locator("#temperature").fill("0.5")
    assert unmarked(page) == set(), "softmax"
    open_view(page, "weights")
    for compared in page.locator("#beside option").evaluate_all("all => all.map((o) => o.value)"):
        page.select_option("#beside", compared)
        assert unmarked(page) == set(), f"weights, {compared}"
    page.select_option("#pair-second", page.locator("#pair-first").input_value())
    assert unmarked(page) == set(), "weights, the same digit twice"
    open_view(page, "change")
    page.locator("#edit").focus()
    for key in ("Space", "ArrowRight", "Space"):
        page.keyboard.press(key)
    page.select_option("#mean", "3")
    assert unmarked(page) == set(), "change"
    open_view(page, "training")
    page.locator("#compared input").first.check()
    page.locator("#at").fill("3")
    page.locator("#view-training .plot").first.focus()
    page.keyboard.press("ArrowLeft")
    assert unmarked(page) == set(), "training"
    open_view(page, "accuracy")
    page.locator("#rates").check()
    page.locator("#confusion td button:enabled").nth(3).click()
    page.locator("#reliability .plot").focus()
    page.keyboard.press("ArrowLeft")
    page.locator("#reliability summary").click()
    assert unmarked(page) == set(), "accuracy"
    open_view(page, "guide")
    for step, action in {
        2: "#guide-2 .labels button",
        3: "#guide-3 .labels button",
        6: "#guide-6 .descend",
    }.items():
        page.locator("#guide-steps button").nth(step - 1).click()
        page.locator(action).first.click()
        assert unmarked(page) == set(), f"guide {step}"


@pytest.mark.parametrize(
    "address",
    [
        "view=nothing",
        "model=nothing",
        "beside=nothing",
        "step=99",
        "unknown=1",
        "drawing=abc!",
        "drawing=abcde",
        "temperature=0",
        "temperature=x",
        "label=x",
        "pair=7",
        "digit=k",
        "count=9999",
        "added=1",
        "edits=zz",
        "image=aa",
        "beside=tutorial)",
    ],
)
def test_what_is_said_of_a_wrong_address_is_a_message(
    marked: Page, server_url: str, address: str
) -> None:
    marked.goto(f"{server_url}/?again#{address}")
    expect(marked.locator("#problem")).not_to_be_empty()
    assert unmarked(marked) == set()


def test_what_is_said_of_an_absent_server_is_messages(marked: Page) -> None:
    marked.route("**/api/**", lambda route: route.abort())
    draw_with_mouse(marked, SEVEN)
    expect(marked.locator("#problem")).not_to_be_empty()
    assert unmarked(marked) == set()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[RoomServer]:
    with serve_room(tmp_path / "marked.db") as server:
        yield server


def test_every_text_of_a_room_is_a_message(
    browser: Browser, room: RoomServer, tmp_path: Path
) -> None:
    for label in (7, 1):
        room.give(SEVEN, label)
    with browser.new_context(viewport=WINDOW) as context:
        page = context.new_page()
        with marked_page(page, room.url, room_client(tmp_path)):
            page.goto(room.presenter_url)
            expect(page.locator("#wall [data-drawing]")).to_have_count(2)
            expect(page.locator("#room-open")).to_be_visible()
            page.locator("#room-matrix summary").evaluate("(s) => (s.parentElement.open = true)")
            page.locator("#room-training summary").click()
            assert unmarked(page) == set(), "presenter"
            start_approval(page)
            room.give(FOUR, 4)
            expect(page.locator("#waiting [data-drawing]")).to_have_count(1)
            assert unmarked(page) == set(), "approval"
            page.locator("#remove-all").click()
            assert unmarked(page) == set(), "removal"
            page.keyboard.press("Escape")
            page.locator("#filter-wrong").check()
            page.select_option("#filter-label", "4")
            page.locator("#room-open").uncheck()
            expect(page.locator("#is-closed")).to_be_visible()
            assert unmarked(page) == set(), "filtered and closed"


def test_every_text_of_a_participant_is_a_message(
    browser: Browser, room: RoomServer, tmp_path: Path
) -> None:
    room.request("/api/room", "PATCH", {"open": True, "approval": True}, room.key)
    with browser.new_context(**PHONE) as context:
        page = context.new_page()
        with marked_page(page, room.url, room_client(tmp_path)):
            page.goto(room.url)
            page.wait_for_selector("#model option", state="attached")
            assert unmarked(page) == set(), "nothing drawn"
            draw_with_finger(page, SEVEN)
            read_answer(page)
            assert unmarked(page) == set(), "drawn"
            page.locator("#was-right").click()
            page.locator("#give").click()
            expect(page.locator("#own-drawings li[data-status=given]")).to_be_visible()
            assert unmarked(page) == set(), "given"
            page.locator("#all-views").click()
            assert unmarked(page) == set(), "all views"


def room_client(directory: Path) -> FlaskClient:
    """Return a client of an application with a room of its own, for the page's HTML."""
    return create_app(room=Room(directory / "room.db", list)).test_client()
