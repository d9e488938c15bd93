"""Heatmaps: red negative, blue positive, white zero."""

import io

import numpy as np
import pytest
from PIL import Image

from server.regression.heatmap import NEGATIVE, POSITIVE, greyscale, heatmap, striped_heatmap


def decode(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def test_the_limits_have_the_full_colours_and_zero_is_white() -> None:
    colours = decode(heatmap(np.array([[-2, 0, 2]], np.float32), limit=2))
    assert colours[0].tolist() == [list(NEGATIVE), [255, 255, 255], list(POSITIVE)]


def test_opposite_values_are_equally_far_from_white() -> None:
    values = np.linspace(-1, 1, 51, dtype=np.float32)[np.newaxis]
    strength = 255 - decode(heatmap(values, limit=1)).min(axis=2)[0]
    full = np.where(values[0] < 0, 255 - min(NEGATIVE), 255 - min(POSITIVE))
    # A shade is 1/127 of the way.
    assert np.allclose(strength / full, np.abs(values[0]), atol=1 / 127)


def test_what_lies_beyond_the_limit_is_shown_as_the_limit() -> None:
    colours = decode(heatmap(np.array([[-5, 1, 5]], np.float32), limit=1))
    assert colours[0].tolist() == [list(NEGATIVE), list(POSITIVE), list(POSITIVE)]


def test_a_map_of_zeros_is_white() -> None:
    assert (decode(heatmap(np.zeros((2, 2), np.float32), limit=0)) == 255).all()


def test_scale_enlarges_without_mixing() -> None:
    colours = decode(heatmap(np.array([[-1, 1]], np.float32), limit=1, scale=3))
    assert colours.shape == (3, 6, 3)
    assert (colours[:, :3] == NEGATIVE).all()
    assert (colours[:, 3:] == POSITIVE).all()


def test_in_grey_only_stripes_tell_negative_from_positive() -> None:
    values = np.array([[-1, 1], [-0.5, 0.5], [0, 0]], np.float32)
    plain = np.asarray(Image.open(io.BytesIO(heatmap(values, limit=1))).convert("L")).astype(int)
    assert (np.abs(plain[:, 0] - plain[:, 1]) < 15).all()
    image = Image.open(io.BytesIO(striped_heatmap(values, limit=1))).convert("L")
    squares = np.asarray(image).astype(int).reshape(3, 6, 2, 6).swapaxes(1, 2).reshape(3, 2, 36)
    assert np.ptp(squares, axis=2).tolist()[2] == [0, 0]
    assert (np.ptp(squares[:2, 0], axis=1) > 70).all()
    assert (np.ptp(squares[:2, 1], axis=1) == 0).all()


def test_stripes_are_a_third_of_a_negative_square_and_its_rest_keeps_the_colour() -> None:
    colours = decode(striped_heatmap(np.full((4, 4), -5, np.float32), limit=1))
    assert colours.shape == (24, 24, 3)
    is_full = (colours == NEGATIVE).all(axis=2)
    assert is_full.mean() == pytest.approx(2 / 3)
    assert (colours[~is_full].min(axis=1) > 215).all()


def test_a_picture_has_the_intensities_that_it_was_made_from() -> None:
    image = Image.open(io.BytesIO(greyscale(np.array([[0, 0.5, 1]], np.float32))))
    assert np.asarray(image).tolist() == [[0, 128, 255]]
