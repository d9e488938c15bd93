"""Strokes of a pen: lines and curves, their random deformation, and their place on the pad.

A stroke is a list of points: x to the right, y down, a digit about 1 high.
"""

from collections.abc import Sequence
from functools import cache
from itertools import accumulate

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
    return _spline_weights(len(points), steps) @ points


@cache
def _spline_weights(count: int, steps: int) -> Points:
    """Return the weights of points in each point of a Catmull-Rom spline through them.

    Their shape is ((count − 1) × steps + 1, count). Before the first point and after the last, the
    spline has one more point, as far away as their neighbours.
    """
    t = np.linspace(0, 1, steps, endpoint=False)[:, np.newaxis]
    of_four = np.hstack(
        [-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2]
    )
    padded = np.zeros((count + 2, count))
    padded[1:-1] = np.eye(count)
    padded[0, :2] = padded[-1, :-3:-1] = 2, -1
    between = [0.5 * of_four @ padded[start : start + 4] for start in range(count - 1)]
    return np.vstack([*between, padded[-2]])


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
    points = np.concatenate(strokes).T
    middle = (points.min(axis=1) + points.max(axis=1)) / 2
    stretch, slant = np.exp(random.normal(0, 0.3) * strength), random.normal(0.05, 0.3) * strength
    turn = np.radians(random.normal(0, 8)) * strength
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    affine = rotation @ [[stretch, -slant], [0, 1]]
    bend = random.normal(0, 0.18, (3, 2)) * strength
    shifts = random.normal(0, 0.02, (len(strokes), 2)) * strength
    lengths = [len(stroke) for stroke in strokes]
    moved = points - middle[:, np.newaxis] + shifts.T.repeat(lengths, axis=1)
    x, y = moved
    bent = moved + bend.T @ np.array([x * x, x * y, y * y])
    deformed = (affine @ bent).T
    ends = accumulate(lengths)
    return [deformed[end - length : end] for end, length in zip(ends, lengths, strict=True)]


def place_on_pad(strokes: list[Points], pen: float) -> list[Points]:
    """Return strokes in fractions of the pad's side, centred, and as large as the pen makes them.

    :param pen: the width that the page's pen then has, as a fraction of the strokes' longer side
    """
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = PEN_WIDTH / (pen * (high - low).max())
    return [(stroke - (low + high) / 2) * scale + 0.5 for stroke in strokes]
