"""From strokes to the 784 pixels of the model's input, as `static/numbers/rasterizer.js` does it.

The pad is a grid of cells, and a cell has ink if the round pen covers its centre. The ink is
prepared as MNIST's images were: crop, scale the longer side to 20 pixels by area averaging, and
move the centre of mass to the centre of 28×28.

Source: Y. LeCun et al., "The MNIST database of handwritten digits", 1998.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise

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
# slightly larger pen. An exact test then removes the cells that are too many.
_ESTIMATED_RADIUS = RADIUS * (1 + 1e-9)

# In cells. The estimated end of an interval is tested if it is this close to a cell's centre, or if
# the pen's area is this narrow. Elsewhere, the larger pen moves an end by less than a fifth of it.
_DOUBT = 1e-3

# Prevents a division by 0 for a horizontal segment.
_TINY = 1e-200

# Segments and drawings that are processed at a time: enough to make the overhead of NumPy's calls
# small, few enough to bound the memory. Each segment has at most GRID rows.
_SEGMENTS = 256
_DRAWINGS = 16

# A line is a row of the grid of one of several drawings, and a place is a cell of a line. There is
# at least one more cell in a line than in a row, so that intervals of two lines never touch.
_LINE = 512

# The sides of an interval of cells, left and right, as (2, 1).
_SIDES = np.array([[-1.0], [1.0]])

_PIXELS = np.arange(SIDE)

Stroke = Sequence[Sequence[float]] | NDArray[np.float64]
Pixels = NDArray[np.uint8]

_Cells = NDArray[np.float64]
_Places = NDArray[np.int64]


def rasterize(strokes: Sequence[Stroke]) -> Pixels | None:
    """Return pixels (784,), row-major, ink = 255, or None without ink on the pad.

    :param strokes: each a sequence of finite (x, y), fractions of the pad's side, y pointing down;
        ink outside the pad is lost
    """
    return next(rasterize_all([strokes]))


def rasterize_all(drawings: Iterable[Sequence[Stroke]]) -> Iterator[Pixels | None]:
    """Yield the pixels of each drawing, as `rasterize` returns them, in less time."""
    remaining = iter(drawings)
    while group := list(islice(remaining, _DRAWINGS)):
        begins, ends = _ink([_segments(strokes) for strokes in group])
        # Where the lines of each drawing begin.
        bounds = np.searchsorted(begins, np.arange(len(group) + 1) * (GRID * _LINE))
        for first, last in pairwise(bounds.tolist()):
            yield _average(begins[first:last], ends[first:last]) if first < last else None


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


def _ink(drawings: list[_Cells]) -> tuple[_Places, _Places]:
    """Return the inked intervals of drawings (4, n): their first places, and those behind the last.

    They are in ascending order, and do not touch.
    """
    segments = np.concatenate(drawings, axis=1)
    layers = np.repeat(np.arange(len(drawings)), [drawing.shape[1] for drawing in drawings])
    found = [np.empty(0, np.int64)]
    for start in range(0, segments.shape[1], _SEGMENTS):
        part = slice(start, start + _SEGMENTS)
        found.append(_intervals(segments[:, part], layers[part]))
    intervals = np.concatenate(found)
    # Sorting one number per interval is several times as fast as sorting pairs.
    intervals.sort()
    begins, lengths = np.divmod(intervals, _LINE)
    # The furthest end so far: an interval that begins behind it is separate from all before it.
    ends = np.maximum.accumulate(begins + lengths)
    is_separate = begins[1:] > ends[:-1]
    first = np.concatenate([begins[:1], begins[1:][is_separate]])
    return first, np.concatenate([ends[:-1][is_separate], ends[-1:]])


def _intervals(segments: _Cells, layers: NDArray[np.intp]) -> _Places:
    """Return place × _LINE + length of the inked interval of each segment in each row it touches.

    It is one interval, because the area under a round pen is convex.

    :param layers: (n,) the index of each segment's drawing
    """
    _, y0, _, y1 = segments
    top = np.clip(np.floor(np.minimum(y0, y1) - RADIUS), 0, GRID)
    bottom = np.clip(np.ceil(np.maximum(y0, y1) + RADIUS), 0, GRID)
    # From here on, one column for each pair of a segment and a row.
    counts = np.maximum(0, bottom - top).astype(np.intp)
    rows = np.arange(counts.sum()) + np.repeat(top - (np.cumsum(counts) - counts), counts)
    edges, half_chords = _estimate(segments, counts, rows)
    begin, end = edges
    cells = np.stack([np.maximum(0, np.ceil(begin)), np.minimum(GRID - 1, np.floor(end))])
    is_doubtful = np.minimum(np.abs(cells - edges), half_chords) < _DOUBT
    _shrink(cells, is_doubtful, segments, counts, rows)
    first, last = cells
    # All numbers are whole and far below 2⁵³, so floats hold them exactly.
    places = (np.repeat(layers * GRID, counts) + rows) * _LINE + first
    intervals: _Places = (places * _LINE + (last - first + 1))[first <= last].astype(np.int64)
    return intervals


def _estimate(segments: _Cells, counts: NDArray[np.intp], rows: _Cells) -> tuple[_Cells, _Cells]:
    """Return where, in each pair's row, the pen's area begins and ends, and half chords (2, n).

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
    half_chords = np.sqrt(np.maximum(0, _ESTIMATED_RADIUS**2 - from_centre * from_centre))
    return x - 0.5 + along * dx + _SIDES * half_chords, half_chords


def _shrink(
    cells: _Cells,
    is_doubtful: NDArray[np.bool_],
    segments: _Cells,
    counts: NDArray[np.intp],
    rows: _Cells,
) -> None:
    """Move the doubtful ends of intervals (2, n) inwards, in place, to the first cells with ink.

    The test is the page's, in the same order of floating-point operations.

    :param counts: the number of rows of each segment
    """
    x0, y0, x1, y1 = segments
    dx, dy = x1 - x0, y1 - y0
    squares = dx * dx + dy * dy
    squares = np.where(squares == 0, 1, squares)
    lines = np.stack([x0, y0, dx, dy, squares])
    owners = np.repeat(np.arange(len(counts)), counts)

    sides, pairs = np.nonzero(is_doubtful & (cells[0] <= cells[1]))
    while pairs.size:
        x, y, dx, dy, squares = lines[:, owners[pairs]]
        px, py = cells[sides, pairs] + 0.5 - x, rows[pairs] + 0.5 - y
        along = np.minimum(1, np.maximum(0, (px * dx + py * dy) / squares))
        ex, ey = px - along * dx, py - along * dy
        is_outside = ex * ex + ey * ey > RADIUS * RADIUS
        sides, pairs = sides[is_outside], pairs[is_outside]
        cells[sides, pairs] += 1 - 2 * sides
        has_cells = cells[0, pairs] <= cells[1, pairs]
        sides, pairs = sides[has_cells], pairs[has_cells]


def _average(begins: _Places, ends: _Places) -> Pixels:
    """Return the pixels (784,) of one drawing's intervals, at least one, as `_ink` returns them."""
    lines, first = np.divmod(begins, _LINE)
    rows, lengths = lines % GRID, ends - begins
    behind = first + lengths
    left, top = first.min(), rows[0]
    width, height = behind.max() - left, rows[-1] + 1 - top
    scale = FIT / max(width, height)
    count = lengths.sum()
    # The mean of an interval's cells is halfway between its first and its last; the centre of a
    # cell is half a cell from its edge.
    x = (lengths @ (first + behind - 1)) / 2 / count + 0.5
    y = (lengths @ rows) / count + 0.5
    before_column = _area_before(x, scale, left, width)
    before_row = _area_before(y, scale, top, height)
    across = before_column.take(behind - left, axis=0)
    across -= before_column.take(first - left, axis=0)
    down = (before_row[1:] - before_row[:-1]).take(rows - top, axis=0)
    ink = down.T @ across
    # Rounds half up, as JavaScript does.
    pixels: Pixels = np.floor(np.minimum(1, ink) * 255 + 0.5).astype(np.uint8).reshape(-1)
    return pixels


def _area_before(centre: float, scale: float, first: int, count: int) -> _Cells:
    """Return the fraction of each pixel that is before a cell (count + 1, 28), along one axis.

    :param centre: the cell coordinate that becomes the middle of the 28 pixels
    :param scale: pixels per cell
    :param first: the first of `count` cells; the last row is of the cell after them
    """
    edges = np.arange(first, first + count + 1) * scale
    parts: _Cells = np.add.outer(edges, SIDE / 2 - centre * scale - _PIXELS)
    return parts.clip(0, 1, out=parts)
