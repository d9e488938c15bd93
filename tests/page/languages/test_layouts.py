"""Long, short and mirrored texts: nothing collides or is cut, and axe-core finds nothing."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from server.translations.catalogs import load_messages
from server.translations.languages import LANGUAGES as ALL_LANGUAGES
from server.web.routes.page import VIEWS
from tests.page.accessibility import check_what_is_shown
from tests.page.languages.samples import LANGUAGES, SIZES
from tests.page.legibility import PHONES, PROJECTORS, find_faults
from tests.support.digits import FOUR, SEVEN
from tests.support.page import count_sheets, load_all_views, open_page, open_view
from tests.support.pen import draw_with_mouse, read_answer

TRANSLATED = ALL_LANGUAGES.keys() - {"en"}

WINDOW: Any = {"width": 1280, "height": 800}

DIALOGS = ("#open-gallery", "#open-share", "#open-keys")


@pytest.fixture(scope="module", params=LANGUAGES)
def translated(request: pytest.FixtureRequest, browser: Browser, server_url: str) -> Iterator[Page]:
    """Open the page in a language, with a drawing on it."""
    url = f"{server_url}?language={request.param}"
    with open_page(browser, url, viewport=WINDOW, reduced_motion="reduce") as page:
        expect(page.locator("html")).to_have_attribute("lang", request.param)
        draw_with_mouse(page, SEVEN)
        read_answer(page)
        load_all_views(page)
        yield page


@pytest.mark.parametrize("view", VIEWS)
def test_no_text_collides_and_nothing_is_cut(translated: Page, view: str) -> None:
    page = translated
    open_view(page, view)
    steps = page.locator("#guide-steps button").all() if view == "guide" else []
    assert find_faults(page, SIZES) == []
    for step in steps[1:]:
        step.click()
        assert find_faults(page, SIZES) == []


def test_the_longest_state_of_a_training_fits_next_to_the_name_of_its_view(
    translated: Page,
) -> None:
    page = translated
    open_view(page, "draw")
    tag = page.locator("html").get_attribute("lang")
    assert tag
    gettext = load_messages(ALL_LANGUAGES[tag]).translations.gettext
    state = max(map(gettext, ("diverged", "interrupted", "failed", "died", "finished")), key=len)
    live = page.locator("#live")
    live.evaluate("(live, state) => (live.textContent = state)", state)
    try:
        assert find_faults(page, PHONES) == []
    finally:
        live.evaluate("(live) => (live.textContent = '')")


@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing(translated: Page, width: int) -> None:
    page = translated
    page.set_viewport_size({"width": width, "height": 800})
    for view in VIEWS:
        open_view(page, view)
        check_what_is_shown(page, view)
    for opener in DIALOGS:
        page.locator(opener).evaluate("button => button.click()")
        check_what_is_shown(page, opener)
        page.keyboard.press("Escape")


@pytest.mark.parametrize("view", VIEWS)
def test_projector_mode_has_no_collisions(translated: Page, view: str) -> None:
    page = translated
    open_view(page, view)
    page.keyboard.press("p")
    try:
        assert find_faults(page, PROJECTORS) == []
    finally:
        page.keyboard.press("p")


@pytest.mark.parametrize("tag", sorted(TRANSLATED))
def test_the_explanation_of_a_drawing_is_one_page(
    browser: Browser, server_url: str, tag: str
) -> None:
    with open_page(browser, f"{server_url}?language={tag}", viewport=WINDOW) as page:
        draw_with_mouse(page, FOUR)
        read_answer(page)
        page.wait_for_selector("main[data-fresh=true]")
        for paper in ("A4", "Letter"):
            for landscape in (False, True):
                sheets = count_sheets(page, paper, landscape=landscape)
                assert sheets == 1, (paper, landscape)
