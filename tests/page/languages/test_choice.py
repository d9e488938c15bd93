"""How a language is chosen, and what stays the same in all of them."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.digits import SEVEN
from tests.support.page import (
    current_address,
    load_all_views,
    open_page,
    open_view,
    shown_strokes,
)
from tests.support.pen import draw_with_mouse, read_answer

WINDOW: Any = {"width": 1280, "height": 800}

# The horizontal places of the ten digits' rows or columns, and of a chart's ticks.
LEFTS = "(elements) => elements.map((element) => element.getBoundingClientRect().left)"

# The column of the chosen pixel, from 0.
COLUMN = "getComputedStyle(document.querySelector('main')).getPropertyValue('--pixel-column')"


def test_a_browser_gets_its_own_language(browser: Browser, server_url: str) -> None:
    with open_page(browser, server_url, locale="fr-CA") as page:
        assert page.locator("html").get_attribute("lang") == "fr"
        assert page.locator(".languages [aria-current]").inner_text() == "Français"


def test_another_language_keeps_the_drawing_and_is_part_of_the_url(page: Page) -> None:
    draw_with_mouse(page, SEVEN)
    read_answer(page)
    open_view(page, "weights")
    strokes = shown_strokes(page)
    page.locator(".languages a", has_text="Deutsch").click()
    page.wait_for_url("**/?language=de#*")
    expect(page.locator("#view-weights")).to_be_visible()
    assert read_answer(page) == "7"
    assert shown_strokes(page) == strokes
    assert page.locator("html").get_attribute("lang") == "de"
    assert "?language=de#" in current_address(page)
    page.locator(".languages a", has_text="English").click()
    page.wait_for_url("**/?language=en#*")
    assert read_answer(page) == "7"


def test_numbers_are_written_as_in_the_language(browser: Browser, server_url: str) -> None:
    with open_page(browser, f"{server_url}?language=de", viewport=WINDOW) as page:
        draw_with_mouse(page, SEVEN)
        read_answer(page)
        expect(page.locator("#answer-words")).to_contain_text(",")
        expect(page.locator("#answer-words")).to_contain_text("\N{NO-BREAK SPACE}%")
        open_view(page, "accuracy")
        expect(page.locator("#accuracy-words")).to_contain_text("10.000")


@pytest.mark.parametrize("tag", ["ar", "ja"])
def test_numbers_have_the_digits_that_the_model_reads(
    browser: Browser, server_url: str, tag: str
) -> None:
    with open_page(browser, f"{server_url}?language={tag}", viewport=WINDOW) as page:
        draw_with_mouse(page, SEVEN)
        read_answer(page)
        words = page.locator("#answer-words").inner_text()
        digits = [letter for letter in words if letter.isdecimal()]
        assert digits
        assert all(letter.isascii() for letter in digits)


def test_pictures_charts_and_digits_are_from_left_to_right_in_arabic(
    browser: Browser, server_url: str
) -> None:
    with open_page(browser, f"{server_url}?language=ar", viewport=WINDOW) as page:
        assert page.locator("html").get_attribute("dir") == "rtl"
        # The page is mirrored: the pad is on the right.
        box = page.locator("#pad").bounding_box()
        assert box
        assert box["x"] > WINDOW["width"] / 2
        draw_with_mouse(page, SEVEN)
        assert read_answer(page) == "7"
        columns = page.locator("#rows thead th").evaluate_all(LEFTS)
        assert columns == sorted(columns)
        for view, selector in {
            "weights": "#weights-own li:nth-child(-n + 5)",
            "softmax": "#steps thead th",
            "accuracy": "#confusion thead th",
            "training": "#curve-loss .x-ticks span",
        }.items():
            open_view(page, view)
            page.locator(selector).nth(3).wait_for()
            places = page.locator(selector).evaluate_all(LEFTS)
            assert places == sorted(places), view


def test_an_arrow_key_moves_the_chosen_pixel_as_it_looks_in_arabic(
    browser: Browser, server_url: str
) -> None:
    with open_page(browser, f"{server_url}?language=ar", viewport=WINDOW) as page:
        draw_with_mouse(page, SEVEN)
        read_answer(page)
        page.locator(".pictures .map").first.focus()
        page.keyboard.press("ArrowRight")
        before = int(page.evaluate(COLUMN))
        page.keyboard.press("ArrowRight")
        assert int(page.evaluate(COLUMN)) == before + 1


@pytest.mark.parametrize("tag", ["en", "de"])
def test_translations_are_requested_once_and_none_by_the_english_page(
    browser: Browser, server_url: str, tag: str
) -> None:
    with browser.new_context(viewport=WINDOW) as context:
        page = context.new_page()
        paths: list[str] = []
        page.on("request", lambda request: paths.append(request.url))
        page.goto(f"{server_url}?language={tag}")
        page.wait_for_selector("#model option", state="attached")
        load_all_views(page)
        found = [path for path in paths if "/api/messages/" in path]
        assert len(found) == (0 if tag == "en" else 1)


def test_translations_that_do_not_arrive_are_requested_again(
    browser: Browser, server_url: str
) -> None:
    with browser.new_context(viewport=WINDOW) as context:
        page = context.new_page()
        page.route("**/api/messages/**", lambda route: route.abort())
        page.goto(f"{server_url}?language=de")
        page.wait_for_selector("#model option", state="attached")
        page.keyboard.press("3")
        expect(page.locator("#problem")).not_to_be_empty()
        page.unroute("**/api/messages/**")
        expect(page.locator("#view-softmax[aria-busy=false]")).to_be_visible(timeout=15_000)
        expect(page.locator("#problem")).to_be_empty()
        expect(page.locator("#odds")).to_contain_text("Ziffer")


def test_a_language_that_is_chosen_early_keeps_the_drawing_of_the_link(
    browser: Browser, server_url: str
) -> None:
    with browser.new_context(viewport=WINDOW) as context:
        page = context.new_page()
        page.goto(server_url)
        page.wait_for_selector("#model option", state="attached")
        draw_with_mouse(page, SEVEN)
        read_answer(page)
        link = current_address(page)
        page.route("**/api/models", lambda route: route.abort())
        page.goto("about:blank")
        page.goto(link)
        page.locator(".languages a", has_text="Deutsch").click()
        page.unroute("**/api/models")
        page.wait_for_selector("#model option", state="attached")
        assert read_answer(page) == "7"


def test_a_language_opened_in_another_tab_has_the_drawing(page: Page) -> None:
    draw_with_mouse(page, SEVEN)
    read_answer(page)
    with page.context.expect_page() as opened:
        page.locator(".languages a", has_text="Deutsch").click(button="middle")
    other = opened.value
    # Before the page has the models, it has not read its address.
    other.wait_for_selector("#model option", state="attached")
    assert read_answer(other) == "7"
    assert other.locator("html").get_attribute("lang") == "de"
