"""The archives of one directory, kept as fresh as their files."""

import logging
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from server.archive import FILE_SUFFIX, ArchiveError

_log = logging.getLogger(__name__)

_Stamp = tuple[int, int, int, int]

# What is wrong with a file is said in one line, whatever stands in the file.
_MOST_CHARACTERS = 300

Kept = TypeVar("Kept")


class FileStore(Generic[Kept]):
    """Keeps what each file of a directory holds, by the file's name without its ending.

    A file that is new, replaced or gone is noticed within `check_seconds`. A file that is refused
    is logged once, and what was last loaded under its name goes on; so does all of a directory that
    is there but cannot be looked into. Safe to share between threads.

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
        self._is_out_of_reach = False
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
        try:
            stamps = _look_into(self._directory)
        except OSError as error:
            if not self._is_out_of_reach:
                _log.error(
                    "%s files out of reach, those loaded before go on: %s", self._kind, error
                )
            self._is_out_of_reach = True
            return
        self._is_out_of_reach = False
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
                    reason = textwrap.shorten(str(error), _MOST_CHARACTERS, placeholder=" …")
                    _log.error("%s refused, %s: %s", self._kind, left, reason)
            if kept is not None:
                files[path.stem] = kept
        self._files = files
        self._stamps = stamps


def _look_into(directory: Path) -> dict[Path, _Stamp]:
    """Return the stamp of each of a directory's files; there are none where it is not there.

    :raise OSError: it is, but this process may not look, or can open no more files
    """
    try:
        paths = sorted(path for path in directory.iterdir() if path.suffix == FILE_SUFFIX)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    return {path: _stamp(path) for path in paths}


def _stamp(path: Path) -> _Stamp:
    """Tell one state of a file from another; a file just gone or out of reach has a state too."""
    try:
        status = path.stat()
    except OSError:
        return (0, 0, 0, 0)
    # Two times, since permission to read a file changes the second alone.
    return (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
