"""The measurement of a training with a room: halves, false labels, errors."""

import json
from pathlib import Path

import numpy as np

from server.room.database import read_drawings
from server.storage.model_file import load_model
from tests.room.retraining import count_errors, fill, mislabel, split
from tests.support.digits import ONE, SEVEN
from tests.support.factories import save_small_model

DRAWINGS = [
    {"label": index % 10, "hand": "made up", "strokes": [[[index / 100, 0.5]]]}
    for index in range(100)
]


def test_the_halves_share_no_drawing() -> None:
    first, second = split(DRAWINGS, np.random.default_rng(0))
    assert len(first) == len(second) == 50
    places = {json.dumps(drawing["strokes"]) for drawing in first + second}
    assert len(places) == 100


def test_so_many_labels_are_false_and_the_truth_is_known() -> None:
    changed = mislabel(DRAWINGS, 0.3, None, np.random.default_rng(0))
    assert sum(drawing["label"] != drawing["truth"] for drawing in changed) == 30
    assert [drawing["truth"] for drawing in changed] == [drawing["label"] for drawing in DRAWINGS]
    assert {drawing["label"] for drawing in changed} == set(range(10))


def test_a_joke_relabels_all_drawings_of_a_digit() -> None:
    changed = mislabel(DRAWINGS, 0, (4, 9), np.random.default_rng(0))
    assert {drawing["label"] for drawing in changed if drawing["truth"] == 4} == {9}
    assert all(drawing["label"] == drawing["truth"] for drawing in changed if drawing["truth"] != 4)


def test_the_room_has_the_drawings(tmp_path: Path) -> None:
    fill(tmp_path / "room.db", DRAWINGS)
    drawings = read_drawings(tmp_path / "room.db")
    assert [drawing.label for drawing in drawings] == [drawing["label"] for drawing in DRAWINGS]
    assert drawings[1].strokes == [[(0.01, 0.5)]]


def test_errors_are_drawings_that_are_read_as_another_digit(tmp_path: Path) -> None:
    # It always predicts 7: the drawings leave the first row of pixels free.
    save_small_model(tmp_path, favourite=7)
    drawings = [{"label": 7, "strokes": SEVEN}, {"label": 1, "strokes": ONE}]
    drawings.append({"label": 7, "strokes": [[[2, 2]]]})
    assert count_errors(load_model(tmp_path / "small.npz"), drawings) == 2
