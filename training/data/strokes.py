"""Strokes of a pen: lines and curves, their random deformation, and their place on the pad.

A stroke is a list of points: x to the right, y down, a digit about 1 high.
"""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from server.regression.rasterizer import PEN_WIDTH

Points = NDArray[np.float64]
PointList = Sequence[Sequence[float] | Points] | Points


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


def place_on_pad(strokes: list[Points], pen: float) -> list[Points]:
    """Return strokes in fractions of the pad's side, centred, and as large as the pen makes them.

    :param pen: the width that the page's pen then has, as a fraction of the strokes' longer side
    """
    points = np.vstack(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = PEN_WIDTH / (pen * (high - low).max())
    return [(stroke - (low + high) / 2) * scale + 0.5 for stroke in strokes]
