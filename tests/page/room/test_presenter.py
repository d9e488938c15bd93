"""The presenter's controls: they exist only with the key, and work with the keyboard too."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.page.conditions import busy
from tests.support.digits import FOUR, ONE, SEVEN
from tests.support.page import open_page, start_approval, wait_for_event
from tests.support.room import RoomServer

DESKTOP = {"width": 1280, "height": 800}

CONTROLS = ".presenter, .waiting, .remove, .approve, dialog#confirm-removal"

ADDRESSES = [
    {"url": "http://192.168.1.7:8000/", "interface": "wlan0", "is_virtual": False},
    {"url": "http://172.17.0.1:8000/", "interface": "docker0", "is_virtual": True},
]


# A pointer that trembles over the wall.
KEEP_MOVING = """() => {
  const move = () => document.querySelector("#wall").dispatchEvent(
    new PointerEvent("pointermove", { pointerType: "mouse" }));
  move();
  window.moving = setInterval(move, 50);
}"""


@pytest.fixture
def presenter(browser: Browser, room: RoomServer) -> Iterator[Page]:
    """Open the page with the presenter's key."""
    with open_page(browser, room.presenter_url, viewport=DESKTOP) as page:
        expect(page.locator("#presenter-title")).to_be_visible()
        yield page


def tile(page: Page, drawing: int, place: str = "#wall") -> Locator:
    return page.locator(f"{place} [data-drawing='{drawing}']")


def remover(page: Page, drawing: int, place: str = "#wall") -> Locator:
    return page.locator(f"{place} .remove[value='{drawing}']")


def count_drawings(room: RoomServer) -> int:
    count: int = room.request("/api/room")[1]["drawings"]
    return count


def test_without_the_key_there_are_no_controls(browser: Browser, room: RoomServer) -> None:
    drawing = room.give()["id"]
    with open_page(browser, f"{room.url}/#view=room", viewport=DESKTOP) as page:
        expect(tile(page, drawing)).to_be_visible()
        expect(page.locator(CONTROLS)).to_have_count(0)


def test_the_presenter_closes_and_opens_the_room(presenter: Page, room: RoomServer) -> None:
    presenter.uncheck("#room-open")
    expect(presenter.locator("#is-closed")).to_be_visible()
    assert room.request("/api/room")[1]["open"] is False
    presenter.check("#room-open")
    expect(presenter.locator("#is-closed")).to_be_hidden()
    assert room.request("/api/room")[1]["open"] is True


def test_a_box_keeps_what_the_presenter_chose_until_the_server_answers(
    presenter: Page, room: RoomServer
) -> None:
    held: list[Route] = []
    presenter.route(
        "**/api/room",
        lambda route: held.append(route) if route.request.method == "PATCH" else route.continue_(),
    )
    box = presenter.locator("#room-open")
    box.uncheck()
    # The page shows the room again, with the setting that it still has.
    room.give()
    expect(presenter.locator("#wall .opener")).to_have_count(1)
    expect(box).not_to_be_checked()
    expect(box).to_have_attribute("aria-busy", "true")
    expect(presenter.locator("#is-closed")).to_be_hidden()
    # What is chosen next is sent next.
    box.check()
    box.uncheck()
    for number in range(3):
        wait_for_event(presenter, lambda count=number: len(held) > count)
        expect(box).not_to_be_checked()
        held[number].continue_()
    expect(box).to_have_attribute("aria-busy", "false")
    expect(presenter.locator("#is-closed")).to_be_visible()
    expect(box).not_to_be_checked()
    assert [route.request.post_data_json["open"] for route in held] == [False, True, False]
    assert room.request("/api/room")[1]["open"] is False


def test_a_box_goes_back_if_the_server_does_not_change_the_room(
    browser: Browser, room: RoomServer
) -> None:
    with browser.new_context(viewport=DESKTOP) as context:
        page = context.new_page()
        page.goto(room.presenter_url)
        page.route(
            "**/api/room",
            lambda route: (
                busy(route, "1") if route.request.method == "PATCH" else route.continue_()
            ),
        )
        box = page.locator("#room-approval")
        box.click()
        expect(page.locator("#room-message")).to_contain_text("Too many ask.")
        expect(box).not_to_be_checked()
        expect(box).to_have_attribute("aria-busy", "false")


def test_one_click_removes_a_drawing(presenter: Page, room: RoomServer) -> None:
    drawing = room.give()["id"]
    remover(presenter, drawing).click()
    expect(tile(presenter, drawing)).to_have_count(0)
    assert count_drawings(room) == 0


def test_a_double_click_removes_one_drawing(presenter: Page, room: RoomServer) -> None:
    first, second = room.give()["id"], room.give()["id"]
    expect(tile(presenter, first)).to_be_visible()
    remover(presenter, second).dblclick(delay=20)
    expect(tile(presenter, second)).to_have_count(0)
    expect(tile(presenter, first)).to_be_visible()
    assert count_drawings(room) == 1


def test_after_removing_with_the_keyboard_the_focus_is_on_the_next_drawing(
    presenter: Page, room: RoomServer
) -> None:
    oldest, middle, newest = (room.give()["id"] for _ in range(3))
    expect(tile(presenter, oldest)).to_be_visible()
    remover(presenter, middle).press("Enter")
    expect(remover(presenter, oldest)).to_be_focused()
    remover(presenter, oldest).press("Enter")
    expect(remover(presenter, newest)).to_be_focused()
    remover(presenter, newest).press("Space")
    expect(presenter.locator("#wall-title")).to_be_focused()


def test_while_the_pointer_aims_at_a_drawing_no_new_one_moves_it(
    presenter: Page, room: RoomServer
) -> None:
    aimed = room.give(SEVEN, 7)["id"]
    expect(tile(presenter, aimed)).to_be_visible()
    box = tile(presenter, aimed).bounding_box()
    assert box is not None
    presenter.evaluate(KEEP_MOVING)
    new = room.give(FOUR, 4)["id"]
    # The page knows of it already.
    expect(presenter.locator("#room-words")).to_have_text("2 of 2 drawings.")
    expect(tile(presenter, new)).to_have_count(0)
    assert tile(presenter, aimed).bounding_box() == box
    presenter.evaluate("clearInterval(moving)")
    expect(tile(presenter, new)).to_be_visible()


def test_drawings_wait_for_approval_and_only_the_presenter_sees_them(
    presenter: Page, browser: Browser, room: RoomServer
) -> None:
    start_approval(presenter)
    good, rude = room.give(SEVEN, 7), room.give(ONE, 3)
    assert good["shown"] is False
    expect(presenter.locator("#waiting-title")).to_have_text("Waiting for approval: 2")
    expect(tile(presenter, good["id"])).to_have_count(0)
    remover(presenter, rude["id"], "#waiting").click()
    expect(tile(presenter, rude["id"], "#waiting")).to_have_count(0)
    with open_page(browser, f"{room.url}/#view=room", viewport=DESKTOP) as page:
        expect(page.locator("#wall-words")).to_contain_text("No drawings yet")
        presenter.locator(f"#waiting .approve[value='{good['id']}']").click()
        expect(tile(page, good["id"])).to_be_visible()
        expect(page.locator(CONTROLS)).to_have_count(0)
    expect(tile(presenter, good["id"])).to_be_visible()
    expect(presenter.locator("#waiting-title")).to_have_text("Nothing waits for approval")


def test_a_projector_shows_no_drawing_that_waits(presenter: Page, room: RoomServer) -> None:
    start_approval(presenter)
    waiting = room.give()["id"]
    expect(tile(presenter, waiting, "#waiting")).to_be_visible()
    expect(presenter.locator("#waiting-words")).to_be_hidden()
    presenter.keyboard.press("p")
    expect(tile(presenter, waiting, "#waiting")).to_be_hidden()
    expect(presenter.locator("#waiting-words")).to_have_text("Waiting for approval: 1")
    presenter.keyboard.press("p")
    expect(tile(presenter, waiting, "#waiting")).to_be_visible()


def test_all_that_wait_are_approved_at_once(presenter: Page, room: RoomServer) -> None:
    start_approval(presenter)
    given = [room.give()["id"] for _ in range(3)]
    expect(presenter.locator("#waiting .opener")).to_have_count(3)
    presenter.click("#approve-all")
    for drawing in given:
        expect(tile(presenter, drawing)).to_be_visible()
    expect(presenter.locator("#waiting .opener")).to_have_count(0)
    presenter.uncheck("#room-approval")
    expect(presenter.locator("#waiting-title")).to_have_count(0)


def test_what_is_asked_for_twice_is_done_once(presenter: Page, room: RoomServer) -> None:
    start_approval(presenter)
    for _ in range(2):
        room.give()
    expect(presenter.locator("#waiting .opener")).to_have_count(2)
    asked: list[str] = []

    def answer_late(route: Route) -> None:
        asked.append(f"{route.request.method} {route.request.url}")
        presenter.wait_for_timeout(300)
        route.continue_()

    presenter.route("**/api/room/drawings/*", answer_late)
    presenter.locator("#approve-all").dblclick()
    expect(presenter.locator("#waiting .opener")).to_have_count(0)
    assert len(asked) == len(set(asked)) == 2


def test_all_drawings_are_removed_after_a_confirmation(presenter: Page, room: RoomServer) -> None:
    expect(presenter.locator("#remove-all")).to_be_disabled()
    room.give()
    room.give()
    expect(presenter.locator("#wall .opener")).to_have_count(2)
    presenter.locator("#remove-all").press("Enter")
    expect(presenter.locator("#confirm-words")).to_contain_text("All 2 drawings will be deleted")
    expect(presenter.get_by_role("button", name="Cancel")).to_be_focused()
    presenter.keyboard.press("Escape")
    expect(presenter.locator("#confirm-removal")).to_be_hidden()
    expect(presenter.locator("#remove-all")).to_be_focused()
    assert count_drawings(room) == 2
    presenter.locator("#remove-all").press("Enter")
    presenter.locator("#removal-confirmed").press("Enter")
    expect(presenter.locator("#wall .opener")).to_have_count(0)
    expect(presenter.locator("#wall-words")).to_contain_text("No drawings yet")
    expect(presenter.locator("#presenter-title")).to_be_focused()
    assert count_drawings(room) == 0


def test_the_download_has_a_line_for_each_drawing(
    presenter: Page, room: RoomServer, tmp_path: Path
) -> None:
    room.give(SEVEN, 7)
    room.give(FOUR, 4)
    with presenter.expect_download() as download:
        presenter.click("#download-room")
    file = tmp_path / "room.jsonl"
    download.value.save_as(file)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(line["label"], line["hand"]) for line in lines] == [(7, "room"), (4, "room")]
    assert lines[0]["strokes"] == [[list(point) for point in stroke] for stroke in SEVEN]


def test_the_presenter_chooses_the_address_to_join(presenter: Page) -> None:
    chosen: list[str] = []

    def answer(route: Route) -> None:
        if route.request.method == "PATCH":
            chosen.append(route.request.post_data_json["join"])
            room = route.fetch(method="GET", post_data=None).json()
        else:
            room = route.fetch().json()
        room["presenter"]["addresses"] = ADDRESSES
        join = chosen[-1] if chosen else ADDRESSES[0]["url"]
        digest = f"{room['digest']} {join}"
        route.fulfill(json=room | {"join": join, "is_local": False, "digest": digest})

    presenter.route("**/api/room", answer)
    address = presenter.locator("#join-address")
    expect(address).to_have_value("http://192.168.1.7:8000/")
    assert address.locator("option").all_text_contents() == [
        "wlan0: 192.168.1.7:8000",
        "docker0 (virtual): 172.17.0.1:8000",
    ]
    address.select_option("http://172.17.0.1:8000/")
    expect(presenter.locator("#join-url")).to_have_text("http://172.17.0.1:8000/")
    assert chosen == ["http://172.17.0.1:8000/"]
    presenter.unroute_all(behavior="ignoreErrors")


@pytest.mark.parametrize("has_clipboard", [True, False])
def test_the_command_for_the_training_is_copied_or_selected(
    presenter: Page, room: RoomServer, has_clipboard: bool
) -> None:
    command = room.request("/api/room", key=room.key)[1]["presenter"]["command"]
    assert command.endswith(f"python -m training --room {room.file}")
    expect(presenter.locator("#room-command")).to_have_text(command)
    presenter.evaluate(
        """(hasClipboard) => {
          const writeText = async (text) => { window.copied = text; };
          const value = hasClipboard ? { writeText } : undefined;
          Object.defineProperty(navigator, "clipboard", { value });
          document.execCommand = () => false;
        }""",
        has_clipboard,
    )
    presenter.click("#copy-command")
    if has_clipboard:
        expect(presenter.locator("#copy-result")).to_have_text("Copied.")
        assert presenter.evaluate("copied") == command
    else:
        expect(presenter.locator("#copy-result")).to_contain_text("selected")
        assert presenter.evaluate("String(getSelection())") == command
    presenter.click("#follow-training")
    expect(presenter.locator("#view-training")).to_be_visible()


def test_a_failure_is_told_and_the_drawing_stays(browser: Browser, room: RoomServer) -> None:
    drawing = room.give()["id"]
    with browser.new_context(viewport=DESKTOP) as context:
        page = context.new_page()
        page.goto(room.presenter_url)
        page.route(f"**/api/room/drawings/{drawing}", lambda route: busy(route, "1"))
        remover(page, drawing).click()
        expect(page.locator("#room-message")).to_contain_text("Too many ask.")
        expect(tile(page, drawing)).to_be_visible()
        page.unroute(f"**/api/room/drawings/{drawing}")
        remover(page, drawing).click()
        expect(tile(page, drawing)).to_have_count(0)
        expect(page.locator("#room-message")).to_be_empty()


def save_view(page: Page, file: Path) -> Image.Image:
    """Save the view as a picture, and return it in shades of gray."""
    page.click("#open-share")
    with page.expect_download() as saving:
        page.click("#save-view")
    page.keyboard.press("Escape")
    saving.value.save_as(file)
    with Image.open(file) as image:
        return image.convert("L")


def count_dark(image: Image.Image) -> int:
    return sum(image.histogram()[:50])


def test_a_saved_picture_has_the_code_and_no_drawing_that_waits(
    presenter: Page, room: RoomServer, tmp_path: Path
) -> None:
    start_approval(presenter)
    presenter.wait_for_function("() => document.querySelector('#join-code').naturalWidth > 0")
    before = save_view(presenter, tmp_path / "before.png")
    main, code = (presenter.locator(part).bounding_box() for part in ("main", "#join-code"))
    assert main is not None
    assert code is not None
    # Two pixels for each of the page's, and a margin.
    left, top = (round(2 * (code[axis] - main[axis]) + 48) for axis in ("x", "y"))
    right, bottom = left + round(2 * code["width"]), top + round(2 * code["height"])
    share = count_dark(before.crop((left, top, right, bottom))) / ((right - left) * (bottom - top))
    assert 0.1 < share < 0.5

    # Ink from edge to edge.
    room.give([[(x, y) for row in range(10) for x, y in ((0, row / 10), (1, row / 10))]])
    expect(presenter.locator("#waiting .opener")).to_have_count(1)
    after = save_view(presenter, tmp_path / "after.png")
    assert abs(count_dark(after) - count_dark(before)) < 2000
