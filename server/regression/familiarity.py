"""Out-of-distribution detection: the distance of an image from a model's training images.

A softmax regression gives ten probabilities for anything, a scribble too. So the model's file also
holds, for each variant of a digit, the mean of its training images' features and their principal
axes. An image's distance is the residual: the part of its difference from the mean that these axes
do not explain.
"""

from dataclasses import dataclass
from functools import reduce

import numpy as np

from server.regression.shapes import SIDE, Floats

# Features are mean ink in cells of 2 × 2 pixels, and gradient orientation histograms in overlapping
# cells, 4 pixels apart.
# Source: N. Dalal and B. Triggs, "Histograms of oriented gradients for human detection", 2005.
_INK_CELLS = 14
_EDGE_CELLS = 7
_ORIENTATIONS = 8
_INK = _INK_CELLS**2
FEATURES = _INK + _ORIENTATIONS * _EDGE_CELLS**2

# One variant per digit, and a second one for the 0 with a slash, which looks so different that
# images halfway between the two are not zeros.
VARIANTS = 11
SLASHED_ZERO = 10
VARIANTS_OF = ((0, SLASHED_ZERO), (1,), (2,), (3,), (4,), (5,), (6,), (7,), (8,), (9,))

# Principal axes per variant: fewer reject rare handwriting, more accept triangles and houses.
AXES = 45

# The weight of edges relative to ink.
_EDGE_WEIGHT = 2

_AVERAGE_INK = np.kron(np.eye(_INK_CELLS), np.full((1, 2), 1 / 2)).astype(np.float32)


def _triangular_weights() -> Floats:
    """Return weights (_EDGE_CELLS, SIDE) that fall off linearly from the centre of each cell."""
    cell = SIDE / _EDGE_CELLS
    centres = (np.arange(_EDGE_CELLS)[:, np.newaxis] + 0.5) * cell
    distances = np.abs(np.arange(SIDE) + 0.5 - centres) / cell
    return (np.maximum(0, 1 - distances) / cell).astype(np.float32)


_AVERAGE_EDGES = _triangular_weights()

# The Sobel operator, scaled to the change over two pixels: it smooths along an edge, and takes the
# central difference across it. Pixels outside the image are 0.
_NEXT = np.eye(SIDE, k=1, dtype=np.float32)
_SMOOTH = np.eye(SIDE, dtype=np.float32) / 2 + (_NEXT + _NEXT.T) / 4
_DIFFERENCE = _NEXT - _NEXT.T

# Where each orientation begins in a row of `_edges`' result, as a flat offset. Orientations are
# cyclic: after the last comes the first, and two more entries spare the modulo.
_START = SIDE * (np.arange(_ORIENTATIONS + 2) % _ORIENTATIONS)
_COLUMNS = np.arange(SIDE)


@dataclass(frozen=True, eq=False)
class Familiarity:
    """The distribution of a model's training images, by variant of a digit.

    `means` (VARIANTS, FEATURES) and `axes` (VARIANTS, FEATURES, AXES), whose columns are an
    orthonormal basis, describe features; `limits` (VARIANTS,) are maximum distances.
    """

    means: Floats
    axes: Floats
    limits: Floats

    def distances(self, vectors: Floats, digit: int) -> Floats:
        """Return the distances (…) of feature vectors (…, FEATURES) from a digit; 1 is the limit.

        The nearest variant of the digit counts.
        """
        distances = [
            residual(vectors - self.means[variant], self.axes[variant]) / self.limits[variant]
            for variant in VARIANTS_OF[digit]
        ]
        return reduce(np.minimum, distances)


def features(pixels: Floats) -> Floats:
    """Return the feature vectors (…, FEATURES) of pixels (…, 784) in [0, 1]: ink, then edges."""
    images = pixels.reshape(-1, SIDE, SIDE)
    count = len(images)
    vectors = np.empty((count, FEATURES), np.float32)
    vectors[:, :_INK] = (_AVERAGE_INK @ images @ _AVERAGE_INK.T).reshape(count, -1)
    # All orientations of a row are contiguous, so that two products average all of them.
    rows = _AVERAGE_EDGES @ _edges(images).reshape(count, SIDE, -1)
    averages = rows.reshape(count, -1, SIDE) @ (_EDGE_WEIGHT * _AVERAGE_EDGES).T
    by_row = averages.reshape(count, _EDGE_CELLS, _ORIENTATIONS, _EDGE_CELLS)
    vectors[:, _INK:] = by_row.swapaxes(1, 2).reshape(count, -1)
    return vectors.reshape(*pixels.shape[:-1], FEATURES)


def _edges(images: Floats) -> Floats:
    """Return gradient magnitudes (n, 28, _ORIENTATIONS, 28), by row, orientation and column.

    Orientations are unsigned (0° to 180°), and a magnitude is shared by the two nearest.
    """
    x_gradient = _SMOOTH @ images @ _DIFFERENCE.T
    y_gradient = _DIFFERENCE @ images @ _SMOOTH.T
    half_turns = np.arctan2(y_gradient, x_gradient) / np.pi
    half_turns += half_turns < 0
    orientation = half_turns * _ORIENTATIONS
    lower = orientation.astype(np.intp)
    share = np.subtract(orientation, lower, dtype=np.float32)
    magnitude = np.sqrt(x_gradient * x_gradient + y_gradient * y_gradient)
    edges = np.zeros((len(images), SIDE, _ORIENTATIONS, SIDE), np.float32)
    flat = edges.reshape(-1)
    # The index of each pixel's first orientation.
    indices = np.arange(0, edges.size, _ORIENTATIONS * SIDE).reshape(-1, SIDE, 1) + _COLUMNS
    flat[indices + _START[lower]] = (1 - share) * magnitude
    flat[indices + _START[lower + 1]] = share * magnitude
    return edges


def residual(differences: Floats, axes: Floats) -> Floats:
    """Return the norms (…) of differences (…, FEATURES) minus their projections onto axes.

    :param axes: (FEATURES, k), an orthonormal basis
    """
    explained = differences @ axes
    unexplained = np.vecdot(differences, differences) - np.vecdot(explained, explained)
    norms: Floats = np.sqrt(np.maximum(unexplained, 0))
    return norms
