"""From strokes to 28×28 in Python. The page's tests compare it with the page's own."""

import math

import numpy as np
import pytest

from server.regression.rasterizer import (
    FIT,
    GRID,
    PEN_WIDTH,
    Stroke,
    rasterize,
    rasterize_all,
)
from server.regression.shapes import SIDE

# Where the left edge of the pen's area is at the centre of a cell.
AT_CENTRE = 100.5 / GRID + PEN_WIDTH / 2

SEVEN = [[(0.25, 0.2), (0.75, 0.2), (0.45, 0.85)], [(0.35, 0.5), (0.7, 0.52)]]


def distance(point: tuple[float, float], start: Stroke, end: Stroke) -> float:
    """Return a point's distance from a segment, by its projections."""
    (x, y), (x0, y0), (x1, y1) = point, start, end
    length = math.hypot(x1 - x0, y1 - y0)
    if length == 0:
        return math.hypot(x - x0, y - y0)
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    along = (x - x0) * ux + (y - y0) * uy
    if 0 <= along <= length:
        return abs((x - x0) * uy - (y - y0) * ux)
    return min(math.hypot(x - x0, y - y0), math.hypot(x - x1, y - y1))


def picture_cell_by_cell(strokes: list[Stroke]) -> np.ndarray | None:
    """Return the picture (28, 28), slowly: every cell, and every cell's share of every pixel."""
    centres = [(cell + 0.5) / GRID for cell in range(GRID)]
    segments = [
        (stroke[max(0, index - 1)], stroke[index])
        for stroke in strokes
        for index in range(len(stroke))
    ]
    inked = [
        (row, column)
        for row, y in enumerate(centres)
        for column, x in enumerate(centres)
        if any(distance((x, y), *segment) <= PEN_WIDTH / 2 for segment in segments)
    ]
    if not inked:
        return None
    rows, columns = np.array(inked).T
    scale = FIT / (max(np.ptp(rows), np.ptp(columns)) + 1)
    picture = np.zeros((SIDE, SIDE))
    # Where each cell begins, in pixels.
    tops = (rows - rows.mean() - 0.5) * scale + SIDE / 2
    lefts = (columns - columns.mean() - 0.5) * scale + SIDE / 2
    for row in range(SIDE):
        heights = np.minimum(row + 1, tops + scale) - np.maximum(row, tops)
        for column in range(SIDE):
            widths = np.minimum(column + 1, lefts + scale) - np.maximum(column, lefts)
            picture[row, column] = (np.maximum(0, heights) * np.maximum(0, widths)).sum()
    return picture * 255


@pytest.mark.parametrize(
    "strokes",
    [
        pytest.param(SEVEN, id="two strokes"),
        pytest.param([[(0.5, 0.5)]], id="one point"),
        pytest.param([[(0.31, 0.62)] * 5], id="the same point again and again"),
        pytest.param([[(0.1, 0.1), (0.2, 0.12)]], id="small and in a corner"),
        pytest.param([[(-0.3, 0.4), (1.4, 0.5)]], id="across the whole pad"),
        pytest.param([[(0.98, -0.5), (0.98, 0.02)]], id="ends in a corner"),
        pytest.param([[(0.2, 0.541562), (0.9, 0.541562)]], id="horizontal"),
        pytest.param([[(0.3, 0.9), (0.3, 0.1), (0.3, 0.9)]], id="there and back"),
        pytest.param([[(0.4, 0.4), (0.4 + 1e-12, 0.4)]], id="nearly one point"),
        pytest.param([[], [(0.2, 0.3), (0.4, 0.9)], []], id="with empty strokes"),
        pytest.param([[(-1e6, -1e6), (1e6, 1e6)]], id="from far away to far away"),
        # The left edge of the pen's area is at the centre of cell 100, and a little to its right.
        pytest.param([[(x, 0.2), (x, 0.8)] for x in [AT_CENTRE - 1e-11]], id="just at centres"),
        pytest.param([[(x, 0.2), (x, 0.8)] for x in [AT_CENTRE + 1e-11]], id="just behind centres"),
    ],
)
def test_pixels_are_those_of_all_cells_one_by_one(strokes: list[Stroke]) -> None:
    pixels, expected = rasterize(strokes), picture_cell_by_cell(strokes)
    assert pixels is not None
    assert expected is not None
    # A half is rounded.
    assert np.abs(pixels.reshape(SIDE, SIDE) - expected).max() <= 0.51


@pytest.mark.parametrize(
    "strokes",
    [
        pytest.param([], id="no strokes"),
        pytest.param([[], []], id="empty strokes"),
        pytest.param([[(1.5, 0.5), (2, 0.5)]], id="off the pad"),
        pytest.param([[(0.5, -0.05), (0.9, -0.05)]], id="just above the pad"),
        pytest.param([[(-1e9, 3e9), (2e9, 3e9)]], id="far away"),
    ],
)
def test_without_ink_on_the_pad_there_are_no_pixels(strokes: list[Stroke]) -> None:
    assert rasterize(strokes) is None


def test_arrays_and_lists_give_the_same_pixels() -> None:
    arrays = [np.array(stroke) for stroke in SEVEN]
    assert np.array_equal(rasterize(arrays), rasterize(SEVEN))


def test_drawings_that_are_rasterized_together_do_not_touch() -> None:
    drawings = [
        SEVEN,
        [],
        [[(0.5, 0.99)]],
        [[(0.5, 0.01)]],
        [[(2, 2)]],
        *([[(0.1, y), (0.9, 1 - y)]] for y in np.linspace(0, 1, 40)),
    ]
    together = list(rasterize_all(drawings))
    assert len(together) == len(drawings)
    for pixels, strokes in zip(together, drawings, strict=True):
        alone = rasterize(strokes)
        assert (pixels is None) == (alone is None)
        assert pixels is None or np.array_equal(pixels, alone)


def test_many_segments_across_the_pad_ink_all_of_it() -> None:
    ends = np.linspace(-0.5, 1.5, 5_000)
    zigzag = [(end, 1.5 if index % 2 else -0.5) for index, end in enumerate(ends)]
    pixels = rasterize([zigzag])
    assert pixels is not None
    square = np.zeros((SIDE, SIDE), np.uint8)
    margin = (SIDE - FIT) // 2
    square[margin:-margin, margin:-margin] = 255
    assert np.array_equal(pixels.reshape(SIDE, SIDE), square)
