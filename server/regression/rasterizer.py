"""From strokes to the 784 pixels of the model's input, as `static/numbers/rasterizer.js` does it.

The pad is a grid of cells, and a cell has ink if the round pen covers its centre. The ink is
prepared as MNIST's images were: crop, scale the longer side to 20 pixels by area averaging, and
move the centre of mass to the centre of 28×28.

Source: Y. LeCun et al., "The MNIST database of handwritten digits", 1998.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from server.regression.shapes import SIDE

# The pen's width, as a fraction of the pad's side.
PEN_WIDTH = 0.08

# Cells along the pad's side. All coordinates below are in cells.
GRID = 320

# The longer side of the ink in the 28×28 picture, in pixels.
FIT = 20

RADIUS = PEN_WIDTH / 2 * GRID

# The estimate of where ink begins and ends must not miss a cell because of rounding, so it has a
# slightly larger pen. The exact test then removes the cells that are too many.
_ESTIMATED_RADIUS = RADIUS * (1 + 1e-9)

# Prevents a division by 0 for a horizontal segment.
_TINY = 1e-200

# Segments that are inked at a time. Each has at most GRID rows: this bounds the memory.
_BATCH = 128

# The sides of an interval of cells, left and right, as (2, 1).
_SIDES = np.array([[-1.0], [1.0]])

_PIXELS = np.arange(SIDE)[:, np.newaxis]

Stroke = Sequence[Sequence[float]] | NDArray[np.float64]

_Cells = NDArray[np.float64]


def rasterize(strokes: Sequence[Stroke]) -> NDArray[np.uint8] | None:
    """Return pixels (784,), row-major, ink = 255, or None without ink on the pad.

    :param strokes: each a sequence of finite (x, y), fractions of the pad's side, y pointing down;
        ink outside the pad is lost
    """
    mask, left, top = _ink(_segments(strokes))
    if mask.size == 0:
        return None
    height, width = mask.shape
    scale = FIT / max(height, width)
    count = mask.sum()
    # The centre of a cell is half a cell from its edge.
    x = (mask.sum(axis=0) @ np.arange(left, left + width)) / count + 0.5
    y = (mask.sum(axis=1) @ np.arange(top, top + height)) / count + 0.5
    across = _area_weights(x, scale, np.arange(left, left + width))
    down = _area_weights(y, scale, np.arange(top, top + height))
    ink = down @ mask @ across.T
    # Rounds half up, as JavaScript does.
    return np.floor(np.minimum(1, ink) * 255 + 0.5).astype(np.uint8).reshape(-1)


def _segments(strokes: Sequence[Stroke]) -> _Cells:
    """Return x0, y0, x1 and y1 (4, n) of all segments.

    A stroke begins with a segment of length 0: a tap leaves ink.
    """
    arrays = [np.asarray(stroke, np.float64).reshape(-1, 2) for stroke in strokes if len(stroke)]
    if not arrays:
        return np.empty((4, 0))
    ends = np.concatenate(arrays) * GRID
    starts = np.empty_like(ends)
    starts[1:] = ends[:-1]
    first = np.cumsum([0, *(len(array) for array in arrays[:-1])])
    starts[first] = ends[first]
    return np.concatenate([starts.T, ends.T])


def _ink(segments: _Cells) -> tuple[_Cells, int, int]:
    """Return the inked part of the grid, 1 = ink, and its first column and row.

    In a row, a segment's cells are one interval, because the area under a round pen is convex.
    """
    # In each row, +1 where an interval begins and −1 behind its end: the sum is above 0 in ink.
    changes = np.zeros((GRID, GRID + 1), np.int32)
    flat = changes.reshape(-1)
    left, right, top, bottom = GRID, -1, GRID, -1
    for start in range(0, segments.shape[1], _BATCH):
        rows, first, last = _intervals(segments[:, start : start + _BATCH])
        if rows.size == 0:
            continue
        begins = rows * (GRID + 1)
        # NumPy is fast here if the number has the array's type.
        np.add.at(flat, begins + first, np.int32(1))
        np.add.at(flat, begins + last + 1, np.int32(-1))
        left, right = min(left, first.min().item()), max(right, last.max().item())
        top, bottom = min(top, rows.min().item()), max(bottom, rows.max().item())
    depth = np.cumsum(changes[top : bottom + 1, left : right + 1], axis=1)
    return (depth > 0).astype(np.float64), left, top


def _intervals(segments: _Cells) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return the row, the first and the last inked cell of each segment in each row it touches."""
    _, y0, _, y1 = segments
    top = np.clip(np.floor(np.minimum(y0, y1) - RADIUS), 0, GRID)
    bottom = np.clip(np.ceil(np.maximum(y0, y1) + RADIUS), 0, GRID)
    # From here on, one column for each pair of a segment and a row.
    counts = np.maximum(0, bottom - top).astype(np.intp)
    rows = np.arange(counts.sum()) + np.repeat(top - (np.cumsum(counts) - counts), counts)
    begin, end = _estimate(segments, counts, rows) - 0.5
    cells = np.stack([np.maximum(0, np.ceil(begin)), np.minimum(GRID - 1, np.floor(end))])
    _shrink(cells, segments, counts, rows)
    is_inked = cells[0] <= cells[1]
    first, last = cells[:, is_inked].astype(np.intp)
    return rows[is_inked].astype(np.intp), first, last


def _estimate(segments: _Cells, counts: NDArray[np.intp], rows: _Cells) -> _Cells:
    """Return where, in each pair's row, the pen's area begins and ends (2, n).

    Each side is an arc around the segment's upper end, then a straight line, then an arc around its
    lower end. `along` is the position of the arc's centre on the segment, 0 to 1.

    :param counts: the number of rows of each segment
    """
    x0, y0, x1, y1 = segments
    is_downward = y0 <= y1
    x, y = np.where(is_downward, x0, x1), np.where(is_downward, y0, y1)
    dx, dy = np.where(is_downward, x1 - x0, x0 - x1), np.abs(y1 - y0)
    lean = _ESTIMATED_RADIUS * dx / np.maximum(np.hypot(dx, dy), _TINY)
    height = np.maximum(dy, _TINY)
    x, y, dx, dy, lean, height = np.repeat(np.stack([x, y, dx, dy, lean, height]), counts, axis=1)
    below = rows + 0.5 - y
    along = np.clip((below + _SIDES * lean) / height, 0, 1)
    from_centre = below - along * dy
    half_chord = np.sqrt(np.maximum(0, _ESTIMATED_RADIUS**2 - from_centre * from_centre))
    edges: _Cells = x + along * dx + _SIDES * half_chord
    return edges


def _shrink(cells: _Cells, segments: _Cells, counts: NDArray[np.intp], rows: _Cells) -> None:
    """Move the ends of intervals (2, n) inwards, in place, to the first cells with ink.

    The test is the page's, in the same order of floating-point operations.

    :param counts: the number of rows of each segment
    """
    x0, y0, x1, y1 = segments
    dx, dy = x1 - x0, y1 - y0
    squares = dx * dx + dy * dy
    squares = np.where(squares == 0, 1, squares)
    pairs = np.repeat(np.stack([x0, y0, dx, dy, squares]), counts, axis=1)

    def is_outside(cells: _Cells, rows: _Cells, pairs: _Cells) -> NDArray[np.bool_]:
        x, y, dx, dy, squares = pairs
        px, py = cells + 0.5 - x, rows + 0.5 - y
        along = np.minimum(1, np.maximum(0, (px * dx + py * dy) / squares))
        ex, ey = px - along * dx, py - along * dy
        outside: NDArray[np.bool_] = ex * ex + ey * ey > RADIUS * RADIUS
        return outside

    for ends, step, outside in zip(cells, (1, -1), is_outside(cells, rows, pairs), strict=True):
        # Few are outside: those at the tips of the pen's area.
        pending = np.flatnonzero(outside)
        while pending.size:
            ends[pending] += step
            pending = pending[cells[0, pending] <= cells[1, pending]]
            outside = is_outside(ends[pending], rows[pending], pairs[:, pending])
            pending = pending[outside]


def _area_weights(centre: float, scale: float, cells: NDArray[np.intp]) -> _Cells:
    """Return the fraction of each pixel that each cell covers (28, n), along one axis.

    :param centre: the cell coordinate that becomes the middle of the 28 pixels
    :param scale: pixels per cell
    """
    start = centre + (_PIXELS - SIDE / 2) / scale
    end = start + 1 / scale
    covered = np.minimum(cells + 1, end) - np.maximum(cells, start)
    weights: _Cells = np.maximum(0, covered) * scale
    return weights
