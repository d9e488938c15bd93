"""What the page asks its server for: each thing once, and again only where that failed."""

import time
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, expect

from server.storage.model_store import DEFAULT_MODEL
from server.web.routes.page import VIEWS
from tests.page.conditions import IMPATIENT, busy
from tests.support.digits import FOUR
from tests.support.page import wait_for_event, wait_for_frames
from tests.support.pen import draw_with_mouse, read_answer

# Answers of the API take long enough for the page to change several times meanwhile. All that are
# awaited are counted, but for the page's regular question what is being trained.
SLOW = """
  const ask = window.fetch;
  window.awaited = 0;
  window.asked = 0;
  window.fetch = async (...request) => {
    const counts = !String(request[0]).endsWith("/api/training");
    awaited += counts;
    asked += counts;
    try {
      const response = await ask(...request);
      const isOfApi = String(request[0]).includes("/api/");
      if (isOfApi) await new Promise((resolve) => setTimeout(resolve, 1200));
      return response;
    } finally {
      awaited -= counts;
    }
  };
"""

# Nothing is awaited, and five frames later nothing else was asked for.
IS_QUIET = """
  async () => {
    const before = asked;
    for (let frame = 0; frame < 5; frame++) await new Promise(requestAnimationFrame);
    return awaited === 0 && asked === before;
  }
"""


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
        yield context


def count_gets(page: Page) -> Counter[str]:
    """Count what is got of the API, except for the look at what is being trained."""
    counts: Counter[str] = Counter()

    def count(request: Request) -> None:
        path = urlsplit(request.url).path
        if request.method == "GET" and "/api/" in path and path != "/api/training":
            counts[path] += 1

    page.on("request", count)
    return counts


NEEDED = {
    "training": ["histories"],
    "accuracy": ["evaluation"],
    "guide": ["digits"],
}


@pytest.mark.parametrize("view", VIEWS)
def test_the_first_load_of_a_view_asks_for_each_thing_once(
    context: BrowserContext, server_url: str, view: str
) -> None:
    page = context.new_page()
    page.add_init_script(SLOW)
    counts = count_gets(page)
    page.goto(f"{server_url}/#view={view}&beside=tutorial&mean=3")
    page.wait_for_selector("#model option", state="attached")
    # All that a page does while it waits asks for what is missing.
    draw_with_mouse(page, FOUR)
    page.keyboard.press("z")
    page.keyboard.press("g")
    page.keyboard.press("Escape")
    read_answer(page)
    wait_for_event(page, lambda: page.evaluate(IS_QUIET))
    paths = " ".join(counts)
    for part in ["models", f"{DEFAULT_MODEL}/weights.bin", "digits", *NEEDED.get(view, [])]:
        assert part in paths
    assert set(counts.values()) == {1}, counts


def test_quick_changes_of_views_and_models_ask_for_each_thing_once(
    context: BrowserContext, server_url: str
) -> None:
    page = context.new_page()
    page.add_init_script(SLOW)
    counts = count_gets(page)
    page.goto(server_url)
    page.wait_for_selector("#model option", state="attached")
    draw_with_mouse(page, FOUR)
    for _ in range(3):
        for key in "4567876":
            page.keyboard.press(key)
        page.select_option("#model", "tutorial")
        page.keyboard.press("7")
        page.select_option("#model", DEFAULT_MODEL)
    wait_for_event(page, lambda: page.evaluate(IS_QUIET))
    for model in ("tutorial", DEFAULT_MODEL, "tutorial"):
        page.select_option("#model", model)
        for key in "678":
            page.keyboard.press(key)
            wait_for_frames(page, 5)
    read_answer(page)
    wait_for_event(page, lambda: page.evaluate(IS_QUIET))
    paths = " ".join(counts)
    for model in ("tutorial", DEFAULT_MODEL):
        for part in ("weights.bin", "evaluation"):
            assert f"/api/models/{model}/{part}" in paths
    assert set(counts.values()) == {1}, counts


FAILING = {
    # the view, what fails, and what is shown once it is there
    "weights.bin": ("weights", "#weights-own canvas:not(.empty)"),
    "digits": ("guide", "#guide-digits button"),
    "evaluation": ("accuracy", "#examples li"),
    "histories": ("training", "#run option"),
}


@pytest.mark.parametrize("part", FAILING)
@pytest.mark.parametrize("failure", ["lost", "busy"])
def test_a_failed_request_is_repeated_until_it_succeeds(
    context: BrowserContext, server_url: str, part: str, failure: str
) -> None:
    view, shown = FAILING[part]
    page = context.new_page()
    page.add_init_script(IMPATIENT)
    failed_at: list[float] = []
    delays: list[float] = []

    def fail(route: Route) -> None:
        now = time.monotonic()
        delays.extend(now - before for before in failed_at[-1:])
        failed_at.append(now)
        if failure == "lost":
            route.abort()
        else:
            busy(route, "1")

    page.route(f"**/{part}*", fail)
    page.goto(f"{server_url}/#view={view}")
    page.wait_for_selector("#model option", state="attached")
    expect(page.locator("#problem")).not_to_be_empty()
    draw_with_mouse(page, FOUR)
    wait_for_event(page, lambda: len(failed_at) > 3)
    # One after another, a tenth of a second apart, however often the page changes.
    assert min(delays) > 0.09
    page.unroute(f"**/{part}*")
    page.wait_for_selector(shown, state="attached")
    expect(page.locator("#problem")).to_be_empty()


def test_a_failed_request_that_is_no_longer_needed_is_no_longer_a_problem(
    context: BrowserContext, server_url: str
) -> None:
    page = context.new_page()
    page.add_init_script(IMPATIENT)
    page.route("**/evaluation*", lambda route: route.abort())
    page.goto(f"{server_url}/#view=accuracy")
    expect(page.locator("#problem")).to_contain_text("cannot be reached")
    page.keyboard.press("1")
    expect(page.locator("#problem")).to_be_empty()


def test_a_mouse_that_rests_loads_no_other_view_and_one_that_moves_does(page: Page) -> None:
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(urlsplit(request.url).path))
    page.evaluate("document.body.dispatchEvent(new PointerEvent('pointermove', { bubbles: true }))")
    wait_for_frames(page, 5)
    assert [path for path in loaded if "/views/" in path] == []
    page.mouse.move(600, 300)
    page.mouse.move(610, 310)
    wait_for_event(page, lambda: any(path.endswith("/views/guide.js") for path in loaded))
