"""The room in long, short and mirrored texts: nothing collides or is cut, and axe finds nothing."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.page.accessibility import SIZES as WINDOWS
from tests.page.accessibility import check_what_is_shown
from tests.page.languages.samples import LANGUAGES, SIZES
from tests.page.legibility import PHONES, PROJECTORS, find_faults
from tests.support.digits import FOUR, SEVEN
from tests.support.page import load_all_views, open_page, open_view
from tests.support.pen import draw_with_finger, read_answer
from tests.support.room import RoomServer, serve_room

PHONE: Any = {"viewport": WINDOWS["phone"], "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoomServer]:
    with serve_room(tmp_path_factory.mktemp("languages") / "room.db") as server:
        for strokes, label in ((SEVEN, 7), (SEVEN, 1), (FOUR, 4)):
            server.give(strokes, label)
        yield server


@pytest.mark.parametrize("tag", LANGUAGES)
def test_the_room_of_a_presenter(browser: Browser, room: RoomServer, tag: str) -> None:
    room.request("/api/room", "PATCH", {"open": True, "approval": False}, room.key)
    url = room.presenter_url.replace("/#", f"/?language={tag}#")
    with open_page(browser, url, viewport=WINDOWS["laptop"], reduced_motion="reduce") as page:
        expect(page.locator("#wall .opener")).to_have_count(3)
        load_all_views(page)
        open_view(page, "room")
        page.locator("#room-matrix").evaluate("(matrix) => (matrix.open = true)")
        page.locator("#room-training").evaluate("(training) => (training.open = true)")
        assert find_faults(page, SIZES) == []
        check_what_is_shown(page, "presenter")
        page.keyboard.press("p")
        assert find_faults(page, PROJECTORS) == []


@pytest.mark.parametrize("tag", LANGUAGES)
def test_the_page_of_a_participant(browser: Browser, room: RoomServer, tag: str) -> None:
    room.request("/api/room", "PATCH", {"open": True, "approval": True}, room.key)
    with open_page(browser, f"{room.url}/?language={tag}", **PHONE) as page:
        assert find_faults(page, PHONES) == []
        draw_with_finger(page, SEVEN)
        read_answer(page)
        page.locator("#was-right").tap()
        page.locator("#give").tap()
        expect(page.locator("#own-drawings li[data-status=given]")).to_be_visible()
        assert find_faults(page, PHONES) == []
        page.set_viewport_size(WINDOWS["phone"])
        check_what_is_shown(page, "given")
