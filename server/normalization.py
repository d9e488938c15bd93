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
_TINY = 1e-6


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
    images = pixels.reshape(-1, SIDE, SIDE)
    ink = images / np.maximum(images.sum(axis=(1, 2), keepdims=True), _TINY)
    down, across = ink.sum(axis=2), ink.sum(axis=1)
    x, y = (across @ _CENTRES)[:, np.newaxis], (down @ _CENTRES)[:, np.newaxis]
    dx, dy = _CENTRES - x, _CENTRES - y

    covariance = (np.matmul(ink, dx[:, :, np.newaxis])[:, :, 0] * dy).sum(axis=1, keepdims=True)
    variance = (down * dy * dy).sum(axis=1, keepdims=True)
    slant = covariance / (variance + SLANT_DAMPING)
    upright = dx[:, np.newaxis] - slant[:, np.newaxis] * dy[:, :, np.newaxis]

    rows = _sample_offsets(down, dy)
    columns = _sample_offsets(ink.reshape(-1, PIXELS), upright.reshape(-1, PIXELS))
    columns = columns[:, np.newaxis] + slant[:, np.newaxis] * rows[:, :, np.newaxis]
    normalized = _resample(images, rows + y, columns + x[:, np.newaxis])
    return normalized.reshape(pixels.shape)


def _sample_offsets(ink: Floats, offsets: Floats) -> Floats:
    """Tell where, from the centre of mass, each row or column of the result is to be taken.

    :param ink: (n, k) fractions of all ink, which add up to 1
    :param offsets: (n, k) where they lie along one axis, in pixels from the centre of mass
    :return: (n, 28) in pixels from the centre of mass
    """
    squares = ink * offsets * offsets
    after_centre = offsets > 0
    share_after = (ink * after_centre).sum(axis=1, keepdims=True)
    square_after = (squares * after_centre).sum(axis=1, keepdims=True)
    square = squares.sum(axis=1, keepdims=True)
    variance = square + LEAST_VARIANCE
    variance_after = square_after / np.maximum(share_after, _TINY) + LEAST_VARIANCE
    variance_before = (square - square_after) / np.maximum(1 - share_after, _TINY)
    variance_before = np.maximum(variance_before, 0) + LEAST_VARIANCE
    reach = REACH * np.maximum(np.sqrt(variance), LEAST_SPREAD)
    # Variances are squares: half the exponent makes the ratio one of distances.
    before = reach * (variance_before / variance) ** (ONE_SIDED / 2)
    after = reach * (variance_after / variance) ** (ONE_SIDED / 2)
    sampled: Floats = _FROM_MIDDLE * np.where(_FROM_MIDDLE < 0, before, after)
    return sampled


def _resample(images: Floats, rows: Floats, columns: Floats) -> Floats:
    """Interpolate images (n, 28, 28) linearly at rows (n, 28) and, in each, columns (n, 28, 28).

    Places are in pixels, the first one's centre at 0.5; outside is paper.
    """
    # Rows first, since a whole row of the result comes from one height.
    nearness = np.maximum(0, 1 - np.abs(rows[:, :, np.newaxis] - _CENTRES))
    # A column of paper on either side stands for all that is outside.
    padded = np.zeros((len(images), SIDE, SIDE + 2), np.float32)
    np.matmul(nearness, images, out=padded[:, :, 1:-1])
    places = np.clip(columns + 0.5, 0, SIDE + 1)
    whole = np.minimum(np.floor(places), SIDE)
    first = whole.astype(np.intp)
    first += (np.arange(len(images) * SIDE) * (SIDE + 2)).reshape(-1, SIDE, 1)
    here, next_one = padded.take(first), padded.take(first + 1)
    result: Floats = here + (next_one - here) * (places - whole)
    # In the steps of a byte, so that a picture of it shows just what W saw.
    return np.divide(np.rint(result * 255), 255, dtype=np.float32)


Normalization = Callable[[Floats], Floats]

NORMALIZATIONS: dict[str, Normalization] = {
    "none": leave_as_drawn,
    "moments": normalize_by_moments,
}
