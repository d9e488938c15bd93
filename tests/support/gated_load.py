"""A file that takes long to load, for as long as a test wants it to."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Generic, TypeVar

Content = TypeVar("Content")
Answer = TypeVar("Answer")

# Long enough for a second call that does not wait to return.
HEAD_START_SECONDS = 0.2


class GatedLoad(Generic[Content]):
    """Loads files as the given function does, but not before `gate` is set."""

    def __init__(self, load: Callable[[Path], Content]) -> None:
        self._load = load
        self.gate = threading.Event()
        self._is_reached = threading.Event()

    def __call__(self, path: Path) -> Content:
        """Load a file."""
        self._is_reached.set()
        assert self.gate.wait(10)
        return self._load(path)

    def call_twice(self, function: Callable[[], Answer]) -> tuple[Answer, Answer]:
        """Call a function that loads files, and call it again while the first call loads."""
        self._is_reached.clear()
        with ThreadPoolExecutor(2) as threads:
            first = threads.submit(function)
            assert self._is_reached.wait(10)
            second = threads.submit(function)
            wait([second], HEAD_START_SECONDS)
            self.gate.set()
            return first.result(10), second.result(10)
