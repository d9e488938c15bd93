"""Normalization: the preprocessing of an image before W, the same in training and in serving.

A softmax regression has separate weights for each pixel. Whatever moves ink without changing the
digit costs accuracy: position, size, aspect ratio and slant.
"""

from collections.abc import Callable
from typing import Annotated

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

# Prevents a division by 0 in an image without ink.
EPSILON = np.float32(1e-6)

# The centres (28,) of rows and columns, in pixels; and as fractions of the distance from the middle
# to an edge, from −1 to 1.
PIXEL_CENTRES = np.arange(SIDE, dtype=np.float32) + 0.5
FROM_MIDDLE = (PIXEL_CENTRES - SIDE / 2) / (SIDE / 2)
IS_BEFORE_MIDDLE = FROM_MIDDLE < 0

# The x and y (784,) of every pixel, and the monomials (784, 6) whose sums over the ink are the raw
# moments. The sums are float64: in float32 the order of summation changes a pixel of every fifth
# image.
PIXEL_X, PIXEL_Y = np.tile(PIXEL_CENTRES, SIDE), np.repeat(PIXEL_CENTRES, SIDE)
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


# Not tuple[float, float]: its JSON schema is unknown to generators of API clients.
_Pair = Annotated[tuple[float, ...], msgspec.Meta(min_length=2, max_length=2)]
_Four = Annotated[tuple[float, ...], msgspec.Meta(min_length=4, max_length=4)]


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """Where a normalized image was sampled from, in pixels of the image as drawn.

    `centre` (x, y) becomes the centre of the normalized image. `reach` has the distances from there
    to its left, right, top and bottom edges; each side is scaled linearly. `slant` is the shear:
    pixels to the right per pixel down.
    """

    centre: _Pair
    slant: float
    reach: _Four


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
    x, y, slant, across, down = _measure(images)
    rows = y + _sample_offsets(down)
    columns = _sample_offsets(across)[:, np.newaxis] + (x + slant * (rows - y))[:, :, np.newaxis]
    normalized = _resample(images.reshape(-1, SIDE, SIDE), rows, columns)
    return normalized.reshape(pixels.shape)


def place_by_moments(pixels: Floats) -> Placement:
    """Return where `normalize_by_moments` samples pixels (784,) from."""
    x, y, slant, across, down = _measure(pixels.reshape(1, PIXELS))
    left, right = across[0].tolist()
    top, bottom = down[0].tolist()
    return Placement(
        centre=(x.item(), y.item()), slant=slant.item(), reach=(left, right, top, bottom)
    )


def _measure(images: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return where images (n, 784) are sampled: x, y, slant, and distances to the edges.

    `x` and `y` of the centre of mass and the slant are (n, 1) each. The distances from there to the
    left and right edges are (n, 2), and those to the top and bottom edges are (n, 2).
    """
    # One product per image: rounding in a product of all would depend on which images are
    # normalized together.
    sums = (images[:, np.newaxis] @ MONOMIALS)[:, 0].astype(np.float32)
    moments = sums / np.maximum(sums[:, :1], EPSILON)
    x, y = moments[:, 1:2], moments[:, 2:3]
    covariance = moments[:, 4:5] - x * y
    variance_y = moments[:, 5:6] - y * y
    slant = covariance / (variance_y + SLANT_DAMPING)
    variance_x = moments[:, 3:4] - x * x + slant * (slant * variance_y - 2 * covariance)
    offsets = np.empty((len(images), 2, PIXELS), np.float32)
    across, below = offsets[:, 0], offsets[:, 1]
    np.subtract(PIXEL_Y, y, out=below)
    np.subtract(PIXEL_X - x, slant * below, out=across)
    variances = np.concatenate([variance_x, variance_y], axis=1)
    reaches = _reaches(images, offsets, variances)
    return x, y, slant, reaches[:, 0], reaches[:, 1]


def _reaches(ink: Floats, offsets: Floats, variances: Floats) -> Floats:
    """Return the distances (n, 2, 2) from the centre of mass to the normalized image's edges.

    The last two dimensions are the axis, and before or after the centre; the unit is pixels.

    :param ink: (n, 784)
    :param offsets: (n, 2, 784) of each pixel along the axes, from the centre of mass
    :param variances: (n, 2) of all ink along the axes
    """
    # One array for all sides: for a single image, NumPy's call overhead exceeds the arithmetic.
    distances = np.empty((len(ink), 2, 2, PIXELS), np.float32)
    before, after = distances[:, :, 0], distances[:, :, 1]
    np.maximum(offsets, 0, out=after)
    np.subtract(after, offsets, out=before)
    total = np.maximum(variances, 0)[:, :, np.newaxis] + PEN_VARIANCE
    # The factor that turns the standard deviation of all ink into the geometric mean with that of
    # the side. Half the exponent turns a ratio of variances into one of standard deviations.
    sides = ((_side_variances(ink, distances) + PEN_VARIANCE) / total) ** (SIDE_WEIGHT / 2)
    spreads = np.maximum(np.sqrt(total), MIN_SPREAD)
    return np.multiply(sides, EDGE_DEVIATIONS * spreads, dtype=np.float32)


def _sample_offsets(reaches: Floats) -> Floats:
    """Return the offset (n, 28) from the centre, in pixels, that each row or column samples."""
    offsets: Floats = FROM_MIDDLE * np.where(IS_BEFORE_MIDDLE, reaches[:, :1], reaches[:, 1:])
    return offsets


def _side_variances(ink: Floats, distances: Floats) -> Floats:
    """Return the mean squared distances (n, 2, 2) of ink (n, 784) from the centre, per side.

    :param distances: (n, 2, 2, 784) of each pixel from the centre of mass, 0 on the opposite side
    """
    ink = ink[:, np.newaxis, np.newaxis]
    mass = np.vecdot(ink, np.sign(distances))
    squares = np.vecdot(ink * distances, distances)
    variances: Floats = squares / np.maximum(mass, EPSILON)
    return variances


def _resample(images: Floats, rows: Floats, columns: Floats) -> Floats:
    """Return images (n, 28, 28) sampled bilinearly at rows (n, 28) and columns (n, 28, 28).

    Coordinates are in pixels, the first one's centre at 0.5; pixels outside the image are 0.
    """
    # Rows first, since all pixels of a row have the same y.
    row_weights = np.maximum(0, 1 - np.abs(rows[:, :, np.newaxis] - PIXEL_CENTRES))
    # A column of zeros on either side represents everything outside.
    padded = np.zeros((len(images), SIDE, SIDE + 2), np.float32)
    np.matmul(row_weights, images, out=padded[:, :, 1:-1])
    positions = np.minimum(np.maximum(columns + 0.5, 0), SIDE + 1)
    left = np.minimum(np.floor(positions), SIDE)
    first = left.astype(np.intp)
    first += (np.arange(len(images) * SIDE) * (SIDE + 2)).reshape(-1, SIDE, 1)
    left_ink, right_ink = padded.take(first), padded.take(first + 1)
    result = left_ink + (right_ink - left_ink) * (positions - left)
    # Quantized to bytes, so that a PNG of it shows exactly what W is multiplied by.
    quantized: Floats = np.divide(np.rint(result * 255), 255, dtype=np.float32)
    return quantized


Normalization = Callable[[Floats], Floats]

NORMALIZATIONS: dict[str, Normalization] = {
    "none": leave_as_drawn,
    "moments": normalize_by_moments,
}

PLACEMENTS: dict[str, Callable[[Floats], Placement]] = {
    "none": place_as_drawn,
    "moments": place_by_moments,
}
