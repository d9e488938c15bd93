"""TensorBoard summaries, read back from their file."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.util.event_pb2 import Event

from server.regression.shapes import DIGITS, PIXELS
from server.system import atomic_write
from tests.support.limits import no_room_beyond
from training.fitting.evaluation import Metrics
from training.outputs import tensorboard
from training.outputs.tensorboard import BUCKETS, SummaryWriter, buckets, make_run_directory


def read(directory: Path) -> dict[tuple[str, int], Any]:
    """Return every summary as an array, by tag and step, after checking its plugin."""
    (file,) = directory.iterdir()
    found = {}
    for record in tf.data.TFRecordDataset(str(file)):
        event = Event.FromString(record.numpy())
        for value in event.summary.value:
            found[value.tag, event.step] = tf.make_ndarray(value.tensor)
            plugin = value.metadata.plugin_data.plugin_name
            if event.step == 0:
                assert plugin == (
                    "scalars" if "/" in value.tag and "weights" not in value.tag else "histograms"
                )
    return found


def test_curves_and_histograms_are_written_for_every_step(tmp_path: Path) -> None:
    board = SummaryWriter(tmp_path, "board")
    weights = np.zeros((PIXELS, DIGITS), np.float32)
    weights[:, 3] = 0.5
    bias = np.arange(DIGITS, dtype=np.float32)
    for step in (0, 5):
        board.add(step, Metrics(2.5, 0.25, 1.5, 0.75), weights, bias)
    board.close()
    found = read(tmp_path / "board")
    assert found["loss/train", 5] == 2.5
    assert found["accuracy/train", 0] == 0.25
    assert found["loss/validation", 0] == 1.5
    assert found["accuracy/validation", 5] == 0.75
    histogram = found["weights/3", 5]
    assert histogram.shape == (BUCKETS, 3)
    assert histogram[:, 2].sum() == PIXELS
    (filled,) = histogram[histogram[:, 2] > 0]
    assert filled[0] <= 0.5 <= filled[1]
    assert found["bias", 0][:, 2].sum() == DIGITS
    assert len(found) == 2 * (4 + DIGITS + 1)


def test_buckets_are_contiguous_from_the_minimum_to_the_maximum() -> None:
    values = np.linspace(-1, 2, 100, dtype=np.float32)
    left, right, counts = buckets(values).T
    assert (left[0], right[-1]) == (-1, 2)
    assert np.array_equal(right[:-1], left[1:])
    assert counts.sum() == 100


def test_a_directory_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"):
        SummaryWriter(tmp_path / "file", "below")


def test_on_a_full_disk_the_failure_is_kept_and_nothing_more_is_written(tmp_path: Path) -> None:
    board = SummaryWriter(tmp_path, "board")
    weights = np.random.default_rng(0).normal(size=(PIXELS, DIGITS))
    with no_room_beyond(20_000):
        for step in range(50):
            board.add(step, Metrics(2.5, 0.25, 1.5, 0.75), weights, np.zeros(DIGITS))
        board.close()
    assert board.failure is not None
    assert str(board.failure) == f"[Errno 27] File too large: {str(board.directory)!r}"


def test_summaries_that_are_deleted_during_the_training_are_reported(tmp_path: Path) -> None:
    board = SummaryWriter(tmp_path, "board")
    board.add(0, Metrics(2.5, 0.25, 1.5, 0.75), np.zeros((PIXELS, DIGITS)), np.zeros(DIGITS))
    shutil.rmtree(board.directory)
    board.close()
    assert isinstance(board.failure, FileNotFoundError)
    assert board.failure.filename == str(board.directory)


def test_every_training_is_a_separate_run(tmp_path: Path) -> None:
    boards = [SummaryWriter(tmp_path / "new", name) for name in ("a", "b", "a", "a-2", "a")]
    for board in boards:
        board.add(0, Metrics(2.5, 0.25, 1.5, 0.75), np.zeros((PIXELS, DIGITS)), np.zeros(DIGITS))
        board.close()
    names = ["a", "b", "a-2", "a-2-2", "a-3"]
    assert [board.directory.name for board in boards] == names
    assert all(len(list((tmp_path / "new" / name).iterdir())) == 1 for name in names)


def test_the_directories_of_a_run_are_synced_into_those_above_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(atomic_write, "sync_directory", synced.append)
    monkeypatch.setattr(tensorboard, "sync_directory", synced.append)
    make_run_directory(tmp_path / "boards" / "new", "a")
    assert synced == [tmp_path, tmp_path / "boards", tmp_path / "boards" / "new"]


def test_simultaneous_runs_have_different_directories(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: make_run_directory(tmp_path, "a"), range(40)))
    assert len(set(made)) == 40
