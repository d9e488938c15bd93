"""What is on screen: texts apart, nothing too wide, bars that have a length, dark where asked for."""

import pytest

from server.web.routes.page import VIEWS
from tests.engines.launch import ENGINES, start_engine
from tests.engines.visitor import Visitor
from tests.page.legibility import IS_WIDER, OVERLAPS, TOLERANCE
from tests.support.digits import SEVEN


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_text_collides_with_another_and_nothing_is_wider_than_the_window(
    visitor: Visitor, width: int
) -> None:
    visitor.browser.resize(width, 800)
    visitor.draw(SEVEN)
    visitor.wait_for_answer(7)
    for view in VIEWS:
        visitor.open_view(view)
        assert visitor.read(OVERLAPS, TOLERANCE) == [], view
        assert not visitor.read(IS_WIDER), view


def test_the_bars_are_as_long_as_the_numbers_next_to_them(visitor: Visitor) -> None:
    visitor.draw(SEVEN)
    visitor.wait_for_answer(7)
    visitor.wait(
        """() => [...document.querySelectorAll("#rows tbody tr")].every((row) => {
          const percent = parseFloat(row.querySelector(".percent").textContent);
          const [bar, fill] = [".bar", ".fill"].map(
            (part) => row.querySelector(part).getBoundingClientRect().width);
          return Math.abs(percent - 100 * fill / bar) < 2;
        })"""
    )
