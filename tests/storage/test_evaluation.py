"""What a model makes of the test images, and its file."""

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from server.regression.shapes import PIXELS
from server.storage.archive import ArchiveError
from server.storage.evaluation import load_evaluation
from tests.support.factories import make_evaluation, save_evaluation


def test_a_saved_evaluation_is_loaded_as_it_was(tmp_path: Path) -> None:
    evaluation = make_evaluation("mine", "digest")
    loaded = load_evaluation(save_evaluation(tmp_path, evaluation))
    assert loaded.name == "mine"
    assert loaded.card == evaluation.card
    for array in ("confusion", "bin_counts", "bin_right", "index", "label", "loss", "pixels"):
        assert np.array_equal(getattr(loaded, array), getattr(evaluation, array))


def test_the_answer_tells_misread_images_from_those_read_right() -> None:
    evaluation = make_evaluation("mine", "digest")
    answer = evaluation.answer()
    assert [(example.label, example.digit) for example in answer.misread] == [(4, 9), (9, 4)]
    assert [(example.label, example.digit) for example in answer.read] == [(9, 9)]
    first = answer.misread[0]
    assert (first.index, first.probability, first.loss) == (7, 0.5, 3)
    assert base64.b64decode(first.pixels) == bytes(index % 256 for index in range(PIXELS))
    assert answer.confusion[4][9] == answer.confusion[9][4] == answer.confusion[9][9] == 1


def test_bins_without_images_have_no_figures() -> None:
    bins = make_evaluation("mine", "digest").reliability()
    assert [(entry.low, entry.high) for entry in bins] == [
        (pytest.approx(step / 15), pytest.approx((step + 1) / 15)) for step in range(15)
    ]
    assert (bins[0].count, bins[0].probability, bins[0].accuracy) == (0, None, None)
    assert (bins[7].count, bins[7].probability, bins[7].accuracy) == (2, 0.5, 0)
    assert (bins[14].count, bins[14].probability, bins[14].accuracy) == (1, 0.5, 1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"label": np.array([4, 9, 10], np.uint8)}, "label is not 0 to 9 everywhere"),
        ({"digit": np.array([4, 4, 9], np.uint8)}, "misclassified images do not come first"),
        ({"index": np.zeros(2, np.int32)}, "label has shape (3,), not (2,)"),
        ({"confusion": np.zeros((9, 9), np.int32)}, "confusion has shape (9, 9), not (10, 10)"),
    ],
)
def test_an_invalid_evaluation_is_never_saved(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ArchiveError) as refusal:
        save_evaluation(tmp_path, replace(make_evaluation("mine", "digest"), **changes))
    assert message in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


def test_a_broken_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "mine.npz").write_bytes(b"broken")
    with pytest.raises(ArchiveError, match=r"mine\.npz: not a valid \.npz file"):
        load_evaluation(tmp_path / "mine.npz")
