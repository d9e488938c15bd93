"""The page's way from strokes to 28×28, against Pillow's."""

from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page

from server.regression.rasterizer import rasterize
from tests.support.digits import FOUR, ONE, SEVEN, Stroke
from training.data.synthetic_digits import draw_digits

PAD = 1600

TO_PIXELS = """
async (strokes) => {
  const { strokesToPicture } = await import("/static/numbers/rasterizer.js");
  const points = strokes.map((stroke) => stroke.map(([x, y]) => ({ x, y })));
  const picture = strokesToPicture(points);
  return picture && [...picture.pixels];
}
"""


def page_pixels(page: Page, strokes: list[Stroke]) -> Any:
    pixels = page.evaluate(TO_PIXELS, strokes)
    return None if pixels is None else np.array(pixels).reshape(28, 28)


def pillow_pixels(page: Page, strokes: list[Stroke]) -> Any:
    """Draw with Pillow, crop, fit the longer side to 20, and centre the mass, all by area."""
    width = (
        page.evaluate("async () => (await import('/static/numbers/rasterizer.js')).PEN_WIDTH") * PAD
    )
    image = Image.new("L", (PAD, PAD))
    draw = ImageDraw.Draw(image)
    for stroke in strokes:
        points = [(x * PAD, y * PAD) for x, y in stroke]
        draw.line(points, fill=255, width=round(width))
        for x, y in points:
            draw.ellipse([x - width / 2, y - width / 2, x + width / 2, y + width / 2], fill=255)
    box = image.getbbox()
    assert box is not None
    ink = np.asarray(image) > 0
    rows, columns = np.nonzero(ink)
    side = max(box[2] - box[0], box[3] - box[1]) * 28 / 20
    left, top = columns.mean() + 0.5 - side / 2, rows.mean() + 0.5 - side / 2
    # Padded, so that the box of 28×28 may lie partly beyond the pad.
    padded = Image.fromarray(np.pad(np.asarray(image), PAD))
    fit = padded.resize(
        (28, 28),
        Image.Resampling.BOX,
        (left + PAD, top + PAD, left + PAD + side, top + PAD + side),
    )
    return np.asarray(fit).astype(int)


@pytest.mark.parametrize(
    "strokes",
    [
        pytest.param(SEVEN, id="seven"),
        pytest.param(FOUR, id="two strokes"),
        pytest.param([[(0.1, 0.1), (0.2, 0.12)]], id="small and in a corner"),
        pytest.param([[(0.2, 0.5), (1.4, 0.5)]], id="beyond the edge"),
    ],
)
def test_the_pixels_are_those_of_a_drawing_in_pillow(page: Page, strokes: list[Stroke]) -> None:
    difference = page_pixels(page, strokes) - pillow_pixels(page, strokes)
    assert np.abs(difference).mean() < 3
    assert np.abs(difference).max() < 50


def test_the_longer_side_is_twenty_and_the_mass_is_central(page: Page) -> None:
    pixels = page_pixels(page, ONE)
    inked = np.nonzero(pixels.any(axis=1))[0]
    assert inked[-1] - inked[0] + 1 in (20, 21)
    weights = pixels / pixels.sum()
    centre = np.arange(28) + 0.5
    assert weights.sum(axis=1) @ centre == pytest.approx(14, abs=0.05)
    assert weights.sum(axis=0) @ centre == pytest.approx(14, abs=0.05)


def test_where_and_how_large_a_digit_is_drawn_does_not_matter(page: Page) -> None:
    """But for the pen's width, which does not shrink with the drawing."""
    large = page_pixels(page, [[(0.1, 0.1), (0.9, 0.9)]])
    moved = page_pixels(page, [[(0.15, 0.05), (0.95, 0.85)]])
    assert np.abs(large - moved).max() <= 24


def test_a_dot_becomes_a_disc_of_twenty_pixels(page: Page) -> None:
    pixels = page_pixels(page, [[(0.5, 0.5)]])
    # The page knows a dot's edge to a cell of its 27.
    assert pixels.sum() / 255 == pytest.approx(np.pi * 10**2, rel=2 / 27)
    assert np.abs(pixels - pixels.T).max() <= 1


@pytest.mark.parametrize("strokes", [[], [[(1.5, 0.5), (2, 0.5)]]], ids=["none", "off the pad"])
def test_without_ink_there_are_no_pixels(page: Page, strokes: list[Stroke]) -> None:
    assert page_pixels(page, strokes) is None


def made_up_drawings() -> list[list[Stroke]]:
    """Return synthetic digits, whole and cut off by the pad's edge, and random lines and taps."""
    random = np.random.default_rng(0)
    digits = [
        [stroke.round(random.integers(2, 9)).tolist() for stroke in strokes]
        for strokes in draw_digits(np.arange(80, dtype=np.uint8) % 10, random)
    ]
    moved = [
        [[(x + 0.4, y - 0.3) for x, y in stroke] for stroke in strokes] for strokes in digits[:20]
    ]
    lines = [[random.uniform(-0.5, 1.5, (count % 7 + 1, 2)).tolist()] for count in range(50)]
    return [*digits, *moved, *lines, [[(0.5, 0.5)] * 3], [], [[(-0.04, 0.5), (-0.04, 0.6)]]]


def test_the_server_rasterizes_as_the_page_does(page: Page) -> None:
    for strokes in made_up_drawings():
        expected, pixels = page_pixels(page, strokes), rasterize(strokes)
        assert (pixels is None) == (expected is None)
        assert pixels is None or np.array_equal(pixels.reshape(28, 28), expected), strokes
