"""What leaves the page: its address, a picture of it, and a printed explanation."""

import io
from pathlib import Path

import pytest
from PIL import Image, UnidentifiedImageError

from server.storage.model_store import DEFAULT_MODEL
from tests.engines.visitor import Visitor
from tests.support.digits import FOUR
from tests.support.waiting import wait_until


def drawn(visitor: Visitor) -> Visitor:
    visitor.draw(FOUR)
    visitor.wait_for_answer(4)
    visitor.wait_for_text("#answer-why", "leads")
    return visitor


def test_the_copied_address_shows_the_same_in_another_tab(visitor: Visitor) -> None:
    drawn(visitor)
    visitor.open_view("softmax")
    shown = "() => document.querySelector('#view-softmax').innerText"
    before = visitor.read(shown)
    visitor.click("#open-share")
    visitor.click("#copy")
    visitor.wait_for_text("#share-result", "Copied.")
    # Read back as a person would: by pasting.
    visitor.read(
        """() => {
          const field = document.createElement("textarea");
          document.querySelector("#share").append(field);
          field.focus();
        }"""
    )
    visitor.press("v", "Control")
    visitor.wait("() => document.querySelector('textarea').value !== ''")
    address = visitor.read("() => document.querySelector('textarea').value")
    with visitor.browser.new_tab():
        visitor.open(address)
        visitor.wait_for_view("softmax")
        visitor.wait_for_answer(4)
        visitor.wait("(text) => document.querySelector('#view-softmax').innerText === text", before)


def read_picture(path: Path) -> Image.Image | None:
    """Return a picture, or None as long as the browser has not written all of it."""
    try:
        picture = Image.open(io.BytesIO(path.read_bytes()))
        picture.load()
    except (FileNotFoundError, UnidentifiedImageError, OSError):
        return None
    return picture


@pytest.mark.parametrize("view", ["draw", "weights"])
def test_a_view_is_saved_as_a_picture(visitor: Visitor, view: str) -> None:
    drawn(visitor)
    visitor.open_view(view)
    visitor.press("s")
    visitor.click("#save-view")
    visitor.wait_for_text("#share-result", f"Saved as evidence-{view}.png.")
    path = visitor.browser.downloads / f"evidence-{view}.png"
    wait_until(lambda: read_picture(path) is not None)
    picture = read_picture(path)
    assert picture is not None
    width, height = visitor.read(
        """() => {
          const { width, height } = document.querySelector("main").getBoundingClientRect();
          return [width, height];
        }"""
    )
    assert picture.size == pytest.approx((2 * width + 96, 2 * height + 96), abs=3)


def test_the_weights_are_saved_as_a_picture(visitor: Visitor) -> None:
    visitor.press("s")
    visitor.click("#save-png")
    path = visitor.browser.downloads / f"{DEFAULT_MODEL}-weights.png"
    wait_until(lambda: read_picture(path) is not None)
    picture = read_picture(path)
    assert picture is not None
    assert picture.size == (10 * 28 * 16, 28 * 16)


def test_an_explanation_is_printed(visitor: Visitor) -> None:
    drawn(visitor)
    visitor.open_view("weights")
    # A dialog of the system cannot be driven.
    visitor.read("() => { window.print = () => { window.isPrinted = true; }; }")
    visitor.press("s")
    visitor.click("#print")
    visitor.wait("() => window.isPrinted === true")
    visitor.wait_for_view("draw")
    visitor.wait("() => !document.querySelector('#share').open")
