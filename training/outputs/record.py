"""The record of a running training: its history, which the server shows live and the page replays.

A thread writes the file every WRITE_SECONDS, even if nothing has changed. A killed training
therefore leaves its history so far, and the server sees that a training is alive during long phases
without steps, too.
"""

import threading
import time
import uuid
from collections.abc import Callable
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
from server.system.atomic_write import file_stamp
from training.fitting.evaluation import Metrics
from training.fitting.regression import DivergedError
from training.outputs.reason import public_reason
from training.settings.schedule import recorded_steps


@dataclass(frozen=True)
class _Entry:
    """W, as `frame` × `scale`, and b after a step, and their metrics."""

    step: int
    metrics: Metrics
    frame: NDArray[np.int8]
    scale: np.float32
    bias: Floats


class Record:
    """The history of a running training; leaving its context records the outcome.

    If two trainings have the same name, only the later one is recorded in the file.

    :param weights: W (784, 10) before the first step
    :param clock: returns seconds, and is never set back
    """

    def __init__(
        self,
        models: Path,
        name: str,
        settings: Settings,
        weights: Floats,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._clock = clock
        self._start = clock()
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
        # The stamp of the file as this training last wrote it.
        self._written_stamp: tuple[int, int] | None = None
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep_writing, daemon=True)

    def __enter__(self) -> Self:
        """Write the file, and start the thread that rewrites it.

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
        """Stop the thread, and write the outcome."""
        self._ended.set()
        self._thread.join()
        if error is not None and self._card.outcome == "running":
            self._change(outcome=outcome_of(error), reason=public_reason(error))
        # If the disk is full, the server will report that the training died. A saved model stays
        # valid.
        with suppress(OSError):
            self._write()

    @property
    def history(self) -> History:
        """The history so far."""
        with self._lock:
            entries, card, last = list(self._entries), self._card, self._last_weights
        metrics = np.array([entry.metrics for entry in entries], np.float32)
        columns = metrics.reshape(-1, len(Metrics._fields)).T
        return History(
            name=self._name,
            card=msgspec.structs.replace(card, seconds=round(self._clock() - self._start, 3)),
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

    @property
    def model_digest(self) -> str | None:
        """The digest of the model; None until the training is finished."""
        return self._card.model

    @property
    def is_finished(self) -> bool:
        """Whether the model, its history and its evaluation are saved."""
        return self._card.outcome == "finished"

    def set_phase(self, phase: Phase) -> None:
        """Record the phase of the training."""
        self._change(phase=phase)

    def is_due(self, step: int) -> bool:
        """Tell whether to add a step: it is scheduled, or none was added for WRITE_SECONDS."""
        return step in self._scheduled or self._clock() - self._last_added >= WRITE_SECONDS

    def add(self, step: int, metrics: Metrics, weights: Floats, bias: Floats) -> None:
        """Add W (784, 10) and b (10,) after a step.

        The previous entry is dropped if its step is not scheduled: it was only for the live view.

        :raise DivergedError: a metric is not finite
        """
        if not np.isfinite(metrics).all():
            raise DivergedError(
                f"The loss became {metrics.train_loss} at step {step}: "
                "the learning rate is too high."
            )
        entry = _Entry(step, metrics, *quantize(weights), bias)
        with self._lock:
            previous = self._entries[-1].step if self._entries else None
            if previous is not None and (previous == step or previous not in self._scheduled):
                self._entries.pop()
            self._entries.append(entry)
            self._last_weights = weights
            self._card = msgspec.structs.replace(self._card, step=step)
        self._last_added = self._clock()

    def finish(
        self, weights: Floats, bias: Floats, temperature: float, digest: str
    ) -> tuple[History, bytes]:
        """Return the complete history and its file's content, to be saved with the model.

        Every W and b is divided by the temperature. The last W and b are exactly the model's.

        :param weights: W (784, 10) of the model, already divided; so is the bias (10,)
        :param digest: of the model
        """
        with self._lock:
            divisor = np.float32(temperature)
            self._entries = [
                replace(entry, scale=entry.scale / divisor, bias=entry.bias / divisor)
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
        """Record that the model, its history and its evaluation are saved."""
        self._change(outcome="finished")

    def mark_interrupted(self) -> None:
        """Write that the training is interrupted, in case `__exit__` is interrupted too."""
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
                # The disk is full, or on Windows a reader has the file open. The training goes on,
                # and the next write may succeed.
                continue

    def _write(self) -> None:
        stamp = self._written_stamp
        is_unchanged = stamp is None or file_stamp(self._path) in (stamp, None)
        if not is_unchanged and not self._has_own_run():
            # A later training of the same name writes this file now.
            return
        save_history(self._path.parent, self.history, durable=False)
        self._written_stamp = file_stamp(self._path)

    def _has_own_run(self) -> bool:
        """Tell whether the file has this training's run ID.

        It has even if the stamp differs because a signal came between writing the file and reading
        its stamp.
        """
        try:
            return load_history(self._path).card.run == self._card.run
        except ArchiveError:
            return False


def outcome_of(error: BaseException) -> Outcome:
    """Return the outcome of a training that an error has ended."""
    if isinstance(error, DivergedError):
        return "diverged"
    return "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
