"""Moving between the views, and what the browser's own buttons do."""

from collections.abc import Iterator

import pytest

from server.web.routes.page import ROOM_VIEW, VIEWS
from tests.engines.visitor import Visitor
from tests.support.digits import SEVEN
from tests.support.room import serve_room
from tests.support.waiting import wait_until

WITH_ROOM = [*VIEWS, ROOM_VIEW]


@pytest.fixture(scope="module")
def room_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve_room(tmp_path_factory.mktemp("room") / "room.db") as server:
        yield server.url


def test_each_view_opens_by_its_tab_and_by_its_key(tab: Visitor, room_url: str) -> None:
    tab.browser.take_console()
    tab.open(f"{room_url}/#view=room")
    tab.wait_for_view("room")
    for view in WITH_ROOM:
        tab.open_view(view)
        assert tab.read("() => document.querySelectorAll('.view:not([hidden])').length") == 1
    for key, view in enumerate(WITH_ROOM, start=1):
        tab.press(str(key))
        tab.wait_for_view(view)
        tab.wait_for(f"nav a[data-view={view}][aria-current=page]")
    assert tab.browser.take_console() == []


def test_an_uncaught_error_is_in_the_console(tab: Visitor, server_url: str) -> None:
    """The other tests rely on it: they end with an empty console."""
    tab.open(server_url)
    tab.read("() => { setTimeout(() => { throw new Error('uncaught'); }); }")
    messages: list[str] = []

    def is_reported() -> bool:
        messages.extend(tab.browser.take_console())
        return any("uncaught" in message for message in messages)

    wait_until(is_reported)


def test_back_and_forward_change_the_view_and_keep_the_drawing(visitor: Visitor) -> None:
    visitor.draw(SEVEN)
    visitor.wait_for_answer(7)
    visitor.open_view("softmax")
    visitor.open_view("weights")
    visitor.browser.back()
    visitor.wait_for_view("softmax")
    visitor.browser.back()
    visitor.wait_for_view("draw")
    visitor.browser.forward()
    visitor.wait_for_view("softmax")
    visitor.wait_for_answer(7)


def test_reloading_restores_the_view_and_the_drawing(visitor: Visitor) -> None:
    visitor.draw(SEVEN)
    visitor.wait_for_answer(7)
    visitor.open_view("change")
    (drawn,) = visitor.wait_for_strokes(1)
    visitor.browser.reload()
    visitor.wait_for_view("change")
    visitor.wait_for_answer(7)
    assert visitor.wait_for_strokes(1) == [drawn]


def test_the_list_of_keys_opens_and_closes(visitor: Visitor) -> None:
    visitor.draw(SEVEN)
    visitor.wait_for_answer(7)
    visitor.press("?")
    visitor.wait_to_see("#keys")
    visitor.press("Escape")
    visitor.wait("() => !document.querySelector('#keys').open")
    # Escape clears the drawing only where no dialog is open.
    visitor.wait_for_answer(7)


def test_a_pixel_is_chosen_with_the_arrow_keys(visitor: Visitor) -> None:
    visitor.draw(SEVEN)
    visitor.wait_for_answer(7)
    visitor.open_view("pixels")
    visitor.read("() => document.querySelector('#seen').closest('.map').focus()")
    visitor.press("ArrowRight")
    visitor.wait_for_text("#pixels-at", "Row")
