"""The trainings of a models directory: those under way, and those that have left no model.

A training writes its history so far every WRITE_SECONDS, changed or not: that the file changes is
its heartbeat. It is judged by this process's own monotonic clock, since a machine's time of day may
be set back.
"""

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from server.regression.shapes import Floats
from server.regression.training_settings import Settings
from server.storage.history import TRAININGS, History, Phase, load_history
from server.storage.watched_directory import WatchedDirectory

# How often a training writes what it has learned.
WRITE_SECONDS = 0.4

# A training that has written nothing for so long has died: five beats, so that a busy machine is
# not taken for a dead one.
DEAD_SECONDS = 2.0

# How old what a page is told may be, in seconds: all pages of a room ask twice a second.
MAX_LIST_AGE = 0.1

# Decimals of the curves in JSON: more than a screen has pixels.
_DECIMALS = 5

State = Literal["running", "finished", "diverged", "interrupted", "failed", "died"]


class Curves(msgspec.Struct):
    """Four figures at each recorded step; losses are mean cross-entropies in nats."""

    steps: list[int]
    train_loss: list[float]
    train_accuracy: list[float]
    validation_loss: list[float]
    validation_accuracy: list[float]


class Training(Settings, frozen=True, kw_only=True):
    """One training: its settings, how far it has come or how it ended, and its curves.

    `run` tells two trainings under one name apart. `state` is "running", or how it ended: it has
    "finished" with a model, its loss "diverged", somebody "interrupted" it, something "failed", or
    it "died" without a word. `reason` says in words why there is no model. `step` is the last one
    done of `steps`, after `seconds`. `temperature` is what all W and b of a finished one have been
    divided by. `digest` changes whenever anything of it does.
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
    """The trainings that a directory knows of; `digest` changes whenever one of them does."""

    digest: str
    trainings: list[Training]


def describe_training(history: History, state: State | None = None) -> Training:
    """Give a history as the API does, in a state that is its outcome unless given."""
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
    """What was seen at one look: the trainings' histories and states by name, and JSON of all."""

    histories: dict[str, History] = field(default_factory=dict)
    states: dict[str, State] = field(default_factory=dict)
    body: bytes = b""
    digest: str = ""


class TrainingMonitor:
    """Watches the trainings of a models directory. Thread-safe."""

    def __init__(self, models: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = WatchedDirectory(models / TRAININGS, load_history, "Training")
        self._clock = clock
        # When each history, as it is loaded anew with every change of its file, was first seen.
        self._beats: dict[str, tuple[History, float]] = {}
        self._scanned = 0.0
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None

    def snapshot(self, max_age: float = 0) -> Snapshot:
        """Return the trainings as their files were at most `max_age` seconds ago.

        Unless they must be as they are now, it does not wait for a scan in progress in another
        thread, except for the first one.
        """
        snapshot = self._snapshot
        if snapshot is not None and self._clock() - self._scanned < max_age:
            return snapshot
        if not self._lock.acquire(blocking=snapshot is None or max_age == 0):
            assert snapshot is not None
            return snapshot
        try:
            snapshot = self._refresh()
            self._scanned = self._clock()
            return snapshot
        finally:
            self._lock.release()

    def _refresh(self) -> Snapshot:
        histories = self._store.scan()
        now = self._clock()
        beats = {}
        states: dict[str, State] = {}
        for name, history in histories.items():
            seen, since = self._beats.get(name, (None, now))
            beats[name] = (history, since if seen is history else now)
            silent = now - beats[name][1] > DEAD_SECONDS
            running = history.card.outcome == "running"
            states[name] = "died" if running and silent else history.card.outcome
        self._beats = beats
        snapshot = self._snapshot
        if snapshot is None or (histories, states) != (snapshot.histories, snapshot.states):
            snapshot = self._snapshot = _take_snapshot(histories, states)
        return snapshot


def _take_snapshot(histories: dict[str, History], states: dict[str, State]) -> Snapshot:
    """Describe the trainings, those under way first and then the newest."""
    trainings = [describe_training(histories[name], states[name]) for name in histories]
    trainings.sort(key=lambda training: training.created, reverse=True)
    trainings.sort(key=lambda training: training.state != "running")
    digest = hashlib.sha256(msgspec.json.encode(trainings)).hexdigest()
    return Snapshot(histories, states, msgspec.json.encode(TrainingList(digest, trainings)), digest)


def _rounded(values: Floats) -> list[float]:
    rounded: list[float] = values.astype(np.float64).round(_DECIMALS).tolist()
    return rounded
