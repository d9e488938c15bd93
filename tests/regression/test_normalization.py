"""The normalization: what does not matter is taken away, and nothing else."""

import numpy as np
import pytest
from PIL import Image

from server.regression.normalization import (
    EDGE_DEVIATIONS,
    MIN_SPREAD,
    NORMALIZATIONS,
    PEN_VARIANCE,
    PLACEMENTS,
    SIDE_WEIGHT,
    SLANT_DAMPING,
    leave_as_drawn,
    normalize_by_moments,
)
from server.regression.shapes import PIXELS, SIDE, Floats
from training.data.synthetic_digits import synthesize_digits

DIGITS = synthesize_digits(40, seed=0).pixels.reshape(-1, SIDE, SIDE)


def as_pixels(image: np.ndarray) -> Floats:
    return (image.reshape(-1, PIXELS) / np.float32(255)).astype(np.float32)


def transform(images: np.ndarray, matrix: list[float]) -> np.ndarray:
    """Resample each image where a matrix (a, b, c, d, e, f) says, about its middle."""
    a, b, c, d, e, f = matrix
    half = SIDE / 2
    about_middle = (a, b, half - a * half - b * half + c, d, e, half - d * half - e * half + f)
    return np.array(
        [
            np.asarray(
                Image.fromarray(image).transform(
                    (SIDE, SIDE), Image.Transform.AFFINE, about_middle, Image.Resampling.BICUBIC
                )
            )
            for image in images
        ]
    )


@pytest.mark.parametrize(
    ("matrix", "tolerance"),
    [
        pytest.param([1, 0, 3, 0, 1, -2], 0.002, id="moved"),
        pytest.param([1.15, 0, 0, 0, 1.15, 0], 0.03, id="smaller"),
        pytest.param([1, 0, 0, 0, 1.2, 0], 0.03, id="lower"),
        pytest.param([1, 0.2, 0, 0, 1, 0], 0.03, id="slanted"),
    ],
)
def test_place_size_aspect_and_slant_hardly_matter(matrix: list[float], tolerance: float) -> None:
    plain = normalize_by_moments(as_pixels(DIGITS))
    changed = normalize_by_moments(as_pixels(transform(DIGITS, matrix)))
    before = np.abs(as_pixels(DIGITS) - as_pixels(transform(DIGITS, matrix))).mean()
    after = np.abs(plain - changed).mean()
    assert after < tolerance
    assert after < before / 2


def normalize_in_pillow(pixels: Floats) -> np.ndarray:
    """Do the same one image at a time, by sums over the image and Pillow's mesh of quadrants."""
    image = np.rint(pixels.reshape(SIDE, SIDE) * 255)
    ink = image / image.sum()
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    cx, cy = (ink * x).sum(), (ink * y).sum()
    slant = (ink * (x - cx) * (y - cy)).sum() / ((ink * (y - cy) ** 2).sum() + SLANT_DAMPING)
    sides = []
    for offset in (x - cx - slant * (y - cy), y - cy):
        variance = (ink * offset**2).sum() + PEN_VARIANCE
        reach = EDGE_DEVIATIONS * max(np.sqrt(variance), MIN_SPREAD)
        for side in (offset <= 0, offset > 0):
            own = (ink * offset**2)[side].sum() / max(ink[side].sum(), 1e-6) + PEN_VARIANCE
            sides.append(reach * (own / variance) ** (SIDE_WEIGHT / 2))
    left, right, top, bottom = sides

    def corner(across: float, down: float) -> tuple[float, float]:
        return cx + across + slant * down, cy + down

    mesh = []
    for box, (x0, y0, x1, y1) in {
        (0, 0, 14, 14): (-left, -top, 0, 0),
        (14, 0, 28, 14): (0, -top, right, 0),
        (0, 14, 14, 28): (-left, 0, 0, bottom),
        (14, 14, 28, 28): (0, 0, right, bottom),
    }.items():
        corners = corner(x0, y0), corner(x0, y1), corner(x1, y1), corner(x1, y0)
        mesh.append((box, tuple(np.ravel(corners))))
    drawn = Image.fromarray(image.astype(np.uint8))
    resampled = drawn.transform((SIDE, SIDE), Image.Transform.MESH, mesh, Image.Resampling.BILINEAR)
    return np.asarray(resampled).reshape(-1) / 255


def test_the_resampling_is_pillows() -> None:
    pixels = as_pixels(DIGITS)
    expected = np.array([normalize_in_pillow(drawn) for drawn in pixels])
    # Pillow takes what lies half a pixel beyond the edge for paper at once.
    assert np.abs(normalize_by_moments(pixels) - expected).mean() < 0.002


def test_one_image_is_normalized_as_it_is_among_others() -> None:
    pixels = as_pixels(DIGITS)
    alone = np.array([normalize_by_moments(drawn) for drawn in pixels])
    assert np.array_equal(normalize_by_moments(pixels), alone)


def test_intensities_are_those_of_bytes() -> None:
    normalized = normalize_by_moments(as_pixels(DIGITS))
    assert normalized.dtype == np.float32
    assert normalized.min() >= 0
    assert normalized.max() <= 1
    assert np.allclose(normalized * 255, np.rint(normalized * 255), atol=1e-4)


@pytest.mark.parametrize("name", NORMALIZATIONS)
@pytest.mark.parametrize(
    "inked", [[], [0], [PIXELS - 1], [406], range(PIXELS), range(28, 56), range(14, PIXELS, 28)]
)
def test_the_least_likely_drawings_are_normalized_without_complaint(
    name: str, inked: list[int]
) -> None:
    pixels = np.zeros(PIXELS, np.float32)
    pixels[list(inked)] = 1
    normalized = NORMALIZATIONS[name](pixels)
    assert normalized.shape == (PIXELS,)
    assert np.isfinite(normalized).all()
    assert normalized.any() == bool(len(inked))


def test_the_tutorials_pixels_are_left_as_drawn() -> None:
    pixels = as_pixels(DIGITS)
    assert leave_as_drawn(pixels) is pixels


@pytest.mark.parametrize("name", NORMALIZATIONS)
def test_the_placement_says_where_each_pixel_was_taken_from(name: str) -> None:
    for image in DIGITS[:5]:
        placement = PLACEMENTS[name](as_pixels(image)[0])
        left, right, top, bottom = placement.reach
        normalized = NORMALIZATIONS[name](as_pixels(image)[0]).reshape(SIDE, SIDE)
        padded = np.pad(image / 255, 40)
        for row, column in [(3, 10), (7, 20), (14, 14), (20, 8), (25, 17)]:
            across, down = (column + 0.5 - 14) / 14, (row + 0.5 - 14) / 14
            below = down * (top if down < 0 else bottom)
            x = placement.centre[0] + placement.slant * below
            x += across * (left if across < 0 else right)
            # Centres of pixels lie at halves; the paper around is 40 pixels wide.
            x, y = x + 39.5, placement.centre[1] + below + 39.5
            i, j, fy, fx = int(y), int(x), y % 1, x % 1
            # Rows first, as bilinear interpolation may be done, each row at its own slant.
            above = padded[i, j] * (1 - fx) + padded[i, j + 1] * fx
            under = padded[i + 1, j] * (1 - fx) + padded[i + 1, j + 1] * fx
            assert normalized[row, column] == pytest.approx(
                above * (1 - fy) + under * fy, abs=0.003
            )
