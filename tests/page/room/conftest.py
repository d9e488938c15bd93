"""A server with a room, empty and open for each test, and a phone in it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.page.conditions import IMPATIENT
from tests.support.page import open_page
from tests.support.room import RoomServer, serve_room

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def room_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoomServer]:
    with serve_room(tmp_path_factory.mktemp("room") / "room.db") as server:
        yield server


@pytest.fixture
def room(room_server: RoomServer) -> RoomServer:
    room_server.request("/api/room/drawings", "DELETE", key=room_server.key)
    settings = {"open": True, "approval": False}
    room_server.request("/api/room", "PATCH", settings, room_server.key)
    return room_server


@pytest.fixture
def phone(browser: Browser, room: RoomServer) -> Iterator[Page]:
    """Open the page of a participant; its console must stay empty."""
    with open_page(browser, room.url, **PHONE) as page:
        yield page


@pytest.fixture
def phones(browser: Browser) -> Iterator[BrowserContext]:
    """Open a phone whose pages wait for little."""
    with browser.new_context(**PHONE) as context:
        context.add_init_script(IMPATIENT)
        yield context
