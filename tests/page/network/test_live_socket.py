"""While the pen moves, the page asks over a WebSocket, and by requests where that fails."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, WebSocketRoute, expect

from tests.page.conditions import IMPATIENT
from tests.support.digits import FOUR, SEVEN, Stroke
from tests.support.page import collect_console_messages
from tests.support.pen import draw_with_mouse, on_screen, read_answer

SOCKETS = "**/api/live*"


class Traffic:
    """What a page asks for predictions, and how."""

    def __init__(self, page: Page) -> None:
        self.sockets: list[str] = []
        self.messages = 0
        self.requests = 0
        page.on("websocket", self._open)
        page.on("request", lambda request: self._count(request.url))

    def _open(self, socket: object) -> None:
        self.sockets.append(socket.url)  # type: ignore[attr-defined]
        socket.on("framereceived", lambda _: self._receive())  # type: ignore[attr-defined]

    def _receive(self) -> None:
        self.messages += 1

    def _count(self, url: str) -> None:
        self.requests += "/api/predict" in url


def open_context_page(context: BrowserContext, url: str) -> Page:
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector("#model option", state="attached")
    return page


def draw_on(page: Page, stroke: Stroke) -> None:
    """Draw a stroke without lifting the pen, and wait for the answer to each of its points."""
    page.mouse.move(*on_screen(page, stroke[0]))
    page.mouse.down()
    for point in stroke[1:]:
        page.mouse.move(*on_screen(page, point), steps=5)
        page.wait_for_timeout(50)


def test_live_answers_come_over_one_socket(page: Page) -> None:
    traffic = Traffic(page)
    for digit, strokes in (("7", SEVEN), ("4", FOUR)):
        draw_with_mouse(page, strokes)
        assert read_answer(page) == digit
        page.click("#clear")
    draw_on(page, SEVEN[0])
    expect(page.locator("#answer")).not_to_have_attribute("data-digit", "")
    page.mouse.up()
    assert len(traffic.sockets) == 1
    assert traffic.messages > 5


def test_another_model_has_another_socket(page: Page) -> None:
    traffic = Traffic(page)
    for model in ("normalized", "tutorial"):
        page.select_option("#model", model)
        draw_on(page, SEVEN[0])
        page.mouse.up()
        page.click("#clear")
    models = [url.partition("model=")[2].partition("&")[0] for url in traffic.sockets]
    assert models == ["normalized", "tutorial"]


def refuse(socket: WebSocketRoute) -> None:
    socket.close(code=1011, reason="refused")


def ignore(socket: WebSocketRoute) -> None:
    """Accept the socket, and answer nothing."""


@pytest.mark.parametrize("fault", [refuse, ignore])
def test_where_sockets_fail_the_page_sends_requests(
    browser: Browser, server_url: str, fault: Callable[[WebSocketRoute], None]
) -> None:
    opened: list[str] = []

    def route(socket: WebSocketRoute) -> None:
        opened.append(socket.url)
        fault(socket)

    with browser.new_context() as context:
        context.add_init_script(IMPATIENT)
        context.route_web_socket(SOCKETS, route)
        page = open_context_page(context, server_url)
        traffic = Traffic(page)
        for _ in range(3):
            draw_on(page, SEVEN[0])
            # The pen rests for longer than the page waits for an answer.
            page.wait_for_timeout(300)
            expect(page.locator("#answer")).not_to_have_attribute("data-digit", "")
            page.mouse.up()
            assert read_answer(page) == "7"
            page.click("#clear")
        assert traffic.requests > 6
        assert len(opened) <= 2
        expect(page.locator("#problem")).to_be_empty()


@pytest.mark.parametrize(
    "refusal",
    [
        "delete window.WebSocket;",
        "window.WebSocket = class { constructor() { throw new Error('refused'); } };",
        "WebSocket.prototype.send = () => { throw new Error('refused'); };",
    ],
)
def test_where_the_browser_refuses_sockets_the_page_sends_requests(
    browser: Browser, server_url: str, refusal: str
) -> None:
    with browser.new_context() as context:
        context.add_init_script(refusal)
        page = open_context_page(context, server_url)
        complaints = collect_console_messages(page)
        traffic = Traffic(page)
        for _ in range(2):
            draw_on(page, SEVEN[0])
            before = traffic.requests
            # By now, a socket would be open.
            for x in (0.4, 0.5, 0.4, 0.5):
                page.mouse.move(*on_screen(page, (x, 0.9)))
                page.wait_for_timeout(50)
            assert traffic.requests >= before + 3
            expect(page.locator("#answer")).not_to_have_attribute("data-digit", "")
            expect(page.locator("#problem")).to_be_empty()
            page.mouse.up()
            assert read_answer(page) == "7"
            page.click("#clear")
        assert complaints == []


def test_a_socket_that_the_server_closes_because_it_is_idle_is_opened_again(
    browser: Browser, server_url: str
) -> None:
    sockets: list[WebSocketRoute] = []

    def route(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    with browser.new_context() as context:
        context.route_web_socket(SOCKETS, route)
        page = open_context_page(context, server_url)
        for count in (1, 2):
            draw_on(page, SEVEN[0])
            page.mouse.up()
            assert read_answer(page) == "7"
            page.click("#clear")
            assert len(sockets) == count
            sockets[-1].close(code=1000, reason="idle")
            page.wait_for_timeout(100)
