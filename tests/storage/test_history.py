"""A training's history, and its file."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from server.regression.shapes import DIGITS, PIXELS
from server.storage.archive import ArchiveError, pack
from server.storage.history import History, load_history, quantize, save_history
from server.storage.model_name import ModelNameError
from server.web.common.weight_files import replay_bytes
from tests.support.factories import make_history

ARRAYS = (
    *("steps", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy"),
    *("frames", "scales", "biases", "last_weights"),
)


def test_quantized_weights_are_right_to_half_a_step_of_127() -> None:
    weights = np.random.default_rng(0).normal(size=(PIXELS, DIGITS)).astype(np.float32)
    frame, scale = quantize(weights)
    largest = np.abs(weights).max()
    assert np.abs(frame * scale - weights).max() <= largest / 254 * 1.0001
    assert np.abs(frame).max() == 127


@pytest.mark.parametrize("value", [0, 1e-30, -3e38, np.finfo(np.float32).max])
def test_weights_of_any_size_can_be_quantized(value: float) -> None:
    frame, scale = quantize(np.full((PIXELS, DIGITS), value, np.float32))
    assert np.isfinite(scale)
    assert frame[0, 0] * np.float64(scale) == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("durable", [False, True])
@pytest.mark.parametrize("steps", [0, 1, 60])
def test_a_saved_history_is_loaded_as_it_was(tmp_path: Path, durable: bool, steps: int) -> None:
    history = make_history("mine", steps, step=99, reason="none", batch_size="all")
    loaded = load_history(save_history(tmp_path, history, durable=durable))
    assert loaded.name == "mine"
    assert loaded.card == history.card
    for array in ARRAYS:
        assert np.array_equal(getattr(loaded, array), getattr(history, array))
    assert len(loaded.digest) == 64


def test_a_replay_is_read_by_its_documented_offsets() -> None:
    history = make_history(steps=5)
    blob = replay_bytes(history)
    n = (len(blob) - 31_360) // 7_884
    assert n == 5
    scales = np.frombuffer(blob, "<f4", n)
    biases = np.frombuffer(blob, "<f4", 10 * n, offset=4 * n).reshape(n, DIGITS)
    last = np.frombuffer(blob, "<f4", 7_840, offset=44 * n).reshape(PIXELS, DIGITS)
    frames = np.frombuffer(blob, np.int8, offset=44 * n + 31_360).reshape(n, PIXELS, DIGITS)
    for step in range(n):
        assert np.allclose(scales[step] * frames[step], step)
    assert np.array_equal(biases, history.biases)
    assert np.array_equal(last, history.last_weights)


def write(path: Path, history: History, **changes: Any) -> None:
    arrays: dict[str, Any] = {key: getattr(history, key) for key in ARRAYS} | changes
    kept = {key: array for key, array in arrays.items() if array is not None}
    path.write_bytes(pack(kept, kept.pop("card", history.card)))


class NoCard(msgspec.Struct):
    """A card that says nothing."""


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"frames": None}, "contains ['biases', 'card', 'last_weights'"),
        ({"scales": np.zeros(3, np.float32)}, "scales has shape (3,), not (4,)"),
        ({"frames": np.zeros((4, 10, 784), np.int8)}, "not (4, 784, 10)"),
        ({"biases": np.zeros(4, np.float32)}, "biases has shape (4,), not (4, 10)"),
        ({"train_loss": np.zeros(4)}, "train_loss is float64, not float32"),
        ({"train_loss": np.full(4, np.nan, np.float32)}, "train_loss is not finite everywhere"),
        ({"steps": np.array([0, 2, 1, 3], np.int32)}, "steps are not increasing"),
        ({"steps": np.array([-1, 0, 1, 3], np.int32)}, "steps are not increasing"),
        (
            {"steps": np.array([0, 1, 2, 4], np.int32)},
            "steps are not increasing numbers from 0 to 3",
        ),
        ({"card": NoCard()}, "card: Object missing required field `recipe`"),
    ],
)
def test_a_file_that_holds_no_history_is_refused_with_what_is_wrong(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    path = tmp_path / "broken.npz"
    write(path, make_history(), **changes)
    with pytest.raises(ArchiveError) as refusal:
        load_history(path)
    assert str(refusal.value).startswith("broken.npz: ")
    assert message in str(refusal.value)


def test_a_finished_history_reaches_its_last_step(tmp_path: Path) -> None:
    save_history(tmp_path, make_history(outcome="finished"))
    with pytest.raises(ArchiveError, match="the last step is not recorded"):
        save_history(tmp_path, make_history(outcome="finished", step=5))


def test_numbers_that_are_not_finite_are_never_saved(tmp_path: Path) -> None:
    history = make_history()
    broken = replace(history, last_weights=np.full((PIXELS, DIGITS), np.inf, np.float32))
    with pytest.raises(ArchiveError, match="last_weights is not finite everywhere"):
        save_history(tmp_path, broken)
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_a_model_cannot_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelNameError, match="cannot name a model"):
        save_history(tmp_path / "history", make_history("../escape"))
    assert list(tmp_path.iterdir()) == []
