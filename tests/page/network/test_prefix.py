"""The page behind a reverse proxy that serves it under a path of its own, and without scripts."""

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from server.web.routes.page import VIEWS
from tests.support.digits import SEVEN
from tests.support.page import collect_console_messages, collect_failed_requests, open_view
from tests.support.pen import draw_with_mouse, read_answer

PREFIX = "/evidence"


@contextmanager
def reverse_proxy(upstream: str) -> Iterator[str]:
    """Serve an upstream server below PREFIX, and nothing elsewhere; yield the page's URL."""

    class Proxy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if not self.path.startswith(f"{PREFIX}/"):
                self.answer(404, {}, b"")
                return
            path = self.path.removeprefix(PREFIX)
            with closing(HTTPConnection(urlsplit(upstream).netloc)) as connection:
                connection.request(self.command, path, body, dict(self.headers))
                response = connection.getresponse()
                content = response.read()
            # The browser may have left before a response was complete.
            with suppress(ConnectionError):
                self.answer(response.status, dict(response.getheaders()), content)

        do_POST = do_GET  # noqa: N815 - the base class has these names

        def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}{PREFIX}/"
        finally:
            server.shutdown()


def test_behind_a_path_prefix_everything_works_and_nothing_is_asked_outside_it(
    browser: Browser, server_url: str
) -> None:
    with (
        reverse_proxy(server_url) as url,
        browser.new_context(viewport={"width": 1280, "height": 800}) as context,
    ):
        page = context.new_page()
        complaints = collect_console_messages(page)
        answers: list[Response] = []
        page.on("response", lambda answer: answers.append(answer))
        failed = collect_failed_requests(page)
        page.goto(url)
        page.wait_for_selector("#model option", state="attached")
        draw_with_mouse(page, SEVEN)
        assert read_answer(page) == "7"
        for view in VIEWS:
            open_view(page, view)
        page.keyboard.press("g")
        page.get_by_role("button", name="A 4 of MNIST, number 2").click()
        expect(page.locator("#answer")).to_have_attribute("data-digit", "4")
        open_view(page, "weights")
        page.select_option("#model", "tutorial")
        page.keyboard.press("s")
        with page.expect_download() as saving:
            page.click("#save-csv")
        assert saving.value.url.startswith(url)
        page.wait_for_url(f"{url}#view=weights&model=tutorial&check=*&image=*")
        page.reload()
        expect(page.locator("#answer")).to_have_attribute("data-digit", "4")
        urls = [answer.url for answer in answers if not answer.url.startswith("data:")]
        assert len(urls) > 30
        assert [one for one in urls if not one.startswith(url)] == []
        assert [answer.url for answer in answers if answer.status >= 400] == []
        assert failed == []
        links = page.eval_on_selector_all(
            "[href], [src]", "found => found.map(({ href, src }) => href || src)"
        )
        assert [link for link in links if not str(link).startswith((url, "data:"))] == []
        assert complaints == []


def test_an_address_with_two_slashes_asks_no_other_host(browser: Browser, server_url: str) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{server_url}//")
        page.wait_for_selector("#model option", state="attached")
        draw_with_mouse(page, SEVEN)
        assert read_answer(page) == "7"
        assert [url for url in asked if not url.startswith((f"{server_url}/", "data:"))] == []


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("aborted", []),
        ("connectionrefused", ["net::ERR_CONNECTION_REFUSED"]),
        ("connectionreset", ["net::ERR_CONNECTION_RESET"]),
        ("timedout", ["net::ERR_TIMED_OUT"]),
    ],
)
def test_only_requests_that_the_browser_cancels_are_not_counted_as_failed(
    browser: Browser, server_url: str, reason: str, expected: list[str]
) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(server_url)
        failed = collect_failed_requests(page)
        page.route("**/lost", lambda route: route.abort(reason))
        with page.expect_event("requestfailed"):
            page.evaluate("fetch('lost').catch(() => {})")
        assert failed == [f"{server_url}/lost: {failure}" for failure in expected]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_without_javascript_the_page_says_that_it_needs_it(
    browser: Browser, server_url: str, scheme: str, width: int
) -> None:
    with browser.new_context(
        java_script_enabled=False,
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": width, "height": 800},
    ) as context:
        page = context.new_page()
        page.goto(server_url)
        words = page.locator("noscript p")
        expect(words).to_contain_text("needs JavaScript")
        expect(words).to_be_visible()
        expect(page.get_by_role("heading", name="Evidence")).to_be_visible()
        # Nothing is left that would do nothing.
        assert page.locator(":is(a, button, select, canvas, table):visible").count() == 0


def test_with_javascript_the_page_does_not_say_that_it_needs_it(page: Page) -> None:
    expect(page.locator("noscript")).to_be_hidden()
    expect(page.locator("main")).to_be_visible()
