"""Synthetic digits: varied shapes, drawn as on the page."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from server.regression.rasterizer import FIT, PEN_WIDTH, rasterize
from server.regression.shapes import DIGITS, PIXELS, SIDE
from server.system.child_call import MIN_DIVIDED_ITEMS
from training.data.prototypes import PROTOTYPES
from training.data.strokes import Points, deform, place_on_pad
from training.data.synthetic_digits import (
    PEN_WIDTHS,
    draw_digits,
    rasterize_digits,
    synthesize_digits,
)


def test_digits_are_generated_in_turn() -> None:
    images = synthesize_digits(25, seed=0)
    assert images.pixels.shape == (25, PIXELS)
    assert images.labels.tolist() == [number % DIGITS for number in range(25)]


def test_the_same_seed_gives_the_same_digits_and_another_does_not() -> None:
    first, again, other = (synthesize_digits(20, seed).pixels for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_many_digits_are_drawn_in_two_processes_like_few() -> None:
    count = MIN_DIVIDED_ITEMS
    images = synthesize_digits(count, seed=0)
    middle = slice(count // 2 - 10, count // 2 + 10)
    drawings = list(draw_digits(images.labels, np.random.default_rng(0)))
    assert np.array_equal(images.pixels[middle], rasterize_digits(drawings[middle]))


def test_the_ink_fits_and_its_mass_is_central() -> None:
    images = synthesize_digits(200, seed=0).pixels.reshape(-1, SIDE, SIDE) / 255
    for image in images:
        rows, columns = np.nonzero(image > 0.1)
        longer = max(np.ptp(rows), np.ptp(columns)) + 1
        assert FIT - 1 <= longer <= FIT + 2
    places = np.arange(SIDE) + 0.5
    mass = images.sum(axis=(1, 2))
    for axis in (1, 2):
        centres = images.sum(axis=axis) @ places / mass
        assert np.abs(centres - SIDE / 2).max() < 0.1


def test_a_digit_is_centred_on_the_pad_and_at_least_half_as_large() -> None:
    for strokes in draw_digits(np.arange(DIGITS, dtype=np.uint8), np.random.default_rng(0)):
        points = np.vstack(strokes)
        low, high = points.min(axis=0), points.max(axis=0)
        assert low + high == pytest.approx([1, 1])
        longer = (high - low).max()
        # The pen's width is that of the page: the digit's size is what varies.
        assert PEN_WIDTH / PEN_WIDTHS[1] <= longer <= PEN_WIDTH / PEN_WIDTHS[0]
        # Nothing lies beyond the pad.
        assert longer + PEN_WIDTH <= 1 + 1e-9


def draw(strokes: list[Points], pen: float) -> np.ndarray:
    pixels = rasterize(place_on_pad(strokes, pen))
    assert pixels is not None
    return pixels


@pytest.mark.parametrize("digit", range(DIGITS))
def test_every_digit_has_many_shapes(digit: int) -> None:
    random = np.random.default_rng(0)
    strokes = [len(PROTOTYPES[digit](random)) for _ in range(50)]
    pictures = [draw(deform(PROTOTYPES[digit](random), random), 0.12) for _ in range(10)]
    assert set(strokes) <= {1, 2}
    assert len({picture.tobytes() for picture in pictures}) == len(pictures)


def draw_in_pillow(strokes: list[Points], pen: float) -> np.ndarray:
    """Draw with Pillow at forty times the size, and average down around the centre of mass."""
    zoom = 40
    points = np.vstack(strokes)
    low, size = points.min(axis=0), np.ptp(points, axis=0).max()
    scale = FIT * zoom / (size * (1 + pen))
    # The digit's own corner is as far from the image's as the picture is wide.
    margin = SIDE * zoom
    image = Image.new("L", (3 * margin, 3 * margin))
    brush = ImageDraw.Draw(image)
    width = pen * size * scale
    for stroke in strokes:
        path = [tuple(point) for point in (stroke - low) * scale + margin]
        brush.line(path, fill=255, width=round(width))
        for x, y in path:
            brush.ellipse([x - width / 2, y - width / 2, x + width / 2, y + width / 2], fill=255)
    y, x = np.argwhere(np.asarray(image)).mean(axis=0) + 0.5
    half = SIDE * zoom / 2
    picture = image.resize(
        (SIDE, SIDE), Image.Resampling.BOX, (x - half, y - half, x + half, y + half)
    )
    return np.asarray(picture).ravel().astype(int)


@pytest.mark.parametrize("digit", range(DIGITS))
def test_a_digit_looks_as_pillow_draws_it(digit: int) -> None:
    strokes = PROTOTYPES[digit](np.random.default_rng(digit))
    difference = draw(strokes, 0.12).astype(int) - draw_in_pillow(strokes, 0.12)
    assert np.abs(difference).mean() < 3
