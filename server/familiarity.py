"""How far a picture lies from what a model was trained on.

A softmax regression gives ten probabilities for anything, a scribble too. So the model's file also
holds, for each way to write a digit, what its training pictures look like: their mean, and the axes
along which they differ most. What of a picture these axes cannot explain is its distance from it.
"""

from dataclasses import dataclass

import numpy as np

from server.shapes import SIDE, Floats

# Ink is averaged over squares of 2 × 2 pixels, edges in each of four directions over 4 × 4.
_INK_SIDE = 14
_EDGE_SIDE = 7
_INK = _INK_SIDE**2
FEATURES = _INK + 4 * _EDGE_SIDE**2

# Each digit is one way, but for the 0: with a slash through it, it looks so different that what
# lies between both is no 0.
WAYS = 11
SLASHED_ZERO = 10
WAYS_OF = ((0, SLASHED_ZERO), (1,), (2,), (3,), (4,), (5,), (6,), (7,), (8,), (9,))

# How many axes a way has: fewer take the rarer ways of writing it for strange, more take
# triangles and houses for digits.
AXES = 45

# What an edge counts for beside ink.
_EDGE_WEIGHT = 1.5

_AVERAGE_INK = np.kron(np.eye(_INK_SIDE), np.full((1, 2), 1 / 2)).astype(np.float32)
_AVERAGE_EDGES = np.kron(np.eye(_EDGE_SIDE), np.full((1, 4), 1 / 4)).astype(np.float32)
_DIAGONAL = np.float32(0.5**0.5)


@dataclass(frozen=True, eq=False)
class Familiarity:
    """What the training pictures of each way to write a digit look like, and how far is too far.

    `means` (WAYS, FEATURES) and `axes` (WAYS, FEATURES, AXES), orthonormal columns, are of the
    pictures' features; `limits` (WAYS,) are distances.
    """

    means: Floats
    axes: Floats
    limits: Floats

    def distance(self, pixels: Floats, digit: int) -> float:
        """Tell how far normalised pixels (784,) lie from a digit; 1 is the limit."""
        return float(self.distances(features(pixels), digit))

    def distances(self, found: Floats, digit: int) -> Floats:
        """Tell the same (…) of features (…, FEATURES): the least of the distances to its ways."""
        ways = [
            residual(found - self.means[way], self.axes[way]) / self.limits[way]
            for way in WAYS_OF[digit]
        ]
        nearest: Floats = np.minimum.reduce(ways)
        return nearest


def features(pixels: Floats) -> Floats:
    """Return averages of ink and of edges (…, FEATURES) over pixels (…, 784) in [0, 1]."""
    images = pixels.reshape(-1, SIDE, SIDE)
    count = len(images)
    padded = np.zeros((count, SIDE + 2, SIDE + 2), np.float32)
    padded[:, 1:-1, 1:-1] = images
    edges = np.empty((count, 4, SIDE, SIDE), np.float32)
    np.subtract(padded[:, 1:-1, 2:], padded[:, 1:-1, :-2], out=edges[:, 0])
    np.subtract(padded[:, 2:, 1:-1], padded[:, :-2, 1:-1], out=edges[:, 1])
    np.subtract(padded[:, 2:, 2:], padded[:, :-2, :-2], out=edges[:, 2])
    np.subtract(padded[:, 2:, :-2], padded[:, :-2, 2:], out=edges[:, 3])
    # Diagonal neighbours are farther apart.
    edges[:, 2:] *= _DIAGONAL
    np.abs(edges, out=edges)
    found = np.empty((count, FEATURES), np.float32)
    found[:, :_INK] = (_AVERAGE_INK @ images @ _AVERAGE_INK.T).reshape(count, -1)
    found[:, _INK:] = (_AVERAGE_EDGES @ edges @ _AVERAGE_EDGES.T).reshape(count, -1)
    found[:, _INK:] *= _EDGE_WEIGHT
    return found.reshape(*pixels.shape[:-1], FEATURES)


def residual(differences: Floats, axes: Floats) -> Floats:
    """Return the length (…) of what axes (FEATURES, k) leave of differences (…, FEATURES)."""
    explained = np.square(differences @ axes).sum(axis=-1)
    unexplained: Floats = np.square(differences).sum(axis=-1) - explained
    return np.sqrt(np.maximum(unexplained, 0))
