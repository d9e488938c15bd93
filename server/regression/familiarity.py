"""How far a picture lies from what a model was trained on.

A softmax regression gives ten probabilities for anything, a scribble too. So the model's file also
holds, for each way to write a digit, what its training pictures look like: their mean, and the axes
along which they differ most. What of a picture these axes cannot explain is its distance from it.
"""

from dataclasses import dataclass
from functools import reduce

import numpy as np

from server.regression.shapes import SIDE, Floats

# Ink is averaged over squares of 2 × 2 pixels; edges, sorted by their direction, over squares of
# about 4 × 4 that overlap.
# Source: N. Dalal and B. Triggs, "Histograms of oriented gradients for human detection", 2005.
_INK_SIDE = 14
_EDGE_SIDE = 7
_DIRECTIONS = 8
_INK = _INK_SIDE**2
FEATURES = _INK + _DIRECTIONS * _EDGE_SIDE**2

# Each digit is one way, but for the 0: with a slash through it, it looks so different that what
# lies between both is no 0.
WAYS = 11
SLASHED_ZERO = 10
WAYS_OF = ((0, SLASHED_ZERO), (1,), (2,), (3,), (4,), (5,), (6,), (7,), (8,), (9,))

# How many axes a way has: fewer take the rarer ways of writing it for strange, more take
# triangles and houses for digits.
AXES = 45

# What an edge counts for beside ink.
_EDGE_WEIGHT = 2

_AVERAGE_INK = np.kron(np.eye(_INK_SIDE), np.full((1, 2), 1 / 2)).astype(np.float32)


def _overlapping_averages() -> Floats:
    """Return weights (_EDGE_SIDE, SIDE) that fall off evenly from the middle of each square."""
    cell = SIDE / _EDGE_SIDE
    middles = (np.arange(_EDGE_SIDE)[:, np.newaxis] + 0.5) * cell
    away = np.abs(np.arange(SIDE) + 0.5 - middles) / cell
    return (np.maximum(0, 1 - away) / cell).astype(np.float32)


_AVERAGE_EDGES = _overlapping_averages()

# Sobel's weights, in the scale of the change over two pixels: along an edge ink is smoothed, and
# across it the difference of two neighbours is taken. Outside is paper.
_NEXT = np.eye(SIDE, k=1, dtype=np.float32)
_SMOOTH = np.eye(SIDE, dtype=np.float32) / 2 + (_NEXT + _NEXT.T) / 4
_CHANGE = _NEXT - _NEXT.T

# Where in a row of all directions each one begins; after the last comes the first again.
_START = SIDE * (np.arange(_DIRECTIONS + 2) % _DIRECTIONS)
_COLUMNS = np.arange(SIDE)


@dataclass(frozen=True, eq=False)
class Familiarity:
    """What the training pictures of each way to write a digit look like, and how far is too far.

    `means` (WAYS, FEATURES) and `axes` (WAYS, FEATURES, AXES), orthonormal columns, are of the
    pictures' features; `limits` (WAYS,) are distances.
    """

    means: Floats
    axes: Floats
    limits: Floats

    def distances(self, found: Floats, digit: int) -> Floats:
        """Tell how far features (…, FEATURES) lie from a digit (…); 1 is the limit.

        It is the least of the distances to the digit's ways.
        """
        ways = [
            residual(found - self.means[way], self.axes[way]) / self.limits[way]
            for way in WAYS_OF[digit]
        ]
        return reduce(np.minimum, ways)


def features(pixels: Floats) -> Floats:
    """Return averages of ink and of edges (…, FEATURES) over pixels (…, 784) in [0, 1]."""
    images = pixels.reshape(-1, SIDE, SIDE)
    count = len(images)
    found = np.empty((count, FEATURES), np.float32)
    found[:, :_INK] = (_AVERAGE_INK @ images @ _AVERAGE_INK.T).reshape(count, -1)
    # A row of all directions lies in one piece, so that two products average all of them.
    rows = _AVERAGE_EDGES @ _edges(images).reshape(count, SIDE, -1)
    averages = rows.reshape(count, -1, SIDE) @ (_EDGE_WEIGHT * _AVERAGE_EDGES).T
    by_row = averages.reshape(count, _EDGE_SIDE, _DIRECTIONS, _EDGE_SIDE)
    found[:, _INK:] = by_row.swapaxes(1, 2).reshape(count, -1)
    return found.reshape(*pixels.shape[:-1], FEATURES)


def _edges(images: Floats) -> Floats:
    """Return how steeply ink changes (n, 28, _DIRECTIONS, 28), shared by the nearest directions.

    A change from paper to ink has the direction of the one back.
    """
    x_change = _SMOOTH @ images @ _CHANGE.T
    y_change = _CHANGE @ images @ _SMOOTH.T
    turn = np.arctan2(y_change, x_change) / np.pi
    turn += turn < 0
    direction = turn * _DIRECTIONS
    before = direction.astype(np.intp)
    share = np.subtract(direction, before, dtype=np.float32)
    steepness = np.sqrt(x_change * x_change + y_change * y_change)
    edges = np.zeros((len(images), SIDE, _DIRECTIONS, SIDE), np.float32)
    flat = edges.reshape(-1)
    # Where each row's first direction begins, and on to the pixel's own column.
    places = np.arange(0, edges.size, _DIRECTIONS * SIDE).reshape(-1, SIDE, 1) + _COLUMNS
    flat[places + _START[before]] = (1 - share) * steepness
    flat[places + _START[before + 1]] = share * steepness
    return edges


def residual(differences: Floats, axes: Floats) -> Floats:
    """Return the length (…) of what axes (FEATURES, k) leave of differences (…, FEATURES)."""
    explained = differences @ axes
    unexplained = np.vecdot(differences, differences) - np.vecdot(explained, explained)
    length: Floats = np.sqrt(np.maximum(unexplained, 0))
    return length
