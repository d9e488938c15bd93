"""Another language: chosen on the page, mirrored in Arabic, and with the same answer."""

import pytest

from server.web.routes.page import VIEWS
from tests.engines.visitor import Visitor
from tests.page.legibility import IS_WIDER, OVERLAPS, TOLERANCE
from tests.support.digits import SEVEN
from tests.support.waiting import wait_until

# Whether the pad is in the right half of the window, and the map of 0 left of that of 1.
PLACES = """
() => {
  const left = (selector) => document.querySelector(selector).getBoundingClientRect().left;
  const maps = "#weights-own li:nth-child";
  return [left("#pad") > innerWidth / 2, left(`${maps}(1)`) < left(`${maps}(2)`)];
}
"""


def test_the_language_is_chosen_on_the_page_and_keeps_the_drawing(visitor: Visitor) -> None:
    visitor.draw(SEVEN)
    visitor.wait_for_answer(7)
    visitor.click(".languages [hreflang=de]")
    visitor.wait_for("html[lang=de] #model option")
    visitor.wait_for_answer(7)
    visitor.wait_for_text("#answer-words", "%")
    visitor.open_view("softmax")
    visitor.wait_for_text("#odds", "Evidenz")


@pytest.mark.parametrize("tag", ["ar", "ja"])
def test_no_text_collides_in_another_script(tab: Visitor, server_url: str, tag: str) -> None:
    tab.open(f"{server_url}?language={tag}")
    tab.draw(SEVEN)
    tab.wait_for_answer(7)
    for view in VIEWS:
        tab.open_view(view)
        for width in (320, 390, 1280):
            tab.browser.resize(width, 800)
            wait_until(lambda: tab.read(OVERLAPS, TOLERANCE) == [])
            assert not tab.read(IS_WIDER), (view, width)


def test_arabic_is_mirrored_but_its_pictures_are_not(tab: Visitor, server_url: str) -> None:
    tab.open(f"{server_url}?language=ar")
    tab.draw(SEVEN)
    tab.wait_for_answer(7)
    tab.open_view("weights")
    tab.wait("() => document.querySelector('#weights-own li').getBoundingClientRect().width > 0")
    assert tab.read(PLACES) == [True, True]
