"""The page in a browser: open it, collect its messages, and read its state."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, Request, expect

from server.web.routes.page import ROOM_VIEW, VIEWS


def collect_console_messages(page: Page) -> list[str]:
    """Return a list to which all of a page's console messages and uncaught errors are added.

    Violations of the Content-Security-Policy are console messages too.
    """
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text))
    return complaints


def collect_failed_requests(page: Page) -> list[str]:
    """Return a list to which each request without a response is added, with the reason.

    Requests that the browser cancels are left out: Chromium cancels the request for the icon when
    the page navigates or changes its URL.
    """
    failed: list[str] = []

    def collect(request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":
            failed.append(f"{request.url}: {request.failure}")

    page.on("requestfailed", collect)
    return failed


@contextmanager
def open_page(browser: Browser, url: str, **options: Any) -> Iterator[Page]:
    """Open the page in a new browser context; fail if its console has any message.

    :param options: of Playwright's `Browser.new_context`
    """
    with browser.new_context(**options) as context:
        page = context.new_page()
        complaints = collect_console_messages(page)
        page.goto(url)
        page.wait_for_selector("#model option", state="attached")
        yield page
        assert complaints == []


def open_view(page: Page, view: str) -> None:
    """Open a view by its key."""
    page.keyboard.press(str([*VIEWS, ROOM_VIEW].index(view) + 1))
    expect(page.locator(f"#view-{view}[aria-busy=false]")).to_be_visible()


def load_all_views(page: Page) -> None:
    """Open each view once: from then on, none of their elements is looked for."""
    for view in VIEWS:
        open_view(page, view)


def place_of(page: Page, picture: str, row: int, column: int) -> tuple[float, float]:
    """Return the position in the window, in CSS pixels, of a pixel of a 28×28 picture."""
    locator = page.locator(picture)
    locator.scroll_into_view_if_needed()
    box = locator.bounding_box()
    assert box is not None
    return (
        box["x"] + (column + 0.5) / 28 * box["width"],
        box["y"] + (row + 0.5) / 28 * box["height"],
    )


def current_address(page: Page) -> str:
    """Return the URL with the page's state that the copy button puts on the clipboard."""
    copied: str = page.evaluate(
        """() => {
          let copied = "";
          const value = { writeText: async (text) => { copied = text; } };
          Object.defineProperty(navigator, "clipboard", { value, configurable: true });
          document.querySelector("#copy").click();
          delete navigator.clipboard;
          return copied;
        }"""
    )
    return copied


def wait_for_address(page: Page) -> None:
    """Wait until the URL has the page's current state: it is updated with a delay."""
    address = current_address(page)
    page.wait_for_function("address => location.href === address", arg=address)


def strokes_in(page: Page, address: str) -> list[list[dict[str, float]]]:
    """Return the strokes of the drawing in an address."""
    strokes: list[list[dict[str, float]]] = page.evaluate(
        """async (address) => {
          const main = document.querySelector("script[type=module]").src;
          const { readAddress } = await import(new URL("../state/address.js", main));
          return readAddress(new URL(address).hash).strokes;
        }""",
        address,
    )
    return strokes


def shown_strokes(page: Page) -> list[list[dict[str, float]]]:
    """Return the strokes of the drawing on the page, whether or not its URL is up to date."""
    return strokes_in(page, current_address(page))


def strokes_of(page: Page) -> list[list[dict[str, float]]]:
    """Wait until the page's URL is up to date, and return the strokes of the drawing in it."""
    wait_for_address(page)
    return strokes_in(page, page.url)


def wait_for_frames(page: Page, count: int = 2) -> None:
    """Wait for a number of animation frames: what the page does in the next frame is then done."""
    page.evaluate(
        """async (count) => {
          for (let frame = 0; frame < count; frame++) await new Promise(requestAnimationFrame);
        }""",
        count,
    )


def wait_for_event(page: Page, condition: Callable[[], object], seconds: float = 30) -> None:
    """Wait until a condition holds that depends on this test's Playwright listeners or routes."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition does not hold in time"
        # Listeners and routes run only while Playwright is called.
        page.wait_for_timeout(10)


def count_sheets(page: Page, paper: str, *, landscape: bool) -> int:
    """Return how many sheets of paper the page takes, printed without background colours."""
    pdf = page.pdf(format=paper, landscape=landscape, print_background=False)
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def is_inked(page: Page, point: tuple[float, float]) -> bool:
    """Tell whether there is ink on the pad."""
    inked: bool = page.locator("#pad").evaluate(
        """(pad, [x, y]) => new Promise((resolve) => requestAnimationFrame(() => resolve(
          pad.getContext("2d").getImageData(pad.width * x, pad.height * y, 1, 1).data[3] > 0)))""",
        point,
    )
    return inked


def start_approval(page: Page) -> None:
    """Show drawings only after approval, from the presenter's controls, and wait for the server.

    The box is checked at once; the list of what waits is shown with the server's response.
    """
    page.check("#room-approval")
    expect(page.locator("#waiting-title")).to_be_visible()
