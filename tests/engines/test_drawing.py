"""Drawing, and the answer to it."""

import numpy as np
import pytest

from server.regression.rasterizer import rasterize
from tests.engines.visitor import Visitor
from tests.support.digits import FOUR, ONE, SEVEN, Stroke

DIGITS = {1: ONE, 4: FOUR, 7: SEVEN}

# Keeps what the page sends of each drawing.
WATCH_REQUESTS = """
() => {
  const send = window.fetch;
  window.sent = [];
  window.fetch = (url, options) => {
    if (String(url).includes("/api/predict")) sent.push([...new Uint8Array(options.body)]);
    return send(url, options);
  };
}
"""

WATCH_POINTERS = """
() => addEventListener("pointerdown", (event) => { window.pointer = event.pointerType; })
"""


def skip_without(visitor: Visitor, pointer: str) -> None:
    if pointer not in visitor.browser.pointers:
        pytest.skip(f"the driver of {visitor.browser.engine} sends no {pointer} events")


@pytest.mark.parametrize("pointer", ["mouse", "touch", "pen"])
def test_a_digit_is_drawn_and_read(visitor: Visitor, pointer: str) -> None:
    skip_without(visitor, pointer)
    visitor.read(WATCH_POINTERS)
    for digit, strokes in DIGITS.items():
        visitor.draw(strokes, pointer)
        visitor.wait_for_answer(digit)
        assert visitor.read("() => pointer") == pointer
        visitor.press("c")
        visitor.wait_for_answer("")


@pytest.mark.parametrize("strokes", [SEVEN, FOUR], ids=["one stroke", "two strokes"])
def test_the_same_pixels_are_sent_as_the_server_computes_from_the_strokes(
    visitor: Visitor, strokes: list[Stroke]
) -> None:
    visitor.read(WATCH_REQUESTS)
    visitor.draw(strokes)
    drawn = visitor.wait_for_strokes(len(strokes))
    visitor.wait("() => sent.length > 0")
    assert np.array_equal(visitor.read("() => sent.at(-1)"), rasterize(drawn))
    for found, stroke in zip(drawn, strokes, strict=True):
        assert found[0] == pytest.approx(stroke[0], abs=0.01)
        assert found[-1] == pytest.approx(stroke[-1], abs=0.01)
        assert len(found) >= len(stroke)


def test_undo_and_clear_by_button_and_by_key(visitor: Visitor) -> None:
    visitor.draw(ONE)
    visitor.wait_for_answer(1)
    visitor.click("#clear")
    visitor.wait_for_answer("")
    visitor.click("#undo")
    visitor.wait_for_answer(1)
    visitor.press("c")
    visitor.wait_for_answer("")
    visitor.press("z", "Control")
    visitor.wait_for_answer(1)
    visitor.press("z")
    visitor.wait_for_answer("")


def test_a_button_can_be_tapped_right_after_a_fast_stroke(visitor: Visitor) -> None:
    skip_without(visitor, "touch")
    for _ in range(3):
        visitor.draw(SEVEN, "touch")
        visitor.wait_for_answer(7)
        visitor.click("#clear", "touch")
        visitor.wait_for_answer("")
