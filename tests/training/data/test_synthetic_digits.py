"""Synthetic digits: varied shapes, drawn as on the page."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from server.regression.shapes import DIGITS, PIXELS, SIDE
from training.data.prototypes import PROTOTYPES
from training.data.strokes import FIT, Points, deform, draw
from training.data.synthetic_digits import synthesize_digits


def test_digits_are_generated_in_turn() -> None:
    images = synthesize_digits(25, seed=0)
    assert images.pixels.shape == (25, PIXELS)
    assert images.labels.tolist() == [number % DIGITS for number in range(25)]


def test_the_same_seed_gives_the_same_digits_and_another_does_not() -> None:
    first, again, other = (synthesize_digits(20, seed).pixels for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


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
        assert np.abs(centres - SIDE / 2).max() < 1.5


@pytest.mark.parametrize("digit", range(DIGITS))
def test_every_digit_has_many_shapes(digit: int) -> None:
    random = np.random.default_rng(0)
    strokes = [len(PROTOTYPES[digit](random)) for _ in range(50)]
    pictures = [draw(deform(PROTOTYPES[digit](random), random), 0.12) for _ in range(10)]
    assert set(strokes) <= {1, 2}
    assert len({picture.tobytes() for picture in pictures}) == len(pictures)


def draw_in_pillow(strokes: list[Points], pen: float) -> np.ndarray:
    """Draw with Pillow at forty times the size, and average down."""
    zoom = 40
    points = np.vstack(strokes)
    size = np.ptp(points, axis=0).max()
    scale = FIT * zoom / (size * (1 + pen))
    lengths = np.concatenate([np.hypot(*np.diff(stroke, axis=0).T) for stroke in strokes])
    middles = np.vstack([(stroke[1:] + stroke[:-1]) / 2 for stroke in strokes])
    shift = SIDE * zoom / 2 - lengths @ middles / lengths.sum() * scale
    image = Image.new("L", (SIDE * zoom, SIDE * zoom))
    brush = ImageDraw.Draw(image)
    width = pen * size * scale
    for stroke in strokes:
        path = [tuple(point) for point in stroke * scale + shift]
        brush.line(path, fill=255, width=round(width))
        for x, y in path:
            brush.ellipse([x - width / 2, y - width / 2, x + width / 2, y + width / 2], fill=255)
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX)).ravel().astype(int)


@pytest.mark.parametrize("digit", range(DIGITS))
def test_a_digit_looks_as_pillow_draws_it(digit: int) -> None:
    strokes = PROTOTYPES[digit](np.random.default_rng(digit))
    difference = draw(strokes, 0.12).astype(int) - draw_in_pillow(strokes, 0.12)
    assert np.abs(difference).mean() < 4
