"""The film of the page in use."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.pictures.film import FRAME_MS, Film
from tests.pictures.scenes import open_film_page
from tests.support.digits import ONE
from tests.support.pen import read_answer

START = (600, 300)


@pytest.fixture
def filmed(browser: Browser, server_url: str) -> Iterator[Page]:
    with open_film_page(browser, server_url) as page:
        yield page


def test_a_stroke_is_filmed_with_the_pointer_and_each_answer_to_it(filmed: Page) -> None:
    film = Film(filmed, START)
    film.hold(10 * FRAME_MS)
    # Nothing moves: one frame.
    assert film.durations == [10 * FRAME_MS]
    film.draw(ONE[0], frames=5)
    assert read_answer(filmed) == "1"
    expect(filmed.locator("#answer-why")).to_contain_text("leads")
    film.hold(FRAME_MS)
    frames = [np.asarray(frame).astype(int) for frame in film.frames]
    # The first one, three of the way to the pad, five of the stroke, and the explanation.
    assert len(frames) == 10
    box = filmed.locator("#pad").bounding_box()
    assert box is not None
    left, top, side = (int(box[key]) for key in ("x", "y", "width"))
    pads = [frame[top : top + side, left : left + side] for frame in frames]
    ink = [int((pad < 40).all(axis=2).sum()) for pad in pads]
    # The pointer's outline is dark too, but has few pixels.
    assert all(after > before + 500 for before, after in pairwise(ink[4:9]))


def test_a_click_opens_a_view(filmed: Page) -> None:
    film = Film(filmed, START)
    film.click(filmed.locator("nav [data-view=weights]"))
    expect(filmed.locator("#view-weights[aria-busy=false]")).to_be_visible()
