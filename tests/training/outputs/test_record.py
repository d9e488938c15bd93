"""The record of a running training."""

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from server.regression.shapes import DIGITS
from server.storage.history import load_history, pack_history, save_history
from server.storage.training_monitor import WRITE_SECONDS
from tests.support.waiting import wait_until
from tests.training.outputs.records import NO_BIAS, SETTINGS, record, weights_of
from training.fitting.evaluation import Metrics
from training.fitting.regression import DivergedError
from training.outputs.reason import IN_TERMINAL
from training.outputs.record import Record

METRICS = Metrics(2.0, 0.25, 1.5, 0.5)


def saved(directory: Path) -> Any:
    return load_history(directory / "training" / "mine.npz")


def test_it_is_written_at_the_start_and_again_without_any_step(tmp_path: Path) -> None:
    with record(tmp_path):
        first = saved(tmp_path)
        assert (first.card.outcome, first.card.phase, len(first.steps)) == (
            *("running", "preparing", 0),
        )
        wait_until(lambda: saved(tmp_path).card.seconds > first.card.seconds)


def test_it_is_written_during_the_training(tmp_path: Path) -> None:
    with record(tmp_path) as training:
        training.set_phase("training")
        training.add(0, METRICS, weights_of(0), NO_BIAS)
        training.add(1, METRICS, weights_of(0.5), NO_BIAS)
        wait_until(lambda: len(saved(tmp_path).steps) == 2)
        history = saved(tmp_path)
    assert (history.card.phase, history.card.step) == ("training", 1)
    assert history.validation_accuracy.tolist() == [0.5, 0.5]
    assert np.array_equal(history.last_weights, weights_of(0.5))


def test_it_is_still_written_after_the_clock_is_set_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hours = iter(range(400_000, 0, -1))

    def save_earlier(*arguments: Any, **options: Any) -> Path:
        path = save_history(*arguments, **options)
        hour = 3_600 * next(hours)
        os.utime(path, (hour, hour))
        return path

    monkeypatch.setattr("training.outputs.record.save_history", save_earlier)
    with record(tmp_path) as training:
        training.add(0, METRICS, weights_of(0), NO_BIAS)
        wait_until(lambda: len(saved(tmp_path).steps) == 1)
        training.add(1, METRICS, weights_of(0), NO_BIAS)
        wait_until(lambda: len(saved(tmp_path).steps) == 2)


def test_a_step_off_the_schedule_is_recorded_until_the_next(tmp_path: Path) -> None:
    training = record(tmp_path)
    for step in (0, 1, 990, 995, 1_000):
        training.add(step, METRICS, weights_of(step), NO_BIAS)
    assert training.history.steps.tolist() == [0, 1, 1_000]
    training = record(tmp_path)
    for step in (0, 1, 990):
        training.add(step, METRICS, weights_of(step), NO_BIAS)
    assert training.history.steps.tolist() == [0, 1, 990]


def test_a_step_is_due_if_it_is_scheduled_or_after_some_time(tmp_path: Path) -> None:
    now = [100.0]
    training = Record(tmp_path, "mine", SETTINGS, weights_of(0), clock=lambda: now[0])
    training.add(0, METRICS, weights_of(0), NO_BIAS)
    assert training.is_due(1)
    assert not training.is_due(990)
    now[0] += WRITE_SECONDS
    assert training.is_due(990)


@pytest.mark.parametrize(
    ("error", "outcome", "reason"),
    [
        (DivergedError("too high"), "diverged", "too high"),
        (KeyboardInterrupt(), "interrupted", None),
        (
            OSError(errno.ENOSPC, "No space left on device", "/home/alice/small.npz"),
            "failed",
            f"No space left on device. {IN_TERMINAL}",
        ),
    ],
)
def test_it_has_the_outcome_and_the_reason(
    tmp_path: Path, error: BaseException, outcome: str, reason: str | None
) -> None:
    def end() -> None:
        with record(tmp_path) as training:
            training.add(0, METRICS, weights_of(0), NO_BIAS)
            raise error

    with pytest.raises(type(error)):
        end()
    card = saved(tmp_path).card
    assert (card.outcome, card.reason, card.model) == (outcome, reason, None)
    assert not (tmp_path / "history").exists()


def test_metrics_that_are_not_finite_end_the_training(tmp_path: Path) -> None:
    training = record(tmp_path)
    with pytest.raises(DivergedError, match="at step 3: the learning rate is too high"):
        training.add(3, METRICS._replace(train_loss=np.nan), weights_of(1), NO_BIAS)
    assert len(training.history.steps) == 0


def test_a_finished_record_ends_in_the_models_weights_and_bias(tmp_path: Path) -> None:
    learned, bias = weights_of(3), np.arange(DIGITS, dtype=np.float32)
    served = learned / np.float32(0.8)
    with record(tmp_path) as training:
        training.add(0, METRICS, weights_of(1), NO_BIAS)
        training.add(1_000, METRICS, learned, bias)
        history, content = training.finish(served, bias / np.float32(0.8), 0.8, "digest")
        assert content == pack_history(history)
        training.mark_finished()
    assert (history.card.outcome, history.card.model) == ("finished", "digest")
    assert history.card.temperature == 0.8
    assert np.array_equal(history.last_weights, served)
    assert np.array_equal(history.biases[-1], bias / np.float32(0.8))
    assert np.allclose(history.frames[0] * history.scales[0], 1 / 0.8)
    assert saved(tmp_path).card.outcome == "finished"


def test_of_two_with_the_same_name_the_later_is_recorded_and_both_finish(
    tmp_path: Path,
) -> None:
    with record(tmp_path) as first:
        with record(tmp_path) as second:
            second.add(0, METRICS, weights_of(2), NO_BIAS)
            first.add(0, METRICS, weights_of(1), NO_BIAS)
            # While the second is written three times, the first would be written too.
            times = set()
            wait_until(lambda: times.add(saved(tmp_path).card.seconds) or len(times) > 3)
            assert saved(tmp_path).card.run == second.history.card.run
            first.add(1_000, METRICS, weights_of(1), NO_BIAS)
            history, _ = first.finish(weights_of(1), NO_BIAS, 1, "first")
            assert history.card.model == "first"
            first.mark_finished()
        assert np.array_equal(saved(tmp_path).last_weights, weights_of(2))


def test_a_directory_that_cannot_be_written_for_a_while_does_not_end_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = []

    def refuse(*_: object, **__: object) -> Path:
        refusals.append(1)
        raise OSError("disk full")

    with record(tmp_path) as training:
        with monkeypatch.context() as patch:
            patch.setattr("training.outputs.record.save_history", refuse)
            wait_until(lambda: len(refusals) >= 2)
        training.add(0, METRICS, weights_of(0), NO_BIAS)
        wait_until(lambda: len(saved(tmp_path).steps) == 1)


@pytest.mark.parametrize("is_finished", [False, True])
def test_the_outcome_is_written_even_if_a_signal_interrupts_the_last_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_finished: bool
) -> None:
    training = record(tmp_path)

    def write_and_stop(*arguments: Any, **options: Any) -> Path:
        save_history(*arguments, **options)
        raise KeyboardInterrupt

    def run() -> None:
        with training:
            training.add(0, METRICS, weights_of(0), NO_BIAS)
            if is_finished:
                training.add(1_000, METRICS, weights_of(1), NO_BIAS)
            monkeypatch.setattr("training.outputs.record.save_history", write_and_stop)

    with pytest.raises(KeyboardInterrupt):
        run()
    monkeypatch.setattr("training.outputs.record.save_history", save_history)
    assert saved(tmp_path).card.outcome == "running"
    if is_finished:
        training.mark_finished()
    training.mark_interrupted()
    assert saved(tmp_path).card.outcome == ("finished" if is_finished else "interrupted")
