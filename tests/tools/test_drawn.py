"""The replay tool's arithmetic."""

import gzip
from pathlib import Path

import pytest

from tests.drawn import summarize
from tests.support.digits import read_drawings


def test_accuracy_is_counted_over_all_and_by_hand_and_label() -> None:
    drawings = [
        {"label": 1, "hand": "a"},
        {"label": 1, "hand": "b"},
        {"label": 7, "hand": "b"},
        {"label": 7, "hand": "b"},
    ]
    answers = [("1", True), ("7", True), ("7", False), ("", False)]
    summary = summarize("tutorial", drawings, answers)
    assert summary["drawings"] == 4
    assert summary["accuracy"] == 0.5
    assert summary["sure"] == 0.5
    assert summary["per_hand"] == {"a": 1, "b": 0.3333}
    assert summary["per_label"] == {"1": 0.5, "7": 0.5}


@pytest.mark.parametrize("is_gzipped", [True, False])
def test_drawings_are_read_from_files_that_are_gzipped_or_not(
    tmp_path: Path, is_gzipped: bool
) -> None:
    content = (
        b'{"label": 1, "hand": "a", "strokes": []}\n{"label": 7, "hand": "b", "strokes": []}\n'
    )
    path = tmp_path / "drawings"
    path.write_bytes(gzip.compress(content) if is_gzipped else content)
    assert [drawing["label"] for drawing in read_drawings(path)] == [1, 7]
    assert [drawing["label"] for drawing in read_drawings(path, limit=1)] == [1]
