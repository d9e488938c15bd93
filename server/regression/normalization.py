"""What is done to a picture before W sees it, in training and in serving alike.

A softmax regression knows a pixel by its place alone. All that moves ink without changing the digit
costs it accuracy: where the digit lies, how large it is, how wide and how slanted.
"""

from collections.abc import Callable
from typing import Annotated

import msgspec
import numpy as np

from server.regression.shapes import PIXELS, SIDE, Floats

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

# For every pixel its x and y, and the products whose sums over the ink give the moments. They are
# summed in float64: in float32 the order of a sum shows, in a pixel of every fifth image.
_X, _Y = np.tile(_CENTRES, SIDE), np.repeat(_CENTRES, SIDE)
_MOMENTS = np.stack([np.ones(PIXELS), _X, _Y, _X * _X, _X * _Y, _Y * _Y], axis=1)


# Generators of API clients do not know the schema of tuple[float, float].
_Pair = Annotated[tuple[float, ...], msgspec.Meta(min_length=2, max_length=2)]
_Four = Annotated[tuple[float, ...], msgspec.Meta(min_length=4, max_length=4)]


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """Where a normalised picture was taken from, in pixels of the picture as drawn.

    The middle of the normalised picture shows `centre` (x, y). `reach` pixels from there to the
    left, right, top and bottom lie its edges, and each side is stretched evenly between. A point
    one pixel lower lies `slant` pixels further to the right than one straight below.
    """

    centre: _Pair
    slant: float
    reach: _Four


def leave_as_drawn(pixels: Floats) -> Floats:
    """Return pixels (…, 784) as they are."""
    return pixels


def place_as_drawn(_pixels: Floats) -> Placement:
    """Return the placement that changes nothing."""
    half = SIDE / 2
    return Placement(centre=(half, half), slant=0, reach=(half, half, half, half))


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
    x, y, slant, across, down = _measure(images)
    rows = y + _sample_offsets(down)
    columns = _sample_offsets(across)[:, np.newaxis] + (x + slant * (rows - y))[:, :, np.newaxis]
    normalized = _resample(images.reshape(-1, SIDE, SIDE), rows, columns)
    return normalized.reshape(pixels.shape)


def place_by_moments(pixels: Floats) -> Placement:
    """Return from where `normalize_by_moments` takes its picture of pixels (784,)."""
    x, y, slant, across, down = _measure(pixels.reshape(1, PIXELS))
    left, right = across[0].tolist()
    top, bottom = down[0].tolist()
    return Placement(
        centre=(x.item(), y.item()), slant=slant.item(), reach=(left, right, top, bottom)
    )


def _measure(images: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Measure ink (n, 784): its centre's x and y, its slant (n, 1 each), and how far it reaches.

    The reaches (n, 2 each), left and right, then top and bottom, are those of the picture's edges.
    """
    # A product for each image: one of all rounds otherwise, and a pixel might then depend on which
    # images are normalised together.
    sums = (images[:, np.newaxis] @ _MOMENTS)[:, 0].astype(np.float32)
    moments = sums / np.maximum(sums[:, :1], _TINY)
    x, y = moments[:, 1:2], moments[:, 2:3]
    covariance = moments[:, 4:5] - x * y
    variance_y = moments[:, 5:6] - y * y
    slant = covariance / (variance_y + SLANT_DAMPING)
    variance_x = moments[:, 3:4] - x * x + slant * (slant * variance_y - 2 * covariance)
    offsets = np.empty((len(images), 2, PIXELS), np.float32)
    across, below = offsets[:, 0], offsets[:, 1]
    np.subtract(_Y, y, out=below)
    np.subtract(_X - x, slant * below, out=across)
    variances = np.concatenate([variance_x, variance_y], axis=1)
    reaches = _reaches(images, offsets, variances)
    return x, y, slant, reaches[:, 0], reaches[:, 1]


def _reaches(ink: Floats, offsets: Floats, variances: Floats) -> Floats:
    """Tell how far from the centre of mass, along each of two axes, the picture's two edges lie.

    :param ink: (n, 784)
    :param offsets: (n, 2, 784) where it lies along the axes, in pixels from the centre of mass
    :param variances: (n, 2) of all ink along them
    :return: (n, 2, 2) in pixels: of each axis, before and after the centre
    """
    # All four sides at once: for a single picture a call costs more than its arithmetic.
    distances = np.empty((len(ink), 2, 2, PIXELS), np.float32)
    before, after = distances[:, :, 0], distances[:, :, 1]
    np.maximum(offsets, 0, out=after)
    np.subtract(after, offsets, out=before)
    whole = np.maximum(variances, 0)[:, :, np.newaxis] + LEAST_VARIANCE
    # Variances are squares: half the exponent makes the ratio one of distances.
    sides = ((_variances_of_sides(ink, distances) + LEAST_VARIANCE) / whole) ** (ONE_SIDED / 2)
    spreads = np.maximum(np.sqrt(whole), LEAST_SPREAD)
    return np.multiply(sides, REACH * spreads, dtype=np.float32)


def _sample_offsets(reaches: Floats) -> Floats:
    """Tell where, in pixels from the centre, each row or column (n, 28) is taken from."""
    sampled: Floats = _FROM_MIDDLE * np.where(_BEFORE_MIDDLE, reaches[:, :1], reaches[:, 1:])
    return sampled


def _variances_of_sides(ink: Floats, distances: Floats) -> Floats:
    """Return the mean squares (n, 2, 2) of the distances of ink (n, 784) from the centre of mass.

    Distances (n, 2, 2, 784) are 0 off their side.
    """
    everywhere = ink[:, np.newaxis, np.newaxis]
    mass = np.vecdot(everywhere, np.sign(distances))
    squares = np.vecdot(everywhere * distances, distances)
    variances: Floats = squares / np.maximum(mass, _TINY)
    return variances


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

PLACEMENTS: dict[str, Callable[[Floats], Placement]] = {
    "none": place_as_drawn,
    "moments": place_by_moments,
}
