"""Signals: Ctrl-C, SIGTERM and SIGHUP end a training cleanly, or by force after STOP_SECONDS.

Python runs signal handlers in the main thread, between two bytecode instructions. While the main
thread is inside TensorFlow no handler runs, so a second thread watches for signals too.
"""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from server.system.signals import SIGNAL_EXIT_BASE, SIGNALS, handled_signals

# How long the main thread may take to stop, and then the exit callback. Together they are less than
# two seconds, so that Ctrl-C feels immediate, well within the timeouts of service managers.
STOP_SECONDS = 0.8
EXIT_CALLBACK_SECONDS = 0.3


class Stopped(KeyboardInterrupt):
    """A signal has asked the process to end."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


@contextmanager
def stop_on_signals(before_exit: Callable[[], None]) -> Iterator[None]:
    """Raise Stopped in the main thread at a SIGINT, SIGTERM or SIGHUP within the context.

    If the main thread is still in the context after STOP_SECONDS, the process exits by force.
    Further signals are ignored. Only the main thread can use this context.

    :param before_exit: called in another thread before a forced exit
    """
    reader, writer = socket.socketpair()
    # Required by set_wakeup_fd: a signal handler must not block.
    writer.setblocking(False)
    has_left = threading.Event()
    received: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        if len(received) == 1:
            raise Stopped(number)

    watcher = threading.Thread(
        target=_watch, args=(reader, has_left, before_exit), name="signals", daemon=True
    )
    watcher.start()
    previous_fd = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    # TensorFlow replaces SIGTERM's handler in C; Python still knows its own previous handler.
    previous = {number: signal.signal(number, stop) for number in handled_signals()}
    try:
        yield
    finally:
        has_left.set()
        for number, handler in previous.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(previous_fd)
        with suppress(OSError):
            writer.send(b"\0")
        watcher.join()
        reader.close()
        writer.close()


def _watch(
    reader: socket.socket, has_left: threading.Event, before_exit: Callable[[], None]
) -> None:
    """Exit by force if the main thread does not leave the context in time; runs in a thread.

    :param reader: gets the number of each signal, and 0 at the end of the context
    """
    while data := reader.recv(1):
        number = data[0]
        # Other signals have their own handlers.
        if number not in (0, *SIGNALS):
            continue
        if number == 0 or has_left.wait(STOP_SECONDS):
            return
        callback = threading.Thread(target=before_exit, daemon=True)
        callback.start()
        callback.join(EXIT_CALLBACK_SECONDS)
        with suppress(OSError, ValueError):
            sys.stderr.flush()
        os._exit(SIGNAL_EXIT_BASE + number)
