"""The models of one directory, kept as fresh as their files."""

import logging
import threading
import time
from pathlib import Path

from server.model import FILE_SUFFIX, Model, ModelError, load_model

DEFAULT_MODEL = "normalized"

# Looking for changed files costs some 20 µs; once a second is soon enough for a person.
CHECK_SECONDS = 1.0

_log = logging.getLogger(__name__)

_Stamp = tuple[int, int, int]


class ModelStore:
    """Looks models up by name in a directory of model files.

    A file that is new, replaced or gone is noticed within `check_seconds`. A file that does not
    hold a model is logged once, and the last good model of that name goes on. Safe to share between
    threads.
    """

    def __init__(self, directory: Path, check_seconds: float = CHECK_SECONDS) -> None:
        self._directory = directory
        self._check_seconds = check_seconds
        self._models: dict[str, Model] = {}
        self._stamps: dict[Path, _Stamp] = {}
        self._next_check = 0.0
        self._lock = threading.Lock()
        self._refresh()

    @property
    def models(self) -> dict[str, Model]:
        """The models by name, the default one first."""
        self._refresh()
        return self._models

    def find(self, name: str | None = None) -> Model | None:
        """Return the model of that name, or the default one; None where there is none."""
        models = self.models
        return next(iter(models.values()), None) if name is None else models.get(name)

    def _refresh(self) -> None:
        # Whoever finds the lock taken answers from what is there instead of waiting.
        if time.monotonic() < self._next_check or not self._lock.acquire(blocking=False):
            return
        try:
            self._load_changed_files()
            self._next_check = time.monotonic() + self._check_seconds
        finally:
            self._lock.release()

    def _load_changed_files(self) -> None:
        stamps = {path: _stamp(path) for path in sorted(self._directory.glob(f"*{FILE_SUFFIX}"))}
        if stamps == self._stamps:
            return
        models = {}
        for path, stamp in stamps.items():
            model = self._models.get(path.stem)
            if stamp != self._stamps.get(path):
                try:
                    model = load_model(path)
                except ModelError as error:
                    kept = "it is left out" if model is None else "the one loaded before goes on"
                    _log.error("Model refused, %s: %s", kept, error)
            if model is not None:
                models[path.stem] = model
        ordered = sorted(models, key=lambda name: (name != DEFAULT_MODEL, name))
        self._models = {name: models[name] for name in ordered}
        self._stamps = stamps


def _stamp(path: Path) -> _Stamp:
    """Tell one state of a file from another; a file just gone or out of reach has a state too."""
    try:
        status = path.stat()
    except OSError:
        return (0, 0, 0)
    return (status.st_ino, status.st_size, status.st_mtime_ns)
