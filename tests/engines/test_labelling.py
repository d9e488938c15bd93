"""Giving a drawing to a room with the digit that it should be."""

from collections.abc import Iterator

import pytest

from tests.engines.visitor import Visitor
from tests.support.digits import SEVEN
from tests.support.room import RoomServer, serve_room

PHONE = (390, 844)

TILE = "#wall [data-drawing][data-label='1'][data-digit='7']"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoomServer]:
    with serve_room(tmp_path_factory.mktemp("room") / "room.db") as server:
        yield server


def test_a_drawing_is_labelled_given_shown_on_the_wall_and_withdrawn(
    tab: Visitor, room: RoomServer
) -> None:
    pointer = "touch" if "touch" in tab.browser.pointers else "mouse"
    tab.browser.take_console()
    tab.browser.resize(*PHONE)
    tab.open(room.url)
    tab.draw(SEVEN, pointer)
    tab.wait_for_answer(7)
    tab.wait_for_text("#was-right", "Yes, a 7")
    # It was meant to be a 1.
    tab.click("#was-digit button:nth-child(2)", pointer)
    tab.wait_for("#was-digit button:nth-child(2)[aria-pressed=true]")
    tab.click("#give", pointer)
    tab.wait_for_text("#give-words", "The room has it")
    tab.click("#all-views", pointer)
    tab.open_view("room")
    tab.wait_for(TILE)
    # The wall of the presenter has it too.
    with tab.browser.new_tab():
        tab.open(room.presenter_url)
        tab.wait_for(TILE)
    tab.open_view("draw")
    tab.click("#own-drawings button", pointer)
    tab.wait("() => document.querySelector('#own-drawings').hidden")
    tab.open_view("room")
    tab.wait("() => document.querySelector('#wall').childElementCount === 0")
    assert tab.browser.take_console() == []
