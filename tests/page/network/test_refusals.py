"""A browser that refuses what the page asks of it: the page goes on without."""

import pytest
from playwright.sync_api import Browser, Page, expect

from server.storage.model_store import DEFAULT_MODEL
from tests.support.digits import ONE, SEVEN
from tests.support.page import collect_console_messages, open_view, strokes_of, wait_for_frames
from tests.support.pen import draw_with_mouse, read_answer

REFUSE_HISTORY = """() => {
  const refuse = () => { throw new DOMException("100 times per 10 seconds", "SecurityError"); };
  window.allow = () => { delete history.pushState; delete history.replaceState; };
  history.pushState = history.replaceState = refuse;
}"""


def test_views_models_and_drawings_change_where_the_history_refuses(page: Page) -> None:
    page.evaluate(REFUSE_HISTORY)
    draw_with_mouse(page, SEVEN)
    assert read_answer(page) == "7"
    for view in ("softmax", "training", "weights"):
        open_view(page, view)
    page.select_option("#model", "tutorial")
    assert read_answer(page) == "7"
    page.keyboard.press("z")
    assert read_answer(page) == ""
    draw_with_mouse(page, ONE)
    assert read_answer(page) == "1"
    assert page.url.endswith("/")
    # The links say where they lead, whatever the address bar does.
    link = page.get_attribute("nav [data-view=guide]", "href") or ""
    page.wait_for_function(
        "() => document.querySelector('nav [data-view=guide]').hash.includes('drawing=')"
    )
    assert link.startswith("#view=guide")

    page.evaluate("allow()")
    page.wait_for_url("**/#view=weights&model=tutorial&check=*&drawing=*")
    assert len(strokes_of(page)) == 1
    # What was refused is one entry of its own.
    page.go_back()
    expect(page.locator("main")).to_have_attribute("data-view", "draw")
    page.go_forward()
    expect(page.locator("main")).to_have_attribute("data-view", "weights")


@pytest.mark.parametrize("missing", ["ResizeObserver", "AbortSignal.timeout", "Intl.ListFormat"])
def test_the_page_works_in_browsers_that_lack_something(
    browser: Browser, server_url: str, missing: str
) -> None:
    with browser.new_context() as context:
        context.add_init_script(f"delete {missing};")
        page = context.new_page()
        complaints = collect_console_messages(page)
        page.goto(server_url)
        page.wait_for_selector("#model option", state="attached")
        draw_with_mouse(page, SEVEN)
        assert read_answer(page) == "7"
        assert complaints == []


def test_the_url_is_written_as_soon_as_the_browser_lets_it(page: Page) -> None:
    """As WebKit does, which lets so many changes pass in some time."""
    page.evaluate(
        """() => {
          let left = 20;
          setInterval(() => { left = 20; }, 4000);
          for (const name of ["pushState", "replaceState"]) {
            const change = history[name].bind(history);
            history[name] = (...entry) => {
              if (left-- <= 0) throw new DOMException("Too many", "SecurityError");
              change(...entry);
            };
          }
        }"""
    )
    draw_with_mouse(page, ONE)
    for _ in range(15):
        page.keyboard.press("2")
        page.keyboard.press("3")
    page.keyboard.press("4")
    expect(page.locator("main")).to_have_attribute("data-view", "weights")
    page.wait_for_url(f"**/#view=weights&model={DEFAULT_MODEL}&check=*&drawing=*")
    assert page.evaluate("history.state.view") == "weights"


def test_who_goes_back_while_a_url_is_refused_stays_there(page: Page) -> None:
    page.clock.install()
    open_view(page, "softmax")
    page.evaluate(REFUSE_HISTORY)
    open_view(page, "weights")
    page.go_back()
    expect(page.locator("main")).to_have_attribute("data-view", "draw")
    page.evaluate("allow()")
    # What was refused would be tried again by now.
    page.clock.fast_forward(1500)
    wait_for_frames(page)
    expect(page.locator("main")).to_have_attribute("data-view", "draw")
    assert page.evaluate("history.state.view") == "draw"
    page.go_forward()
    expect(page.locator("main")).to_have_attribute("data-view", "softmax")


REFUSALS = {
    "matchMedia throws": "window.matchMedia = () => { throw new Error('no'); };",
    "matchMedia is absent": "window.matchMedia = undefined;",
    "no pointer is captured": """
      Element.prototype.setPointerCapture = () => { throw new DOMException("", "NotFoundError"); };
    """,
    "no history": """
      history.pushState = history.replaceState = () => { throw new Error('no'); };
    """,
    "no clipboard": "Object.defineProperty(navigator, 'clipboard', { value: undefined });",
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_browser_that_refuses_draws_answers_and_shows_views(
    browser: Browser, server_url: str, refusal: str
) -> None:
    with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
        context.add_init_script(REFUSALS[refusal])
        page = context.new_page()
        complaints = collect_console_messages(page)
        page.clock.install()
        page.goto(server_url)
        page.wait_for_selector("#model option", state="attached")
        draw_with_mouse(page, SEVEN)
        assert read_answer(page) == "7"
        for view in ("change", "weights", "draw"):
            open_view(page, view)
        # The drawing flies into its place once the pen has rested.
        page.clock.run_for(1000)
        page.keyboard.press("s")
        page.click("#copy")
        expect(page.locator("#share-result")).not_to_be_empty()
        assert complaints == []
