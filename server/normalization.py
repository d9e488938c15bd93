"""What is done to a picture before W sees it, in training and in serving alike.

A softmax regression knows a pixel by its place alone. All that moves ink without changing the digit
costs it accuracy: where the digit lies, how large it is, how wide and how slanted.
"""

from collections.abc import Callable

import numpy as np

from server.shapes import PIXELS, SIDE, Floats

# Standard deviations of ink from the centre of mass to each edge of the normalised picture.
REACH = 2.6

# The least standard deviation, in pixels, that a digit is taken to have: a 1 has next to no width,
# and must not be spread over the whole picture.
LEAST_SPREAD = 2.45

# Added to the vertical variance, in square pixels: the slant of a flat drawing means little.
SLANT_DAMPING = 3.0

# How much a side's reach follows that side's ink alone, and not all ink: 0 not at all, 1 wholly.
ONE_SIDED = 0.4

# Added to variances, in square pixels: about a thin pen's own.
LEAST_VARIANCE = 0.3

_CENTRES = np.arange(SIDE, dtype=np.float32) + 0.5
_FROM_MIDDLE = (_CENTRES - SIDE / 2) / (SIDE / 2)
_BEFORE_MIDDLE = _FROM_MIDDLE < 0
_TINY = np.float32(1e-6)

# For every pixel its x and y, and the products whose sums over the ink give the moments.
_X, _Y = np.tile(_CENTRES, SIDE), np.repeat(_CENTRES, SIDE)
_MOMENTS = np.stack([np.ones(PIXELS), _X, _Y, _X * _X, _X * _Y, _Y * _Y], axis=1).astype(np.float32)


def leave_as_drawn(pixels: Floats) -> Floats:
    """Return pixels (…, 784) as they are."""
    return pixels


def normalize_by_moments(pixels: Floats) -> Floats:
    """Move the centre of mass to the centre, set the digit upright, and stretch its sides alike.

    The slant is the shear that makes x and y uncorrelated. Then each side of the centre (left,
    right, top, bottom) is scaled so that REACH standard deviations of its ink reach the edge.
    All of it is one bilinear resampling. Paper without ink stays as it is.

    :param pixels: (…, 784) in [0, 1]
    :return: the same shape and range, in steps of 1/255
    Source: slant and size by moments are R. G. Casey, "Moment normalization of handprinted
    characters", 1970; each side by itself is bi-moment normalisation, C.-L. Liu et al.,
    "Handwritten digit recognition: investigation of normalization and feature extraction
    techniques", 2004.
    """
    images = pixels.reshape(-1, PIXELS)
    sums = images @ _MOMENTS
    moments = sums / np.maximum(sums[:, :1], _TINY)
    x, y = moments[:, 1:2], moments[:, 2:3]
    covariance = moments[:, 4:5] - x * y
    variance_y = moments[:, 5:6] - y * y
    slant = covariance / (variance_y + SLANT_DAMPING)
    variance_x = moments[:, 3:4] - x * x + slant * (slant * variance_y - 2 * covariance)

    below = _Y - y
    across = _X - x - slant * below
    rows = y + _sample_offsets(images, below, variance_y)
    columns = (
        _sample_offsets(images, across, variance_x)[:, np.newaxis]
        + (x + slant * (rows - y))[:, :, np.newaxis]
    )
    normalized = _resample(images.reshape(-1, SIDE, SIDE), rows, columns)
    return normalized.reshape(pixels.shape)


def _sample_offsets(ink: Floats, offsets: Floats, variance: Floats) -> Floats:
    """Tell where, from the centre of mass, each row or column of the result is to be taken.

    :param ink: (n, 784)
    :param offsets: (n, 784) where it lies along one axis, in pixels from the centre of mass
    :param variance: (n, 1) of all ink along that axis
    :return: (n, 28) in pixels from the centre of mass
    """
    after = np.maximum(offsets, 0)
    before = after - offsets
    variances = np.concatenate(
        [_variance_of_side(ink, before), _variance_of_side(ink, after)], axis=1
    )
    whole = np.maximum(variance, 0) + LEAST_VARIANCE
    # Variances are squares: half the exponent makes the ratio one of distances.
    sides = ((variances + LEAST_VARIANCE) / whole) ** (ONE_SIDED / 2)
    sides *= REACH * np.maximum(np.sqrt(whole), LEAST_SPREAD)
    sampled: Floats = _FROM_MIDDLE * np.where(_BEFORE_MIDDLE, sides[:, :1], sides[:, 1:])
    return sampled


def _variance_of_side(ink: Floats, distances: Floats) -> Floats:
    """Return the mean square (n, 1) of the ink's distances (n, 784), which are 0 off its side."""
    mass = np.vecdot(ink, np.sign(distances))
    squares = np.vecdot(ink * distances, distances)
    variance: Floats = (squares / np.maximum(mass, _TINY))[:, np.newaxis]
    return variance


def _resample(images: Floats, rows: Floats, columns: Floats) -> Floats:
    """Interpolate images (n, 28, 28) linearly at rows (n, 28) and, in each, columns (n, 28, 28).

    Places are in pixels, the first one's centre at 0.5; outside is paper.
    """
    # Rows first, since a whole row of the result comes from one height.
    nearness = np.maximum(0, 1 - np.abs(rows[:, :, np.newaxis] - _CENTRES))
    # A column of paper on either side stands for all that is outside.
    padded = np.zeros((len(images), SIDE, SIDE + 2), np.float32)
    np.matmul(nearness, images, out=padded[:, :, 1:-1])
    places = np.minimum(np.maximum(columns + 0.5, 0), SIDE + 1)
    whole = np.minimum(np.floor(places), SIDE)
    first = whole.astype(np.intp)
    first += (np.arange(len(images) * SIDE) * (SIDE + 2)).reshape(-1, SIDE, 1)
    here, next_one = padded.take(first), padded.take(first + 1)
    result = here + (next_one - here) * (places - whole)
    # In the steps of a byte, so that a picture of it shows just what W saw.
    stepped: Floats = np.divide(np.rint(result * 255), 255, dtype=np.float32)
    return stepped


Normalization = Callable[[Floats], Floats]

NORMALIZATIONS: dict[str, Normalization] = {
    "none": leave_as_drawn,
    "moments": normalize_by_moments,
}
