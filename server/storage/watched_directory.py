"""The archives of one directory, loaded again whenever their files change."""

import logging
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from server.storage.archive import FILE_SUFFIX, ArchiveError

_log = logging.getLogger(__name__)

_Stamp = tuple[int, int, int, int]

# What is wrong with a file is said in one line, whatever stands in the file.
_MOST_CHARACTERS = 300

Kept = TypeVar("Kept")


class WatchedDirectory(Generic[Kept]):
    """Holds the content of each file of a directory, by the file's name without its suffix.

    A file that cannot be loaded is logged once, and the content that was last loaded under its name
    is kept; so is all content while the directory exists but cannot be read. Thread-safe.

    :param load: reads a file, or raises ArchiveError
    :param kind: what a file holds, for the log
    """

    def __init__(self, directory: Path, load: Callable[[Path], Kept], kind: str) -> None:
        self._directory = directory
        self._load = load
        self._kind = kind
        self._files: dict[str, Kept] = {}
        self._stamps: dict[Path, _Stamp] = {}
        self._is_out_of_reach = False
        self._scanned: float | None = None
        self._lock = threading.Lock()

    def scan(self) -> dict[str, Kept]:
        """Return the content of the files as they are now, sorted by name.

        Where nothing has changed it takes some 20 µs. A thread that finds a scan in progress waits
        for it and scans again, because that one may have passed a file before it changed.
        """
        with self._lock:
            return self._scan()

    def recent(self, max_age: float) -> dict[str, Kept]:
        """Return the content that a scan of the last `max_age` seconds found.

        It does not wait for a scan in progress, except for the first one.
        """
        scanned = self._scanned
        is_recent = scanned is not None and time.monotonic() - scanned < max_age
        if is_recent or not self._lock.acquire(blocking=scanned is None):
            return self._files
        try:
            return self._scan()
        finally:
            self._lock.release()

    def _scan(self) -> dict[str, Kept]:
        """Scan while holding the lock."""
        self._load_changed_files()
        self._scanned = time.monotonic()
        return self._files

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
