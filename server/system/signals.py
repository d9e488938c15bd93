"""Signals that end a process: how its commands exit after them, and how to defer them."""

import atexit
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

# Ctrl-C, the signal of service managers, and, except on Windows, that of a terminal that is closed.
SIGNALS = (
    signal.SIGINT,
    signal.SIGTERM,
    *((signal.SIGHUP,) if sys.platform != "win32" else ()),
)

# The exit code of a process that a signal has ended is this plus the signal's number.
SIGNAL_EXIT_BASE = 128


def handled_signals() -> list[signal.Signals]:
    """Return the signals of SIGNALS, without SIGHUP in a process that `nohup` has started."""
    return [
        number
        for number in SIGNALS
        if number in (signal.SIGINT, signal.SIGTERM)
        or signal.getsignal(number) is not signal.SIG_IGN
    ]


def handle_signals(handler: Callable[[int, FrameType | None], object]) -> None:
    """Call a function at each signal that ends this process."""
    for number in handled_signals():
        signal.signal(number, handler)


def ignore_signals() -> None:
    """Ignore further signals while this process ends: they would change its exit status."""
    # Not SIG_IGN at once: Python logs an error if another signal has arrived already.
    handle_signals(lambda _signal, _frame: None)
    # At the very end Python would restore the default, which ends the process, but not SIG_IGN.
    atexit.register(_ignore_all)


def _ignore_all() -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def exit_on_signals() -> Iterator[None]:
    """Raise SystemExit in the main thread when a signal of SIGNALS is received within the context.

    So temporary files are removed and child processes ended. Further signals are ignored. Only the
    main thread can use this context.
    """
    previous = {number: signal.signal(number, _exit) for number in handled_signals()}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def defer_signals() -> Iterator[None]:
    """Defer the signals of SIGNALS that are received within the context until it ends.

    Python handles signals in the main thread, so in other threads this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []
    previous = {
        number: signal.signal(number, lambda number, _frame: received.append(number))
        for number in handled_signals()
        # None is a handler that was not installed by Python, which could not restore it.
        if signal.getsignal(number) is not None
    }
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        for deferred in received:
            signal.raise_signal(deferred)


def _exit(received: int, _frame: FrameType | None) -> None:
    _ignore_all()
    sys.exit(SIGNAL_EXIT_BASE + received)
