"""What the views should show of a drawing, computed with NumPy from what the page sent."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page, Request, expect

from server.regression.heatmap import NEGATIVE, POSITIVE
from server.regression.model import Model
from server.regression.shapes import Floats
from server.regression.transformations import TRANSFORMATIONS
from server.storage.model_file import MODELS, load_model
from tests.support.digits import SEVEN, Stroke
from tests.support.pen import draw_with_mouse, read_answer

Array = NDArray[np.float64]


HALF_CENT = 0.0051


@dataclass
class Drawing:
    """What the page sent of a drawing, and NumPy's account of it."""

    model: Model
    sent: NDArray[np.uint8]

    @property
    def normalized(self) -> Array:
        """The pixels (784,) before the digits transform them."""
        return self.model.normalize(self.sent.astype(np.float32) / 255).astype(float)

    @cached_property
    def inputs(self) -> Array:
        """The pixels (784, 10) as each digit transforms them."""
        return choose_inputs(self.normalized, self.model.weights, self.model.card.transformations)

    @property
    def seen(self) -> Array:
        """The pixels (784,) as the answer transforms them."""
        return self.inputs[:, self.evidence.argmax()]

    @property
    def contributions(self) -> Array:
        """Pixel × weight (784, 10)."""
        return self.inputs * self.model.weights

    @property
    def evidence(self) -> Array:
        return self.contributions.sum(axis=0) + self.model.bias


def choose_inputs(pixels: Array, weights: Floats, transformations: str) -> Array:
    """Return pixels (784,) after the transformation that gives each digit the most (784, 10)."""
    choices = TRANSFORMATIONS[transformations]
    versions = choices.transform(pixels, range(len(choices.transformations)))
    return versions[(versions @ weights).argmax(axis=0)].T


def draw(page: Page, strokes: list[Stroke] = SEVEN) -> Drawing:
    """Draw with the mouse, wait for the answer, and take what was asked about it."""
    with asked(page) as bodies:
        draw_with_mouse(page, strokes)
        read_answer(page)
    return taken(page, bodies[-1])


def choose_digit(page: Page, name: str) -> Drawing:
    """Choose one of MNIST's digits from the gallery."""
    page.click("#open-gallery")
    with asked(page) as bodies:
        page.locator("#gallery").get_by_role("button", name=name).click()
        page.wait_for_selector("#answer:not([data-digit=''])")
        read_answer(page)
    return taken(page, bodies[-1])


@contextmanager
def asked(page: Page) -> Iterator[list[bytes]]:
    """Collect the drawings that the server is asked about while the block runs."""
    bodies: list[bytes] = []

    def listen(request: Request) -> None:
        if "/api/predict" in request.url:
            bodies.append(request.post_data_buffer or b"")

    page.on("request", listen)
    yield bodies
    page.remove_listener("request", listen)


def taken(page: Page, sent: bytes) -> Drawing:
    # W comes with a request of its own.
    expect(page.locator("#answer-why")).not_to_be_empty()
    model = load_model(MODELS / f"{page.input_value('#model')}.npz")
    return Drawing(model, np.frombuffer(sent, np.uint8))


def numbers(texts: Locator) -> list[float]:
    """Read numbers as the page writes them."""
    return [read_number(text) for text in texts.all_text_contents()]


def read_number(text: str) -> float:
    return float(re.sub(r"[^\d.e−-]", "", text).replace("−", "-"))


def colours_of(canvas: Locator) -> NDArray[np.int64]:
    """Read a canvas of 28×28: red, green, blue, alpha (784, 4)."""
    data = canvas.evaluate("canvas => [...canvas.getContext('2d').getImageData(0, 0, 28, 28).data]")
    return np.array(data).reshape(784, 4)


def heatmap_colours(values: Array, limit: float) -> Array:
    """White at 0, full red at −limit, full blue at +limit."""
    full = np.where(values[:, np.newaxis] < 0, NEGATIVE, POSITIVE)
    return 255 + np.abs(values[:, np.newaxis]) / limit * (full - 255)
