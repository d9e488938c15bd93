"""Loading a file, held up until a test lets it go on."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Generic, TypeVar

Content = TypeVar("Content")
Answer = TypeVar("Answer")

# How long the second call gets to return, before the first one goes on.
HEAD_START_SECONDS = 0.2


class GatedLoad(Generic[Content]):
    """A function that loads a file like the given one, but first waits until `gate` is set."""

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
        """Call a function that loads a file, and again while the first call waits at the gate.

        :return: the results of both calls
        """
        self._is_reached.clear()
        with ThreadPoolExecutor(2) as threads:
            first = threads.submit(function)
            assert self._is_reached.wait(10)
            second = threads.submit(function)
            wait([second], HEAD_START_SECONDS)
            self.gate.set()
            return first.result(10), second.result(10)
