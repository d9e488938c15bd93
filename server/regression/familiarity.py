"""Out-of-distribution detection: the distance of an image from a model's training images.

A softmax regression gives ten probabilities for anything, a scribble too. So the model's file also
holds, for each variant of a digit, the mean of its training images' features and their principal
axes. An image's distance is the residual: the part of its difference from the mean that these axes
do not explain.
"""

import math
from collections.abc import Sequence
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

# The most mean ink of a drawing that can be familiar. A dot is normalized to a disc of 0.455, which
# is otherwise close to zeros with a slash. Of 79,000 normalized training images, none has more than
# 0.438.
MAX_INK = 0.445

# The weight of edges relative to ink.
_EDGE_WEIGHT = 2

# Images whose features are computed at a time: few enough for the processor's cache.
_CHUNK = 8

_AVERAGE_INK = np.kron(np.eye(_INK_CELLS), np.full((1, 2), 1 / 2)).astype(np.float32)


def _triangular_weights() -> Floats:
    """Return weights (_EDGE_CELLS, SIDE) that fall off linearly from the centre of each cell."""
    cell = SIDE / _EDGE_CELLS
    centres = (np.arange(_EDGE_CELLS)[:, np.newaxis] + 0.5) * cell
    distances = np.abs(np.arange(SIDE) + 0.5 - centres) / cell
    return (np.maximum(0, 1 - distances) / cell).astype(np.float32)


_AVERAGE_EDGES = _triangular_weights()
_EDGE_WEIGHTS = _EDGE_WEIGHT * _AVERAGE_EDGES

# The Sobel operator, scaled to the change over two pixels: it smooths along an edge, and takes the
# central difference across it. Pixels outside the image are 0.
_NEXT = np.eye(SIDE, k=1, dtype=np.float32)
_SMOOTH = np.eye(SIDE, dtype=np.float32) / 2 + (_NEXT + _NEXT.T) / 4
_DIFFERENCE = _NEXT - _NEXT.T

# The products over rows for the gradients in x and y and for the ink, as one matrix: for a single
# image, NumPy's call overhead exceeds the arithmetic.
_OVER_ROWS = np.concatenate([_SMOOTH, _DIFFERENCE, _AVERAGE_INK])


def _orientation_components() -> Floats:
    """Return the matrix (2 × _ORIENTATIONS, 2) from a gradient to components in each orientation.

    The first half of its rows gives the components along an orientation, the others those across
    it, times the cotangent of the angle between two orientations.
    """
    angle = np.pi / _ORIENTATIONS
    angles = angle * np.arange(_ORIENTATIONS)
    along = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    across = np.stack([-np.sin(angles), np.cos(angles)], axis=1) / np.tan(angle)
    return np.concatenate([along, across]).astype(np.float32)


_COMPONENTS = _orientation_components()

# NumPy finds the maximum of two arrays several times faster than that of an array and a number.
_ZEROS = np.zeros((_ORIENTATIONS, SIDE * SIDE), np.float32)


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

        The nearest variant of the digit counts. More ink than MAX_INK is beyond the limit.
        """
        nearest = []
        for variant in VARIANTS_OF[digit]:
            differences = vectors - self.means[variant]
            norms = residual(differences, differences @ self.axes[variant])
            nearest.append(norms / self.limits[variant])
        ink: Floats = vectors[..., :_INK].mean(axis=-1) / np.float32(MAX_INK)
        distances: Floats = np.maximum(reduce(np.minimum, nearest), ink)
        return distances

    def distances_one_by_one(self, vectors: Floats, digits: Sequence[int]) -> list[float]:
        """Return the distance of each feature vector (n, FEATURES) from its own digit.

        Each is the same, bit for bit, alone and among others.
        """
        pairs = [
            (row, variant) for row, digit in enumerate(digits) for variant in VARIANTS_OF[digit]
        ]
        differences = np.empty((len(pairs), FEATURES), np.float32)
        explained = np.empty((len(pairs), AXES), np.float32)
        for pair, (row, variant) in enumerate(pairs):
            np.subtract(vectors[row], self.means[variant], out=differences[pair])
            np.matmul(differences[pair], self.axes[variant], out=explained[pair])
        nearest = [math.inf] * len(digits)
        for (row, variant), norm in zip(pairs, residual(differences, explained), strict=True):
            nearest[row] = min(nearest[row], float(norm / self.limits[variant]))
        inks = vectors[:, :_INK].mean(axis=1) / np.float32(MAX_INK)
        return [max(distance, float(ink)) for distance, ink in zip(nearest, inks, strict=True)]


def features(pixels: Floats) -> Floats:
    """Return the feature vectors (…, FEATURES) of pixels (…, 784) in [0, 1]: ink, then edges."""
    images = pixels.reshape(-1, SIDE, SIDE)
    vectors = np.empty((len(images), FEATURES), np.float32)
    for start in range(0, len(images), _CHUNK):
        part = slice(start, start + _CHUNK)
        _write_features(images[part], vectors[part])
    return vectors.reshape(*pixels.shape[:-1], FEATURES)


def _write_features(images: Floats, vectors: Floats) -> None:
    """Write the features of images (n, 28, 28) to vectors (n, FEATURES)."""
    count = len(images)
    products = _OVER_ROWS @ images
    gradients = np.empty((count, 2, SIDE, SIDE), np.float32)
    np.matmul(products[:, :SIDE], _DIFFERENCE.T, out=gradients[:, 0])
    np.matmul(products[:, SIDE : 2 * SIDE], _SMOOTH.T, out=gradients[:, 1])
    ink = products[:, 2 * SIDE :] @ _AVERAGE_INK.T
    edges = _edges(gradients.reshape(count, 2, -1))
    by_column = edges.reshape(count, -1, SIDE) @ _EDGE_WEIGHTS.T
    by_cell = _AVERAGE_EDGES @ by_column.reshape(count, _ORIENTATIONS, SIDE, _EDGE_CELLS)
    vectors[:, :_INK] = ink.reshape(count, -1)
    vectors[:, _INK:] = by_cell.reshape(count, -1)


def _edges(gradients: Floats) -> Floats:
    """Return gradient magnitudes (n, _ORIENTATIONS, 784) of gradients (n, 2, 784) in x and y.

    Orientations are unsigned (0° to 180°). A gradient is the sum of two vectors along the two
    orientations that are nearest to it, and their lengths are its magnitudes there. Such a length
    is the component along the orientation minus the other one of `_COMPONENTS`. For all other
    orientations, the difference is negative.
    """
    components = _COMPONENTS @ gradients
    np.abs(components, out=components)
    edges = components[:, :_ORIENTATIONS] - components[:, _ORIENTATIONS:]
    return np.maximum(edges, _ZEROS, out=edges)


def residual(differences: Floats, explained: Floats) -> Floats:
    """Return the norms (…) of what is left of differences (…, FEATURES).

    :param explained: the products (…, k) of the differences and an orthonormal basis
    """
    squares = np.vecdot(differences, differences) - np.vecdot(explained, explained)
    norms: Floats = np.sqrt(np.maximum(squares, 0))
    return norms
