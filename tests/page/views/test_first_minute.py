"""The first minute on a phone: one thing to do, then the effect of the ink, then the numbers."""

import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.page.oracle import HALF_CENT, asked, colours_of, heatmap_colours, read_number, taken
from tests.support.digits import FOUR
from tests.support.page import open_page, shown_strokes
from tests.support.pen import draw_with_finger, draw_with_mouse, read_answer

# What is left of the window of a small phone between the bars of its browser.
PHONE = {"viewport": {"width": 390, "height": 664}, "has_touch": True, "is_mobile": True}


@pytest.fixture
def phone(browser: Browser, server_url: str) -> Iterator[Page]:
    with open_page(browser, server_url, **PHONE) as page:
        yield page


def top_of(page: Page, selector: str) -> float:
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    return box["y"]


def test_the_first_screen_has_the_whole_pad_and_says_what_to_do(phone: Page) -> None:
    for part in ("#pad", "#hint", "#clear", "#answer-words"):
        expect(phone.locator(part)).to_be_in_viewport(ratio=1)
    expect(phone.locator("#hint")).to_have_text("Draw a digit, 0 to 9")
    expect(phone.locator("#answer-words")).to_contain_text("the model says which one it is")
    expect(phone.locator("#why")).to_be_hidden()


def test_ones_own_ink_lights_up_the_weights_of_the_answer_before_the_table(phone: Page) -> None:
    with asked(phone) as bodies:
        draw_with_finger(phone, FOUR)
        assert read_answer(phone) == "4"
    expect(phone.locator("#answer-words")).to_be_in_viewport(ratio=1)
    drawing = taken(phone, bodies[-1])
    answer, other = np.argsort(drawing.evidence)[[-1, -2]]
    expect(phone.locator("#why-title")).to_have_text(f"Why {answer}, and not {other}?")
    assert top_of(phone, "#answer") < top_of(phone, "#why") < top_of(phone, ".pictures")
    assert top_of(phone, ".pictures") < top_of(phone, "#rows")
    limit = np.abs(drawing.contributions[:, [answer, other]]).max()
    for place, digit in enumerate((answer, other)):
        map_ = phone.locator("#why figure").nth(place)
        caption = map_.locator("figcaption")
        expect(caption).to_contain_text(f"{digit} gets ")
        evidence = read_number(caption.inner_text().split()[-1])
        assert evidence == pytest.approx(drawing.evidence[digit], abs=HALF_CENT)
        shown = colours_of(map_.locator(".lit"))
        expected = heatmap_colours(drawing.contributions[:, digit], float(limit))
        assert np.abs(shown[:, :3] - expected).max() <= 1


def test_the_lit_maps_are_white_where_nothing_counts_in_the_dark_scheme_too(
    browser: Browser, server_url: str
) -> None:
    with open_page(browser, server_url, color_scheme="dark", **PHONE) as page:
        draw_with_finger(page, FOUR)
        read_answer(page)
        map_ = page.locator("#why .map").first
        picture = np.asarray(Image.open(io.BytesIO(map_.screenshot())).convert("L"))
        assert (picture > 250).mean() > 0.25


def test_the_guide_is_one_tap_from_the_first_answer(phone: Page) -> None:
    draw_with_finger(phone, FOUR)
    read_answer(phone)
    strokes = shown_strokes(phone)
    phone.locator("#why a").tap()
    expect(phone.locator("#view-guide")).to_be_visible()
    assert shown_strokes(phone) == strokes


def test_an_empty_pad_explains_nothing(phone: Page) -> None:
    draw_with_finger(phone, FOUR)
    read_answer(phone)
    expect(phone.locator("#why")).to_be_visible()
    phone.locator("#clear").tap()
    expect(phone.locator("#why")).to_be_hidden()


def test_a_large_screen_has_the_table_next_to_the_pad_instead(page: Page) -> None:
    draw_with_mouse(page, FOUR)
    read_answer(page)
    # What the hidden part would show has arrived.
    expect(page.locator("#answer-why")).not_to_be_empty()
    expect(page.locator("#why")).to_be_hidden()
    expect(page.locator("#rows")).to_be_in_viewport()
