"""What is kept of a training while it goes on, so that a server can show it and a page replay it.

A thread writes it every WRITE_SECONDS, changed or not. So a training that is killed leaves its
history up to then, and a server sees, in the phases that take long without a step too, that it is
alive.
"""

import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from server.regression.shapes import DIGITS, PIXELS, Floats
from server.regression.training_settings import Settings
from server.storage.archive import FILE_SUFFIX, ArchiveError
from server.storage.history import (
    TRAININGS,
    History,
    HistoryCard,
    Outcome,
    Phase,
    load_history,
    pack_history,
    quantize,
    save_history,
)
from server.storage.training_monitor import WRITE_SECONDS
from training.evaluation import Metrics
from training.reason import public_reason
from training.regression import DivergedError
from training.schedule import recorded_steps


@dataclass(frozen=True)
class _Entry:
    """W and b after a step, and what they are worth."""

    step: int
    figures: Metrics
    frame: NDArray[np.int8]
    scale: np.float32
    bias: Floats


class Record:
    """The history of a training under way; as a context, it says in the end how that went.

    Of two trainings under one name the later one is shown; the other goes on unseen.

    :param weights: W (784, 10) before the first step
    """

    def __init__(self, models: Path, name: str, settings: Settings, weights: Floats) -> None:
        self._name = name
        self._start = time.monotonic()
        self._scheduled = set(recorded_steps(settings.steps))
        self._entries: list[_Entry] = []
        self._last_weights = weights
        self._last_added = self._start
        self._card = HistoryCard(
            **msgspec.structs.asdict(settings),
            run=uuid.uuid4().hex,
            outcome="running",
            phase="preparing",
            step=0,
            seconds=0,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        self._path = models / TRAININGS / (name + FILE_SUFFIX)
        self._written: tuple[int, int] | None = None
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep_writing, daemon=True)

    def __enter__(self) -> Self:
        """Write that the training has begun, and go on writing.

        :raise OSError: the directory cannot be written
        """
        self._write()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Write how it ended."""
        self._ended.set()
        self._thread.join()
        if error is not None and self._card.outcome == "running":
            self._change(outcome=outcome_of(error), reason=public_reason(error))
        # On a full disk it looks as if it had died; the model, if there is one, is saved all the
        # same.
        with suppress(OSError):
            self._write()

    @property
    def history(self) -> History:
        """The history so far."""
        with self._lock:
            entries, card, last = list(self._entries), self._card, self._last_weights
        figures = np.array([entry.figures for entry in entries], np.float32)
        columns = figures.reshape(-1, len(Metrics._fields)).T
        return History(
            name=self._name,
            card=msgspec.structs.replace(card, seconds=round(time.monotonic() - self._start, 3)),
            steps=np.array([entry.step for entry in entries], np.int32),
            train_loss=columns[0],
            train_accuracy=columns[1],
            validation_loss=columns[2],
            validation_accuracy=columns[3],
            frames=np.array([entry.frame for entry in entries], np.int8).reshape(
                -1, PIXELS, DIGITS
            ),
            scales=np.array([entry.scale for entry in entries], np.float32),
            biases=np.array([entry.bias for entry in entries], np.float32).reshape(-1, DIGITS),
            last_weights=last,
        )

    def set_phase(self, phase: Phase) -> None:
        """Say what the training is at."""
        self._change(phase=phase)

    def is_due(self, step: int) -> bool:
        """Tell whether a step is one to keep, or it is time to show where W has come to."""
        return step in self._scheduled or time.monotonic() - self._last_added >= WRITE_SECONDS

    def add(self, step: int, figures: Metrics, weights: Floats, bias: Floats) -> None:
        """Add W and b after a step.

        The one before is dropped where it was not on the schedule: it was there to be shown.

        :raise DivergedError: the figures are not finite
        """
        if not np.isfinite(figures).all():
            raise DivergedError(
                f"The loss became {figures.train_loss} at step {step}: "
                "the learning rate is too high."
            )
        entry = _Entry(step, figures, *quantize(weights), bias)
        with self._lock:
            before = self._entries[-1].step if self._entries else None
            if before is not None and (before == step or before not in self._scheduled):
                self._entries.pop()
            self._entries.append(entry)
            self._last_weights = weights
            self._card = msgspec.structs.replace(self._card, step=step)
        self._last_added = time.monotonic()

    def finish(
        self, weights: Floats, bias: Floats, temperature: float, digest: str
    ) -> tuple[History, bytes]:
        """Return the whole history and its file's content, to be written beside the model.

        All W and b are divided by the temperature, as the model's were; the last are the model's.

        :param weights: as served
        :param digest: the model's
        """
        with self._lock:
            by = np.float32(temperature)
            self._entries = [
                replace(entry, scale=entry.scale / by, bias=entry.bias / by)
                for entry in self._entries
            ]
            self._entries[-1] = replace(self._entries[-1], bias=bias)
            self._last_weights = weights
            self._card = msgspec.structs.replace(self._card, temperature=temperature, model=digest)
        history = self.history
        card = msgspec.structs.replace(history.card, outcome="finished")
        history = replace(history, card=card)
        return history, pack_history(history)

    def mark_finished(self) -> None:
        """Say that the model and all that belongs to it is written."""
        self._change(outcome="finished")

    def mark_interrupted(self) -> None:
        """Write how the training has ended, where a signal has kept `__exit__` from doing so."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(WRITE_SECONDS / 4)
        if self._card.outcome == "running":
            self._change(outcome="interrupted")
        with suppress(OSError):
            self._write()

    def _change(self, **changes: object) -> None:
        with self._lock:
            self._card = msgspec.structs.replace(self._card, **changes)

    def _keep_writing(self) -> None:
        while not self._ended.wait(WRITE_SECONDS):
            try:
                self._write()
            except OSError:
                # A full disk, or a reader that holds the file on Windows: there is a next time,
                # and the training is worth more than being watched.
                continue

    def _write(self) -> None:
        is_known = self._written is None or self._stamp() in (self._written, None)
        if not is_known and not self._is_own():
            # Another training has taken the name over.
            return
        save_history(self._path.parent, self.history, passing=True)
        self._written = self._stamp()

    def _is_own(self) -> bool:
        """Tell whether the file is of this training: a signal may come just after it is written."""
        try:
            return load_history(self._path).card.run == self._card.run
        except ArchiveError:
            return False

    def _stamp(self) -> tuple[int, int] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return (status.st_ino, status.st_mtime_ns)


def outcome_of(error: BaseException) -> Outcome:
    """Say what an error means for the training that it ended."""
    if isinstance(error, DivergedError):
        return "diverged"
    return "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
