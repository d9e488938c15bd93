"""TrainingMonitor, watched through the server's own clock."""

import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from server.storage.history import TRAININGS, load_history, save_history
from server.storage.training_monitor import DEAD_SECONDS, TrainingMonitor
from tests.support.factories import make_history
from tests.support.gated_load import GatedLoad


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def trainings(tmp_path: Path, clock: Clock) -> TrainingMonitor:
    return TrainingMonitor(tmp_path, clock=clock)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., None]:
    def write(name: str = "mine", **changes: Any) -> None:
        save_history(tmp_path / TRAININGS, make_history(name, **changes), durable=False)

    return write


def listed(trainings: TrainingMonitor) -> list[Any]:
    listed: list[Any] = json.loads(trainings.snapshot().body)["trainings"]
    return listed


def test_without_trainings_the_list_is_empty(trainings: TrainingMonitor) -> None:
    assert listed(trainings) == []
    assert trainings.snapshot().digest


def test_a_training_is_seen_with_its_whole_curve_whenever_it_is_looked_at(
    trainings: TrainingMonitor, write: Any
) -> None:
    write(steps=30, step=40, phase="training", seconds=12.5)
    (training,) = listed(trainings)
    assert (training["name"], training["state"], training["phase"]) == (
        *("mine", "running", "training"),
    )
    assert (training["step"], training["steps"], training["seconds"]) == (40, 9, 12.5)
    curves = training["curves"]
    assert curves["steps"] == list(range(30))
    assert {len(curve) for curve in curves.values()} == {30}
    assert curves["train_loss"][0] == 2.25


def test_a_snapshot_is_reused_up_to_its_maximum_age(
    trainings: TrainingMonitor, write: Any, clock: Clock
) -> None:
    before = trainings.snapshot()
    write()
    clock.seconds += 0.2
    assert trainings.snapshot(max_age=0.25) is before
    clock.seconds += 0.1
    assert trainings.snapshot(max_age=0.25) is not before


def test_without_a_maximum_age_the_snapshot_is_new(trainings: TrainingMonitor, write: Any) -> None:
    trainings.snapshot()
    write()
    assert list(trainings.snapshot().histories) == ["mine"]


def test_those_who_ask_during_the_first_scan_get_its_result(
    tmp_path: Path, write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write()
    load = GatedLoad(load_history)
    monkeypatch.setattr("server.storage.training_monitor.load_history", load)
    trainings = TrainingMonitor(tmp_path)
    first, second = load.call_twice(lambda: trainings.snapshot(max_age=60))
    assert list(first.histories) == list(second.histories) == ["mine"]


def test_the_digest_changes_with_the_trainings_and_only_then(
    trainings: TrainingMonitor, write: Any, clock: Clock
) -> None:
    write(step=5)
    first = trainings.snapshot()
    clock.seconds += 1
    assert trainings.snapshot() is first
    write(step=6)
    clock.seconds += 1
    assert trainings.snapshot().digest != first.digest


def test_a_training_that_writes_nothing_has_died_and_may_come_back(
    trainings: TrainingMonitor, write: Any, clock: Clock
) -> None:
    write()
    assert listed(trainings)[0]["state"] == "running"
    clock.seconds += DEAD_SECONDS + 0.1
    digest = trainings.snapshot().digest
    assert listed(trainings)[0]["state"] == "died"
    write()
    clock.seconds += 0.3
    assert listed(trainings)[0]["state"] == "running"
    assert trainings.snapshot().digest != digest


def test_a_training_goes_on_though_the_clock_was_set_back(
    trainings: TrainingMonitor, write: Any, clock: Clock, tmp_path: Path
) -> None:
    now = int(time.time()) // 3_600 + 1
    for hour in range(now, now - 5, -1):
        write(created=datetime.fromtimestamp(3_600 * hour, UTC).isoformat(), seconds=1.0)
        os.utime(tmp_path / TRAININGS / "mine.npz", (3_600 * hour, 3_600 * hour))
        assert listed(trainings)[0]["state"] == "running"
        clock.seconds += DEAD_SECONDS - 0.1


def test_a_training_that_died_before_the_server_was_started_has_died(
    trainings: TrainingMonitor, write: Any, tmp_path: Path
) -> None:
    write()
    a_minute_ago = time.time() - 60
    os.utime(tmp_path / TRAININGS / "mine.npz", (a_minute_ago, a_minute_ago))
    assert listed(trainings)[0]["state"] == "died"
    write(step=7)
    assert listed(trainings)[0]["state"] == "running"


def test_a_training_that_nobody_looked_at_for_long_has_not_died(
    trainings: TrainingMonitor, write: Any, clock: Clock
) -> None:
    write()
    trainings.snapshot()
    clock.seconds += 1_000
    write(step=7)
    assert listed(trainings)[0]["state"] == "running"


def test_a_training_that_died_while_nobody_looked_has_died(
    trainings: TrainingMonitor, write: Any, clock: Clock, tmp_path: Path
) -> None:
    write()
    trainings.snapshot()
    clock.seconds += 10
    write(step=7)
    five_seconds_ago = time.time() - 5
    os.utime(tmp_path / TRAININGS / "mine.npz", (five_seconds_ago, five_seconds_ago))
    assert listed(trainings)[0]["state"] == "died"


@pytest.mark.parametrize("outcome", ["finished", "diverged", "interrupted", "failed"])
def test_a_training_that_has_ended_does_not_die(
    trainings: TrainingMonitor, write: Any, clock: Clock, outcome: str
) -> None:
    write(outcome=outcome, reason="so it went")
    trainings.snapshot()
    clock.seconds += 1_000
    (training,) = listed(trainings)
    assert (training["state"], training["reason"]) == (outcome, "so it went")


def test_a_running_training_comes_before_newer_ones_that_have_ended(
    trainings: TrainingMonitor, write: Any
) -> None:
    write("a", outcome="diverged", created="2026-01-03")
    write("b", created="2026-01-01")
    write("c", created="2026-01-02")
    assert [training["name"] for training in listed(trainings)] == ["c", "b", "a"]


def test_a_broken_file_is_logged_once_and_the_last_good_one_goes_on(
    trainings: TrainingMonitor,
    write: Any,
    clock: Clock,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    write()
    trainings.snapshot()
    (tmp_path / TRAININGS / "mine.npz").write_bytes(b"broken")
    for _ in range(5):
        clock.seconds += 1
        (training,) = listed(trainings)
    assert training["state"] == "died"
    (record,) = caplog.records
    assert "Training not loaded" in record.getMessage()
