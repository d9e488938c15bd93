"""The wall: the room's drawings, how they are read, and how to join."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from server.room.database import RoomDatabase
from server.room.drawings import Reading
from tests.support.digits import FOUR, ONE, SEVEN
from tests.support.factories import save_small_model
from tests.support.page import open_page, open_view, shown_strokes, wait_for_event
from tests.support.pen import read_answer
from tests.support.room import RoomServer, serve_room

MANY = 2000

DESKTOP = {"width": 1280, "height": 800}

COUNT_IS = """(count) => document.querySelector("#wall").childElementCount === count"""

# Counts the elements that are added to the wall and removed from it.
WATCH_WALL = """() => {
  window.added = window.removed = 0;
  new MutationObserver((changes) => {
    for (const { addedNodes, removedNodes } of changes) {
      added += addedNodes.length;
      removed += removedNodes.length;
    }
  }).observe(document.querySelector("#wall"), { childList: true });
}"""


@pytest.fixture
def wall(browser: Browser, room: RoomServer) -> Iterator[Page]:
    """Open the room's view without the presenter's key."""
    with open_page(browser, f"{room.url}/#view=room", viewport=DESKTOP) as page:
        expect(page.locator("#view-room[aria-busy=false]")).to_be_visible()
        yield page


def tile(page: Page, drawing: int) -> Locator:
    return page.locator(f"#wall [data-drawing='{drawing}']")


def shown_ids(page: Page) -> list[int]:
    """Return the IDs of the drawings on the wall, from the first to the last."""
    ids: list[int] = page.locator("#wall [data-drawing]").evaluate_all(
        "tiles => tiles.map((tile) => Number(tile.dataset.drawing))"
    )
    return ids


def test_an_empty_wall_says_what_will_appear_on_it(wall: Page, room: RoomServer) -> None:
    expect(wall.locator("#wall-words")).to_contain_text("No drawings yet")
    expect(wall.locator("#wall-legend")).to_be_hidden()
    room.request("/api/room", "PATCH", {"open": False}, room.key)
    expect(wall.locator("#wall-words")).to_contain_text("takes none at the moment")
    expect(wall.locator("#is-closed")).to_be_visible()


def test_a_view_that_is_changed_while_the_room_is_asked_for_keeps_the_answer(
    wall: Page,
) -> None:
    asked: list[Route] = []
    wall.route("**/api/room?*", lambda route: asked.append(route))
    wait_for_event(wall, lambda: asked)
    open_view(wall, "draw")
    open_view(wall, "room")
    assert len(asked) == 1
    response = asked[0].fetch()
    closed = response.json() | {"digest": "closed", "open": False}
    asked[0].fulfill(response=response, json=closed)
    # Nothing that is asked later is answered.
    expect(wall.locator("#is-closed")).to_be_visible()
    wall.unroute_all(behavior="ignoreErrors")


def test_drawings_appear_newest_first_with_what_they_are_and_what_is_read(
    wall: Page, room: RoomServer
) -> None:
    right = room.give(SEVEN, 7)["id"]
    expect(tile(wall, right)).to_have_attribute("data-digit", "7")
    expect(tile(wall, right)).to_have_text("7 → 7")
    wrong = room.give(SEVEN, 1)["id"]
    expect(tile(wall, wrong)).to_have_attribute("data-label", "1")
    expect(tile(wall, wrong)).to_have_attribute("data-sure", "true")
    expect(tile(wall, wrong)).to_contain_text("✗")
    expect(tile(wall, wrong)).to_have_attribute(
        "aria-label", "A 1, read as 7, wrong. Explain this drawing"
    )
    assert tile(wall, wrong).get_attribute("data-was") is None
    assert shown_ids(wall) == [wrong, right]
    expect(wall.locator("#room-share")).to_have_text("50.0% read correctly")
    expect(wall.locator("#room-words")).to_have_text("1 of 2 drawings.")


def test_a_drawing_that_is_removed_disappears(wall: Page, room: RoomServer) -> None:
    given = room.give(SEVEN, 7)
    expect(tile(wall, given["id"])).to_be_visible()
    room.request(f"/api/room/drawings/{given['id']}", "DELETE", key=given["token"])
    expect(tile(wall, given["id"])).to_have_count(0)


def test_a_drawing_opens_in_draw_with_its_label_and_explanation(
    wall: Page, room: RoomServer
) -> None:
    room.give(FOUR, 4)
    wall.locator("#wall .opener").click()
    expect(wall.locator("main")).to_have_attribute("data-view", "draw")
    assert read_answer(wall) == "4"
    strokes = [[(point["x"], point["y"]) for point in stroke] for stroke in shown_strokes(wall)]
    for found, given in zip(strokes, FOUR, strict=True):
        assert found == [pytest.approx(point, abs=0.001) for point in given]
    wall.go_back()
    expect(wall.locator("#wall .opener")).to_be_visible()


def test_filters_choose_by_digit_by_reading_and_wrong_ones(wall: Page, room: RoomServer) -> None:
    seven, four, joke = (
        room.give(SEVEN, 7)["id"],
        room.give(FOUR, 4)["id"],
        room.give(FOUR, 7)["id"],
    )
    expect(tile(wall, joke)).to_be_visible()
    wall.select_option("#filter-label", "7")
    assert shown_ids(wall) == [joke, seven]
    expect(wall.locator("#wall-words")).to_have_text(
        "2 of 3 drawings, 50.0% of them read correctly."
    )
    wall.check("#filter-wrong")
    assert shown_ids(wall) == [joke]
    wall.select_option("#filter-label", "4")
    expect(wall.locator("#wall-words")).to_contain_text("No drawing matches the filter")
    wall.click("#filter-none")
    assert shown_ids(wall) == [joke, four, seven]
    expect(wall.locator("#filter-none")).to_be_hidden()
    expect(wall.locator("#filter-label")).to_be_focused()


def test_the_confusion_matrix_counts_the_room_and_a_cell_shows_its_drawings(
    wall: Page, room: RoomServer
) -> None:
    room.give(FOUR, 4)
    joke = room.give(FOUR, 7)["id"]
    cell = wall.get_by_label("1 drawing of 7 read as 4, 100.0%")
    cell.click()
    assert shown_ids(wall) == [joke]
    expect(cell).to_have_attribute("aria-pressed", "true")
    expect(wall.locator("#filter-digit")).to_have_value("4")
    cell.click()
    assert len(shown_ids(wall)) == 2
    expect(cell).to_have_attribute("aria-pressed", "false")


def test_new_drawings_leave_the_others_and_the_focus_as_they_are(
    wall: Page, room: RoomServer
) -> None:
    first, second = (room.give(SEVEN, 7)["id"], room.give(ONE, 1)["id"])
    expect(tile(wall, second)).to_be_visible()
    tile(wall, first).focus()
    wall.evaluate(WATCH_WALL)
    third = room.give(FOUR, 4)["id"]
    expect(tile(wall, third)).to_be_visible()
    assert wall.evaluate("[added, removed]") == [1, 0]
    expect(tile(wall, first)).to_be_focused()


@pytest.fixture
def two_models(tmp_path: Path) -> Iterator[RoomServer]:
    """Serve a room with two models, which read every drawing as a 1, and as a 7."""
    models = tmp_path / "models"
    save_small_model(models, "one", favourite=1)
    save_small_model(models, "seven", favourite=7)
    with serve_room(tmp_path / "room.db", "--models", str(models)) as server:
        yield server


def test_another_model_reads_the_wall_again_and_marks_what_is_right_now(
    browser: Browser, two_models: RoomServer
) -> None:
    gained = two_models.give(SEVEN, 7, model="one")["id"]
    lost = two_models.give(ONE, 1, model="one")["id"]
    wrong = two_models.give(ONE, 3, model="one")["id"]
    with open_page(browser, f"{two_models.url}/#view=room&model=one") as page:
        expect(tile(page, gained)).to_have_attribute("data-digit", "1")
        expect(tile(page, gained)).to_contain_text("?")
        expect(page.locator("#room-before")).to_be_empty()
        expect(page.locator("#legend-gained")).to_be_hidden()
        page.select_option("#model", "seven")
        expect(tile(page, gained)).to_have_attribute("data-digit", "7")
        expect(tile(page, gained)).to_have_attribute("data-was", "1")
        expect(tile(page, gained)).to_contain_text("✓")
        expect(tile(page, gained)).to_have_attribute(
            "aria-label",
            "A 7, read as 7, before as 1: wrong before, correct now. Not sure. "
            "Explain this drawing",
        )
        expect(tile(page, lost)).to_have_attribute("data-was", "1")
        expect(tile(page, lost)).to_contain_text("✗")
        expect(tile(page, wrong)).to_contain_text("✗")
        expect(page.locator("#room-before")).to_have_text("before: 33.3%")
        expect(page.locator("#room-words")).to_contain_text(
            "seven has read the wall again. 1 drawing that was wrong is correct now. "
            "1 drawing that was correct is wrong now."
        )
        expect(page.locator("#legend-gained")).to_be_visible()
        page.select_option("#model", "one")
        expect(tile(page, gained)).to_have_attribute("data-digit", "1")
        assert tile(page, gained).get_attribute("data-was") is None


def test_thousands_of_drawings_are_shown_step_by_step(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "room.db"
    database = RoomDatabase(file)
    for number in range(MANY + 5):
        reading = Reading(7 if number % 10 else 1, is_sure=True, model="another")
        database.add(json.dumps(SEVEN).encode(), 7, secrets.token_hex(16), reading)
    with (
        serve_room(file) as room,
        open_page(browser, f"{room.url}/#view=room", viewport=DESKTOP) as page,
    ):
        # Not with `expect`, whose snapshots of so many elements would block the page.
        page.wait_for_selector("#show-older:text-is('Show older (5 more)')")
        assert f" of {MANY + 5:,} drawings." in str(page.text_content("#room-words"))
        page.wait_for_function(COUNT_IS, arg=MANY)
        page.wait_for_selector("#room-words:text('has read the wall again')")
        page.evaluate(WATCH_WALL)
        newest = room.give(SEVEN, 7)["id"]
        page.wait_for_selector(f"[data-drawing='{newest}']")
        # The oldest one is now one of the older ones.
        assert page.evaluate("[added, removed]") == [1, 1]
        page.click("#show-older")
        page.wait_for_function(COUNT_IS, arg=MANY + 6)
        assert page.is_hidden("#show-older")


def change_room(page: Page, **changes: Any) -> None:
    """Change what the server says about the room."""

    def answer(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, json=response.json() | {"digest": str(changes)} | changes)

    page.unroute("**/api/room?*")
    page.route("**/api/room?*", answer)


def test_a_room_that_only_this_machine_reaches_says_what_lets_phones_in(
    wall: Page, room: RoomServer
) -> None:
    expect(wall.locator("#join-url")).to_have_text(f"{room.url}/")
    expect(wall.locator("#is-local")).to_contain_text("--host 0.0.0.0")
    expect(wall.locator("#devices")).to_contain_text("joined")
    code = wall.locator("#join-code")
    expect(code).to_have_attribute("alt", f"QR code of {room.url}/")
    wall.wait_for_function("() => document.querySelector('#join-code').naturalWidth > 0")
    # In dark mode too, cameras need a white background.
    wall.emulate_media(color_scheme="dark")
    assert code.evaluate("image => getComputedStyle(image).backgroundColor") == "rgb(255, 255, 255)"


def test_the_code_is_loaded_again_when_the_address_changes(wall: Page) -> None:
    with wall.expect_request("**/api/room/join.svg?v=http%3A%2F%2F192.168.1.7%3A8000%2F"):
        change_room(wall, join="http://192.168.1.7:8000/", is_local=False)
    expect(wall.locator("#join-url")).to_have_text("http://192.168.1.7:8000/")
    expect(wall.locator("#is-local")).to_be_hidden()


def test_after_a_minute_without_a_device_the_causes_are_listed(
    browser: Browser, room: RoomServer
) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.clock.install()
        change_room(page, join="http://10.0.0.9:8123/", is_local=False, devices=0)
        page.goto(f"{room.url}/#view=room")
        expect(page.locator("#devices")).to_have_text("No device has joined yet.")
        page.clock.run_for(50_000)
        expect(page.locator("#join-causes")).to_be_hidden()
        page.clock.run_for(15_000)
        causes = page.locator("#join-causes li")
        expect(causes).to_have_count(5)
        for cause, word in zip(
            causes.all_text_contents(),
            ("adapter", "firewall", "access point", "https", "mobile data"),
            strict=True,
        ):
            assert word in cause
        expect(page.locator("#join-port")).to_have_text("8123")
        change_room(page, join="http://10.0.0.9:8123/", is_local=False, devices=1)
        page.clock.run_for(2_000)
        expect(page.locator("#devices")).to_have_text("1 device has joined.")
        expect(page.locator("#join-causes")).to_be_hidden()
