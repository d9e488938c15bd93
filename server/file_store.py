"""The archives of one directory, kept as fresh as their files."""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from server.archive import FILE_SUFFIX, ArchiveError

_log = logging.getLogger(__name__)

_Stamp = tuple[int, int, int]

Kept = TypeVar("Kept")


class FileStore(Generic[Kept]):
    """Keeps what each file of a directory holds, by the file's name without its ending.

    A file that is new, replaced or gone is noticed within `check_seconds`. A file that is refused
    is logged once, and what was last loaded under its name goes on. Safe to share between threads.

    :param load: reads a file, or raises ArchiveError
    :param kind: what a file holds, as the log calls it
    """

    def __init__(
        self, directory: Path, load: Callable[[Path], Kept], kind: str, check_seconds: float
    ) -> None:
        self._directory = directory
        self._load = load
        self._kind = kind
        self._check_seconds = check_seconds
        self._files: dict[str, Kept] = {}
        self._stamps: dict[Path, _Stamp] = {}
        self._next_check = 0.0
        self._lock = threading.Lock()

    @property
    def files(self) -> dict[str, Kept]:
        """What the files hold, by name, in the names' order."""
        # Whoever finds the lock taken answers from what is there instead of waiting.
        if time.monotonic() >= self._next_check and self._lock.acquire(blocking=False):
            try:
                self._load_changed_files()
                self._next_check = time.monotonic() + self._check_seconds
            finally:
                self._lock.release()
        return self._files

    def look_again(self) -> None:
        """Look at the files the next time that somebody asks, however soon that is."""
        self._next_check = 0.0

    def _load_changed_files(self) -> None:
        stamps = {path: _stamp(path) for path in sorted(self._directory.glob(f"*{FILE_SUFFIX}"))}
        if stamps == self._stamps:
            return
        files = {}
        for path, stamp in stamps.items():
            kept = self._files.get(path.stem)
            if stamp != self._stamps.get(path):
                try:
                    kept = self._load(path)
                except ArchiveError as error:
                    left = "it is left out" if kept is None else "the one loaded before goes on"
                    _log.error("%s refused, %s: %s", self._kind, left, error)
            if kept is not None:
                files[path.stem] = kept
        self._files = files
        self._stamps = stamps


def _stamp(path: Path) -> _Stamp:
    """Tell one state of a file from another; a file just gone or out of reach has a state too."""
    try:
        status = path.stat()
    except OSError:
        return (0, 0, 0)
    return (status.st_ino, status.st_size, status.st_mtime_ns)
