"""The trainings of a models directory: those in progress, and the latest under each name.

A running training writes its history every WRITE_SECONDS, changed or not, as a heartbeat. The
heartbeat's age is measured by the monotonic clock, because the system time may be set back. The
age of a heartbeat that is seen for the first time is that of its file, by its modification time. If
the file has changed since the last scan, the heartbeat is at most as old as that scan.
"""

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from server.regression.shapes import Floats
from server.regression.training_settings import Settings
from server.storage.archive import FILE_SUFFIX
from server.storage.history import TRAININGS, History, Outcome, Phase, load_history
from server.storage.watched_directory import WatchedDirectory

# The interval of heartbeats.
WRITE_SECONDS = 0.4

# A training without a heartbeat for this long counts as dead. It is five intervals, because writes
# are late on a busy machine.
DEAD_SECONDS = 2.0

# The maximum age of a list of trainings, in seconds. Every open page polls it twice a second.
MAX_LIST_AGE = 0.1

# Decimals of the curves in JSON: finer than the pixels of a screen.
_DECIMALS = 5

# The state of a training as the API sends it: that of its file, or "died" for a training whose file
# says "running", but that sends no more heartbeats.
State = Literal[Outcome, "died"]


class Curves(msgspec.Struct):
    """Four metrics at each recorded step; losses are mean cross-entropies in nats."""

    steps: list[int]
    train_loss: list[float]
    train_accuracy: list[float]
    validation_loss: list[float]
    validation_accuracy: list[float]


class Training(Settings, frozen=True, kw_only=True):
    """One training: its settings, progress or outcome, and curves.

    `run` is a unique ID, since trainings can share a name. `state` is "running" or how it ended:
    "finished" with a model, the loss "diverged", a user "interrupted" it, it "failed" with an
    error, or the process "died". `reason` explains why there is no model. `step` of `steps` were
    completed after `seconds`. All W and b of a finished training are divided by `temperature`.
    `digest` changes with the training.
    """

    name: str
    run: str
    state: State
    phase: Phase
    step: int
    seconds: float
    created: str
    reason: str | None
    temperature: float
    curves: Curves
    digest: str


class TrainingList(msgspec.Struct):
    """The trainings of a directory; `digest` changes whenever one of them does."""

    digest: str
    trainings: list[Training]


def describe_training(history: History, state: State | None = None) -> Training:
    """Return a history as the API sends it; the state is the history's outcome by default."""
    card = history.card
    settings = {name: getattr(card, name) for name in Settings.__struct_fields__}
    return Training(
        **settings,
        name=history.name,
        run=card.run,
        state=state or card.outcome,
        phase=card.phase,
        step=card.step,
        seconds=card.seconds,
        created=card.created,
        reason=card.reason,
        temperature=card.temperature,
        curves=Curves(
            history.steps.tolist(),
            _rounded(history.train_loss),
            _rounded(history.train_accuracy),
            _rounded(history.validation_loss),
            _rounded(history.validation_accuracy),
        ),
        digest=history.digest,
    )


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The histories and states of all trainings at one time, by name, and the JSON of the list."""

    histories: dict[str, History] = field(default_factory=dict)
    states: dict[str, State] = field(default_factory=dict)
    body: bytes = b""
    digest: str = ""


class TrainingMonitor:
    """Watches the trainings of a models directory. Thread-safe."""

    def __init__(self, models: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._directory = models / TRAININGS
        self._files = WatchedDirectory(self._directory, load_history, "Training")
        self._clock = clock
        # The last heartbeat of each training: a changed file is loaded as a new History.
        self._heartbeats: dict[str, tuple[History, float]] = {}
        self._scanned = 0.0
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None

    def snapshot(self, max_age: float = 0) -> Snapshot:
        """Return a snapshot of the trainings that is at most `max_age` seconds old.

        With a `max_age` above 0, it returns the previous snapshot while another thread scans.
        """
        recent = self.recent_snapshot(max_age)
        if recent is not None:
            return recent
        snapshot = self._snapshot
        if not self._lock.acquire(blocking=snapshot is None or max_age == 0):
            assert snapshot is not None
            return snapshot
        try:
            snapshot = self._refresh()
            self._scanned = self._clock()
            return snapshot
        finally:
            self._lock.release()

    def recent_snapshot(self, max_age: float) -> Snapshot | None:
        """Return the last snapshot if it is at most `max_age` seconds old; never scans or waits."""
        is_recent = self._clock() - self._scanned < max_age
        return self._snapshot if is_recent else None

    def _refresh(self) -> Snapshot:
        histories = self._files.scan()
        now = self._clock()
        heartbeats = {}
        states: dict[str, State] = {}
        for name, history in histories.items():
            previous, heartbeat = self._heartbeats.get(name, (None, -inf))
            if previous is not history:
                earliest = -inf if previous is None else self._scanned
                heartbeat = max(earliest, now - self._age(name))
            heartbeats[name] = (history, heartbeat)
            is_silent = now - heartbeat > DEAD_SECONDS
            is_running = history.card.outcome == "running"
            states[name] = "died" if is_running and is_silent else history.card.outcome
        self._heartbeats = heartbeats
        snapshot = self._snapshot
        if snapshot is None or (histories, states) != (snapshot.histories, snapshot.states):
            snapshot = self._snapshot = _take_snapshot(histories, states)
        return snapshot

    def _age(self, name: str) -> float:
        """Return for how many seconds a training's file has not been modified, at least 0."""
        try:
            modified = (self._directory / f"{name}{FILE_SUFFIX}").stat().st_mtime
        except OSError:
            return 0.0
        return max(0.0, time.time() - modified)


def _take_snapshot(histories: dict[str, History], states: dict[str, State]) -> Snapshot:
    """Return a snapshot with running trainings first, then the newest."""
    trainings = [describe_training(histories[name], states[name]) for name in histories]
    trainings.sort(key=lambda training: training.created, reverse=True)
    trainings.sort(key=lambda training: training.state != "running")
    digest = hashlib.sha256(msgspec.json.encode(trainings)).hexdigest()
    return Snapshot(histories, states, msgspec.json.encode(TrainingList(digest, trainings)), digest)


def _rounded(values: Floats) -> list[float]:
    rounded: list[float] = values.astype(np.float64).round(_DECIMALS).tolist()
    return rounded
