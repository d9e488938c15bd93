"""Exit after Ctrl-C or SIGTERM, so that temporary files are removed and child processes ended."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)

# The exit code of a process that a signal has ended is this plus the signal's number.
SIGNAL_EXIT_BASE = 128


@contextmanager
def exit_on_signals() -> Iterator[None]:
    """Raise SystemExit in the main thread when a signal of SIGNALS is received within the context.

    Further signals are ignored. Only the main thread can use this context.
    """
    previous = {number: signal.signal(number, _exit) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _exit(received: int, _frame: FrameType | None) -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    sys.exit(SIGNAL_EXIT_BASE + received)
