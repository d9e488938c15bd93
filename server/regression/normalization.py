"""Normalization: the preprocessing of an image before W, the same in training and in serving.

A softmax regression has separate weights for each pixel. Whatever moves ink without changing the
digit costs accuracy: position, size, aspect ratio and slant.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import msgspec
import numpy as np

from server.regression.shapes import PIXELS, SIDE, Floats

# The distance from the centre of mass to each edge of the normalized image, in standard deviations
# of ink.
EDGE_DEVIATIONS = 2.6

# The minimum standard deviation of all ink along an axis, in pixels: a 1 has almost no width, and
# must not be stretched over the whole image.
MIN_SPREAD = 2.45

# Added to the vertical variance, in square pixels: the slant of a flat drawing is mostly noise.
SLANT_DAMPING = 3.0

# The weight of the standard deviation of a side's ink, from 0 to 1, in its geometric mean with that
# of all ink. The mean determines the distance from the centre of mass to the edge on that side.
SIDE_WEIGHT = 0.4

# Added to variances, in square pixels: about that of a thin pen stroke.
PEN_VARIANCE = 0.3

# Prevents a division by 0 where there is no ink.
EPSILON = 1e-6

# The centres (28,) of rows and columns, in pixels; and as fractions of the distance from the middle
# to an edge, from −1 to 0 before the middle and from 0 to 1 after it.
PIXEL_CENTRES = np.arange(SIDE, dtype=np.float32) + 0.5
_FROM_MIDDLE = (PIXEL_CENTRES - SIDE / 2) / (SIDE / 2)
BEFORE_MIDDLE, AFTER_MIDDLE = np.minimum(_FROM_MIDDLE, 0), np.maximum(_FROM_MIDDLE, 0)

# The x and y of every pixel, and 1: the product of three coefficients and COORDINATES (3, 784) is
# a linear function of the place.
PIXEL_X, PIXEL_Y = np.tile(PIXEL_CENTRES, SIDE), np.repeat(PIXEL_CENTRES, SIDE)
COORDINATES = np.stack([PIXEL_X, PIXEL_Y, np.ones_like(PIXEL_X)])

# The monomials (784, 6) whose sums over the ink are the raw moments. The sums are float64: in
# float32 the order of summation changes a pixel of every fifth image.
MONOMIALS = np.stack(
    [
        np.ones(PIXELS),
        PIXEL_X,
        PIXEL_Y,
        PIXEL_X * PIXEL_X,
        PIXEL_X * PIXEL_Y,
        PIXEL_Y * PIXEL_Y,
    ],
    axis=1,
)

# NumPy finds the maximum or minimum of two arrays several times faster than that of an array and a
# number.
_ZEROS = np.zeros((SIDE, SIDE), np.float32)
_ZERO_OFFSETS = np.zeros((2, PIXELS), np.float32)
_RIGHTMOST = np.full((SIDE, SIDE), SIDE + 1, np.float32)


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """Where a normalized image was sampled from, in pixels of the image as drawn.

    `centre` (x, y) becomes the centre of the normalized image. `reach` has the distances from there
    to its left, right, top and bottom edges; each side is scaled linearly. `slant` is the shear:
    pixels to the right per pixel down.
    """

    centre: tuple[float, float]
    slant: float
    reach: tuple[float, float, float, float]


def leave_as_drawn(pixels: Floats) -> Floats:
    """Return pixels (…, 784) as they are."""
    return pixels


def place_as_drawn(_pixels: Floats) -> Placement:
    """Return the identity placement."""
    half = SIDE / 2
    return Placement(centre=(half, half), slant=0, reach=(half, half, half, half))


def normalize_by_moments(pixels: Floats) -> Floats:
    """Return images with the centre of mass at the centre, deslanted, and each side scaled.

    The slant is the shear that makes x and y uncorrelated, damped by SLANT_DAMPING. Then each side
    of the centre (left, right, top, bottom) is scaled so that its edge is EDGE_DEVIATIONS times its
    spread from the centre. The spread is a weighted geometric mean of two standard deviations: that
    of the ink on this side, with SIDE_WEIGHT, and that of all ink along the axis. If the second is
    below MIN_SPREAD, the spread is enlarged by the ratio of the two. All of it is one bilinear
    resampling. Images without ink stay unchanged.

    :param pixels: (…, 784) in [0, 1]
    :return: the same shape and range, quantized to steps of 1/255
    Source: slant and size by moments are R. G. Casey, "Moment normalization of handprinted
    characters", 1970; separate scales per side are bi-moment normalization, C.-L. Liu et al.,
    "Handwritten digit recognition: investigation of normalization and feature extraction
    techniques", 2004.
    """
    images = pixels.reshape(-1, PIXELS)
    rows, columns = _sample_points(_place(images))
    return _resample(images.reshape(-1, SIDE, SIDE), rows, columns).reshape(pixels.shape)


def place_by_moments(pixels: Floats) -> Placement:
    """Return where `normalize_by_moments` samples pixels (784,) from."""
    return _place(pixels.reshape(1, PIXELS))[0]


class _Axes(NamedTuple):
    """The slanted axes through an image's centre of mass, and the variance of ink along them."""

    mass: float
    x: float
    y: float
    slant: float
    variance_x: float
    variance_y: float


def _place(images: Floats) -> list[Placement]:
    """Return where each of the images (n, 784) is sampled from.

    NumPy sums over the pixels. The rest is computed with Python's numbers, because a call of NumPy
    takes ten times as long as an operation on a single number.
    """
    # One product per image: rounding in a product of all would depend on which images are
    # normalized together.
    moments = (images[:, np.newaxis] @ MONOMIALS)[:, 0].tolist()
    all_axes = [_find_axes(*sums) for sums in moments]
    # The offset (n, 2, 784) of each pixel along both axes, from the centre of mass.
    coefficients = [((1, -a.slant, a.slant * a.y - a.x), (0, 1, -a.y)) for a in all_axes]
    offsets = np.array(coefficients, np.float32) @ COORDINATES
    after = np.maximum(offsets, _ZERO_OFFSETS)
    # Where the ink is after the centre, and how far, squared.
    terms = np.empty((len(images), 4, PIXELS), np.float32)
    np.sign(after, out=terms[:, :2])
    np.multiply(after, after, out=terms[:, 2:])
    sums_after = (terms @ images[:, :, np.newaxis])[:, :, 0].tolist()
    placements = []
    for axes, (right, below, right_squares, below_squares) in zip(
        all_axes, sums_after, strict=True
    ):
        across = _find_reach(axes.mass, axes.variance_x, right, right_squares)
        down = _find_reach(axes.mass, axes.variance_y, below, below_squares)
        placements.append(
            Placement(centre=(axes.x, axes.y), slant=axes.slant, reach=(*across, *down))
        )
    return placements


def _find_axes(mass: float, x: float, y: float, xx: float, xy: float, yy: float) -> _Axes:
    """Return the axes of an image, given the sums over its ink of 1, x, y, x², xy and y²."""
    divisor = max(mass, EPSILON)
    mean_x, mean_y = x / divisor, y / divisor
    covariance = xy / divisor - mean_x * mean_y
    variance_y = max(yy / divisor - mean_y * mean_y, 0)
    slant = covariance / (variance_y + SLANT_DAMPING)
    variance_x = xx / divisor - mean_x * mean_x + slant * (slant * variance_y - 2 * covariance)
    return _Axes(mass, mean_x, mean_y, slant, max(variance_x, 0), variance_y)


def _find_reach(
    mass: float, variance: float, mass_after: float, squares_after: float
) -> tuple[float, float]:
    """Return the distances from the centre of mass to the edges before and after it, in pixels.

    :param mass: of all ink, with its variance along the axis
    :param mass_after: of the ink after the centre, with the sum of its squared distances from there
    """
    total = variance + PEN_VARIANCE
    reach = EDGE_DEVIATIONS * max(math.sqrt(total), MIN_SPREAD)
    before = max(mass * variance - squares_after, 0) / max(mass - mass_after, EPSILON)
    after = squares_after / max(mass_after, EPSILON)
    # The factors that turn the standard deviation of all ink into the geometric mean with that of
    # the side. Half the exponent turns a ratio of variances into one of standard deviations.
    exponent = SIDE_WEIGHT / 2
    return (
        reach * ((before + PEN_VARIANCE) / total) ** exponent,
        reach * ((after + PEN_VARIANCE) / total) ** exponent,
    )


# The products with eight numbers of a placement, of which the first three have the y (28,) of each
# row, and the others the x (784,) of each pixel: y, top and bottom; x, left, right, and by how much
# the slant moves the top and the bottom edge.
_SAMPLE_POINTS = np.zeros((8, SIDE + PIXELS), np.float32)
_SAMPLE_POINTS[:3, :SIDE] = np.ones(SIDE), BEFORE_MIDDLE, AFTER_MIDDLE
_SAMPLE_POINTS[3:, SIDE:] = (
    np.ones(PIXELS),
    np.tile(BEFORE_MIDDLE, SIDE),
    np.tile(AFTER_MIDDLE, SIDE),
    np.repeat(BEFORE_MIDDLE, SIDE),
    np.repeat(AFTER_MIDDLE, SIDE),
)


def _sample_points(placements: list[Placement]) -> tuple[Floats, Floats]:
    """Return the y (n, 28) of the rows and the x + 0.5 (n, 28, 28) of the pixels to sample."""
    numbers = []
    for placement in placements:
        (x, y), slant = placement.centre, placement.slant
        left, right, top, bottom = placement.reach
        numbers.append((y, top, bottom, x + 0.5, left, right, slant * top, slant * bottom))
    points = (np.array(numbers, np.float32)[:, np.newaxis] @ _SAMPLE_POINTS)[:, 0]
    return points[:, :SIDE], points[:, SIDE:].reshape(-1, SIDE, SIDE)


def _resample(images: Floats, rows: Floats, columns: Floats) -> Floats:
    """Return images (n, 28, 28) sampled bilinearly at rows (n, 28) and columns (n, 28, 28).

    The unit is a pixel. The centre of the first pixel is at 0.5 in `rows`, and at 1 in `columns`.
    Pixels outside the image are 0.
    """
    # Rows first, since all pixels of a row have the same y.
    row_weights = np.abs(rows[:, :, np.newaxis] - PIXEL_CENTRES)
    np.subtract(1, row_weights, out=row_weights)
    np.maximum(row_weights, _ZEROS, out=row_weights)
    # A column of zeros on the left, and two on the right, represent everything outside. So the
    # first pixel is element 1 of its row.
    padded = np.zeros((len(images), SIDE, SIDE + 3), np.float32)
    np.matmul(row_weights, images, out=padded[:, :, 1:-2])
    positions = np.maximum(columns, _ZEROS)
    np.minimum(positions, _RIGHTMOST, out=positions)
    left = np.floor(positions)
    positions -= left
    indices = left.astype(np.intp)
    indices += np.arange(0, padded.size, SIDE + 3).reshape(-1, SIDE, 1)
    result = padded.take(indices)
    indices += 1
    right = padded.take(indices)
    right -= result
    right *= positions
    result += right
    # Quantized to bytes, so that a PNG of it shows exactly what W is multiplied by.
    result *= 255
    np.rint(result, out=result)
    result /= 255
    return result


Normalization = Callable[[Floats], Floats]

NORMALIZATIONS: dict[str, Normalization] = {
    "none": leave_as_drawn,
    "moments": normalize_by_moments,
}

PLACEMENTS: dict[str, Callable[[Floats], Placement]] = {
    "none": place_as_drawn,
    "moments": place_by_moments,
}
