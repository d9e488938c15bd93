"""The archives of a directory, reloaded when their files change."""

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

# The maximum length of an error in the log; some of NumPy's have many lines.
_MAX_CHARACTERS = 300

Content = TypeVar("Content")


class WatchedDirectory(Generic[Content]):
    """Holds the content of each file of a directory, by the file's name without its suffix.

    If a file cannot be loaded, the error is logged once and the previous content of that name is
    kept. If the directory cannot be read, all content is kept. Thread-safe.

    :param load: returns a file's content, or raises ArchiveError
    :param kind: of the files, for the log
    """

    def __init__(self, directory: Path, load: Callable[[Path], Content], kind: str) -> None:
        self._directory = directory
        self._load = load
        self._kind = kind
        self._files: dict[str, Content] = {}
        self._stamps: dict[Path, _Stamp] = {}
        self._is_unreadable = False
        self._scanned: float | None = None
        self._lock = threading.Lock()

    def scan(self) -> dict[str, Content]:
        """Return the current content of the files, sorted by name.

        It takes about 20 µs if nothing has changed. If another thread is scanning, this waits and
        then scans too: a file may have changed after the other thread had checked it.
        """
        with self._lock:
            return self._scan()

    def recent(self, max_age: float) -> dict[str, Content] | None:
        """Return the content, checked for changes at most `max_age` seconds ago; None for a change.

        After None, the caller has to call `scan`. This method neither loads a file nor waits, so
        that it can be called on an event loop. While another thread scans, it returns the previous
        content.
        """
        if self._scanned is None:
            return None
        if time.monotonic() - self._scanned < max_age or not self._lock.acquire(blocking=False):
            return self._files
        try:
            if self._has_changed():
                return None
            self._scanned = time.monotonic()
            return self._files
        finally:
            self._lock.release()

    def _has_changed(self) -> bool:
        try:
            return _read_stamps(self._directory) != self._stamps
        except OSError:
            # All content is kept.
            return False

    def _scan(self) -> dict[str, Content]:
        """Scan; the caller holds the lock."""
        self._load_changed_files()
        self._scanned = time.monotonic()
        return self._files

    def _load_changed_files(self) -> None:
        try:
            stamps = _read_stamps(self._directory)
        except OSError as error:
            if not self._is_unreadable:
                _log.error("%s files not readable, previous ones kept: %s", self._kind, error)
            self._is_unreadable = True
            return
        self._is_unreadable = False
        if stamps == self._stamps:
            return
        files = {}
        for path, stamp in stamps.items():
            content = self._files.get(path.stem)
            if stamp != self._stamps.get(path):
                try:
                    content = self._load(path)
                except ArchiveError as error:
                    result = "skipped" if content is None else "previous one kept"
                    reason = textwrap.shorten(str(error), _MAX_CHARACTERS, placeholder=" …")
                    _log.error("%s not loaded, %s: %s", self._kind, result, reason)
            if content is not None:
                files[path.stem] = content
        self._files = files
        self._stamps = stamps


def _read_stamps(directory: Path) -> dict[Path, _Stamp]:
    """Return the stamp of each file of a directory, empty if the directory does not exist.

    :raise OSError: it is not readable, or too many files are open
    """
    try:
        paths = sorted(path for path in directory.iterdir() if path.suffix == FILE_SUFFIX)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    return {path: _stamp(path) for path in paths}


def _stamp(path: Path) -> _Stamp:
    """Return what changes whenever a file does; zeros if it is gone or not readable."""
    try:
        status = path.stat()
    except OSError:
        return (0, 0, 0, 0)
    # ctime too, because a change of permissions does not change mtime.
    return (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
