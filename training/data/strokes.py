"""Strokes of a pen: lines and curves, their random deformation, and their image.

A stroke is a list of points: x to the right, y down, a digit about 1 high.
"""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from server.regression.shapes import SIDE

# The longer side of the ink's bounding box, in pixels, as in MNIST.
FIT = 20

# Prevents a division by 0 for a segment of length 0.
_TINY = np.float32(1e-9)

Points = NDArray[np.float64]
PointList = Sequence[Sequence[float] | Points] | Points

_X, _Y = (
    axis.reshape(-1, 1).astype(np.float32) + 0.5
    for axis in np.meshgrid(np.arange(SIDE), np.arange(SIDE))
)


def curve(through: PointList, random: Generator, jitter: float = 0.022, steps: int = 6) -> Points:
    """Return a smooth line (Catmull-Rom spline) through points, each moved at random.

    :param jitter: standard deviation of the moves
    :param steps: points per segment
    """
    points = line(through, random, jitter)
    before, after = 2 * points[0] - points[1], 2 * points[-1] - points[-2]
    padded = np.vstack([before, points, after])
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    a, b, c, d = (padded[i : len(padded) - 3 + i][:, None, :] for i in range(4))
    spline = 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )
    return np.vstack([spline.reshape(-1, 2), points[-1:]])


def line(through: PointList, random: Generator, jitter: float = 0.022) -> Points:
    """Return straight lines between points, each moved at random; see `curve`."""
    points = np.asarray(through, np.float64)
    return points + random.normal(0, jitter, points.shape)


def ring(
    centre: tuple[float, float],
    half_axes: tuple[float, float],
    start: float,
    sweep: float,
    growth: float,
    count: int = 22,
) -> Points:
    """Return an elliptical arc; angles are in degrees, with −90 at the top.

    :param growth: relative change of the radius over the arc, which makes it a spiral
    """
    angle = np.radians(np.linspace(start, start + sweep, count))
    radius = 1 + growth * np.linspace(0, 1, count)
    unit = np.column_stack([np.cos(angle), np.sin(angle)])
    points: Points = np.asarray(centre) + np.asarray(half_axes) * radius[:, np.newaxis] * unit
    return points


def slash(x: float, y: float, half_length: float, degrees: float, squeeze: float = 1) -> Points:
    """Return a straight line through (x, y) that rises to the right.

    :param squeeze: factor on the width
    """
    angle = float(np.radians(degrees))
    dx, dy = half_length * np.cos(angle) * squeeze, half_length * np.sin(angle)
    return np.array([[x + dx, y - dy], [x - dx, y + dy]])


def deform(strokes: list[Points], random: Generator, strength: float = 1) -> list[Points]:
    """Return strokes of a digit about 1 high after random deformations.

    Each stroke is shifted; the whole digit is bent, stretched, sheared and rotated.

    :param strength: factor on all deformations
    """
    points = np.vstack(strokes)
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    stretch, slant = np.exp(random.normal(0, 0.3) * strength), random.normal(0.05, 0.3) * strength
    turn = np.radians(random.normal(0, 8)) * strength
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    affine = rotation @ [[stretch, -slant], [0, 1]]
    bend = random.normal(0, 0.18, (3, 2)) * strength
    deformed = []
    for stroke in strokes:
        moved = stroke - middle + random.normal(0, 0.02, 2) * strength
        x, y = moved.T
        bent = moved + np.column_stack([x * x, x * y, y * y]) @ bend
        deformed.append(bent @ affine.T)
    return deformed


def draw(strokes: list[Points], pen: float) -> NDArray[np.uint8]:
    """Return pixels (784,), ink = 255: strokes scaled to FIT pixels, the centre of mass centred.

    A pixel's coverage is computed from the distance of its centre to the nearest segment, and the
    centre of mass from the lengths of the segments.

    :param pen: the pen's width as a fraction of the digit's longer side
    """
    starts = np.vstack([stroke[:-1] for stroke in strokes])
    ends = np.vstack([stroke[1:] for stroke in strokes])
    size = float(np.ptp(np.vstack([starts, ends]), axis=0).max())
    scale = FIT / (size * (1 + pen))
    radius = pen * size * scale / 2
    lengths = np.hypot(*(ends - starts).T)
    centre = lengths @ ((starts + ends) / 2) / lengths.sum()
    x, y = ((starts - centre) * scale + SIDE / 2).T.astype(np.float32)
    dx, dy = ((ends - starts) * scale).T.astype(np.float32)
    # (784, segments): offsets from each segment's start to each pixel.
    to_x, to_y = _X - x, _Y - y
    along = np.clip((to_x * dx + to_y * dy) / (dx * dx + dy * dy + _TINY), 0, 1)
    distance = np.sqrt(((to_x - along * dx) ** 2 + (to_y - along * dy) ** 2).min(axis=1))
    pixels: NDArray[np.uint8] = np.rint(np.clip(radius + 0.5 - distance, 0, 1) * 255).astype(
        np.uint8
    )
    return pixels
