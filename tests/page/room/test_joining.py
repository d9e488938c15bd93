"""Coming into the room: as a participant, with a link, or with the presenter's key."""

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.page.conditions import GUARDS, IMPATIENT
from tests.support.digits import SEVEN
from tests.support.page import collect_console_messages, open_page, wait_for_event
from tests.support.pen import draw_with_finger, draw_with_mouse, read_answer
from tests.support.room import RoomServer

LAPTOP = {"viewport": {"width": 1280, "height": 800}}

# A look at the room.
LOOK = re.compile(r"/api/room(\?|$)")

NEEDS_NO_SCROLLING = "() => document.documentElement.scrollHeight <= innerHeight"


def test_a_phone_gets_a_page_for_drawing_that_needs_no_scrolling(phone: Page) -> None:
    expect(phone.locator("#pad")).to_be_visible()
    phone.wait_for_function(NEEDS_NO_SCROLLING)
    for part in ("nav", "#model", "#view-draw", ".pictures"):
        expect(phone.locator(part)).to_be_hidden()
    draw_with_finger(phone, SEVEN)
    assert read_answer(phone) == "7"
    phone.click("#was-right")
    expect(phone.locator("#give")).to_be_in_viewport(ratio=1)
    phone.wait_for_function(NEEDS_NO_SCROLLING)
    phone.click("#give")
    expect(phone.locator("#own-drawings button")).to_be_in_viewport(ratio=1)
    phone.wait_for_function(NEEDS_NO_SCROLLING)


def test_all_views_are_one_tap_away(phone: Page) -> None:
    phone.click("#all-views")
    expect(phone.locator("#all-views")).to_be_hidden()
    expect(phone.locator("nav a").first).to_be_focused()
    phone.click("nav a[data-view=softmax]")
    expect(phone.locator("#view-softmax")).to_be_visible()
    expect(phone.locator("#contributing")).to_be_hidden()
    phone.click("nav a[data-view=draw]")
    expect(phone.locator("#contributing")).to_be_visible()


def test_the_page_for_drawing_has_no_single_key_shortcuts(
    browser: Browser, room: RoomServer
) -> None:
    """They cannot be turned off there, as WCAG 2.1.4 wants it: the list of keys is hidden."""
    with open_page(browser, room.url, **LAPTOP) as page:
        draw_with_mouse(page, SEVEN)
        assert read_answer(page) == "7"
        page.keyboard.type("cats?2")
        expect(page.locator("dialog[open]")).to_have_count(0)
        expect(page.locator("nav")).to_be_hidden()
        expect(page.locator("#clear kbd")).to_be_hidden()
        assert page.get_attribute("#undo", "aria-keyshortcuts") == "Control+Z"
        assert read_answer(page) == "7"

        page.click("#all-views")
        expect(page.locator("#clear kbd")).to_be_visible()
        assert page.get_attribute("#undo", "aria-keyshortcuts") == "Z Control+Z"
        page.keyboard.press("2")
        expect(page.locator("#view-pixels")).to_be_visible()


def test_a_view_that_is_opened_leaves_the_page_for_drawing(
    browser: Browser, room: RoomServer
) -> None:
    with open_page(browser, room.url, **LAPTOP) as page:
        expect(page.locator("nav")).to_be_hidden()
        page.evaluate("() => { location.hash = '#view=pixels'; }")
        expect(page.locator("#view-pixels")).to_be_visible()
        expect(page.locator("nav")).to_be_visible()


@pytest.mark.parametrize("address", ["#view=weights", "#model=tutorial&view=draw", "#projector=1"])
def test_a_link_to_a_view_opens_the_whole_page(
    browser: Browser, room: RoomServer, address: str
) -> None:
    with open_page(browser, f"{room.url}/{address}", **LAPTOP) as page:
        expect(page.locator("#all-views")).to_be_hidden()
        view = "weights" if "weights" in address else "draw"
        expect(page.locator(f"#view-{view}")).to_be_visible()


def key_of_next_request(page: Page) -> str | None:
    """Return the Authorization header of the next look at the room."""
    with page.expect_request(LOOK) as asked:
        pass
    return asked.value.headers.get("authorization")


def test_the_presenters_key_leaves_the_address_and_is_kept(
    browser: Browser, room: RoomServer
) -> None:
    with open_page(browser, room.presenter_url, **LAPTOP) as page:
        expect(page.locator("#view-room")).to_be_visible()
        assert room.key not in page.url
        assert key_of_next_request(page) == f"Bearer {room.key}"
        expect(page.locator("#problem")).to_be_empty()
        page.reload()
        assert key_of_next_request(page) == f"Bearer {room.key}"
        expect(page.locator("#view-room")).to_be_visible()
        page.go_back()
        assert room.key not in page.url


def test_the_key_is_taken_from_an_address_that_is_followed_later(
    browser: Browser, room: RoomServer
) -> None:
    with open_page(browser, f"{room.url}/#view=pixels", **LAPTOP) as page:
        expect(page.locator("#view-pixels")).to_be_visible()
        assert key_of_next_request(page) is None
        page.evaluate("hash => { location.hash = hash; }", f"model=tutorial&key={room.key}")
        expect(page.locator("#view-room")).to_be_visible()
        assert page.evaluate("location.hash") == "#view=room&model=tutorial"
        expect(page.locator("#model")).to_have_value("tutorial")
        assert key_of_next_request(page) == f"Bearer {room.key}"


def test_the_key_works_where_the_browser_stores_nothing(browser: Browser, room: RoomServer) -> None:
    with browser.new_context(**LAPTOP) as context:
        context.add_init_script(GUARDS["refused"])
        page = context.new_page()
        page.goto(room.presenter_url)
        expect(page.locator("#view-room")).to_be_visible()
        assert room.key not in page.url
        assert key_of_next_request(page) == f"Bearer {room.key}"


def test_a_wrong_key_makes_a_participant(browser: Browser, room: RoomServer) -> None:
    with browser.new_context(**LAPTOP) as context:
        context.add_init_script(IMPATIENT)
        page = context.new_page()
        asked: list[str | None] = []
        page.on(
            "request",
            lambda request: (
                LOOK.search(request.url) and asked.append(request.headers.get("authorization"))
            ),
        )
        page.goto(f"{room.url}/#key=guess")
        wait_for_event(page, lambda: len(asked) > 2)
        assert asked[0] == "Bearer guess"
        assert set(asked[1:]) == {None}
        expect(page.locator("#view-room")).to_contain_text("does not accept the presenter's key")
        page.reload()
        assert key_of_next_request(page) is None


def test_each_device_is_counted_once(browser: Browser, room: RoomServer) -> None:
    def devices() -> int:
        return int(room.request("/api/room")[1]["devices"])

    before = devices()
    with open_page(browser, room.url, **LAPTOP) as first, open_page(browser, room.url) as second:
        wait_for_event(second, lambda: devices() == before + 2)
        first.reload()
        key_of_next_request(first)
        key_of_next_request(first)
        assert devices() == before + 2


# What browsers do not have on `http://192.168…`.
INSECURE = """
  delete Crypto.prototype.randomUUID;
  delete Crypto.prototype.subtle;
  delete Navigator.prototype.clipboard;
  delete Navigator.prototype.wakeLock;
  delete window.isSecureContext;
"""


def test_a_drawing_is_given_without_a_secure_context(
    phones: BrowserContext, room: RoomServer
) -> None:
    phones.add_init_script(INSECURE)
    page = phones.new_page()
    complaints = collect_console_messages(page)
    page.goto(room.url)
    draw_with_finger(page, SEVEN)
    read_answer(page)
    page.click("#was-right")
    page.click("#give")
    expect(page.locator("#give-words")).to_contain_text("Thank you")
    assert complaints == []


def test_a_page_without_a_room_knows_nothing_of_it(browser: Browser, server_url: str) -> None:
    with browser.new_context(**LAPTOP) as context:
        page = context.new_page()
        paths: list[str] = []
        page.on("request", lambda request: paths.append(request.url))
        page.goto(f"{server_url}/#key=abc")
        expect(page.locator("#problem")).to_contain_text("unknown part “key”")
        for key in "123456789":
            page.keyboard.press(key)
        expect(page.locator("#view-guide[aria-busy=false]")).to_be_visible()
        assert not [path for path in paths if "room" in path or "arrival" in path]
        for part in ("#contributing", "#all-views", "main[data-room]", "#view-room"):
            expect(page.locator(part)).to_have_count(0)


REFUSE_HISTORY = """
history.pushState = history.replaceState = () => {
  throw new DOMException("100 times per 10 seconds", "SecurityError");
};
"""


def test_the_key_is_taken_and_leaves_the_address_where_the_history_refuses(
    browser: Browser, room: RoomServer
) -> None:
    with browser.new_context(**LAPTOP) as context:
        context.add_init_script(REFUSE_HISTORY)
        page = context.new_page()
        page.goto(room.presenter_url)
        expect(page.locator("#view-room")).to_be_visible()
        expect(page.locator("#presenter-title")).to_be_visible()
        assert room.key not in page.inner_text("body")
        page.wait_for_url("**/#view=room")


@pytest.mark.parametrize("change", ["#key%3D", "#view=room&#38;key=", '#"key=', "#KEY:", "#key=3D"])
def test_a_damaged_address_of_the_presenter_still_has_the_key(
    browser: Browser, room: RoomServer, change: str
) -> None:
    with browser.new_context(**LAPTOP) as context:
        page = context.new_page()
        page.goto(room.presenter_url.replace("#key=", change) + ").")
        expect(page.locator("#presenter-title")).to_be_visible()
        page.wait_for_url("**/#view=room")
        expect(page.locator("#problem")).to_be_empty()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize(
    "address", ["view=room", "view=room&projector=1", "view=weights&projector=1"]
)
def test_what_is_wrong_with_an_address_is_said_in_views_without_a_pad(
    browser: Browser, room: RoomServer, width: int, address: str
) -> None:
    viewport = {"width": width, "height": 800}
    with open_page(browser, f"{room.url}/#{address}&colour=red", viewport=viewport) as page:
        expect(page.locator("#problem")).to_be_in_viewport(ratio=1)
        expect(page.locator("#problem")).to_contain_text("colour")
        # Over the pad again, where there is one.
        page.evaluate("() => { location.hash = 'view=draw&colour=red'; }")
        expect(page.locator(".paper > #problem")).to_be_in_viewport(ratio=1)
