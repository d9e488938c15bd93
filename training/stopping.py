"""Ctrl-C and SIGTERM end a training cleanly, and within STOP_SECONDS whatever it is doing.

Python runs a signal's handler in the main thread, between two instructions of Python. A main thread
that waits inside TensorFlow runs none, so that another thread watches for signals as well.
"""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)

# The exit status of a process that a signal has ended is this, and the signal's number.
SIGNAL_EXIT_BASE = 128

# How long the main thread has to stop by itself, and then the last words to be written: together
# less than the two seconds after which service managers and people lose patience.
STOP_SECONDS = 0.8
EXIT_CALLBACK_SECONDS = 0.3


class Stopped(KeyboardInterrupt):
    """A signal has asked the process to end."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


@contextmanager
def stop_on_signals(last_words: Callable[[], None]) -> Iterator[None]:
    """Within the context, raise Stopped in the main thread at Ctrl-C or SIGTERM.

    Where the main thread has not left the context STOP_SECONDS later, the process ends without it.
    Further signals change nothing. Only the main thread can call this.

    :param last_words: called in another thread before the process ends without the main thread
    """
    reader, writer = socket.socketpair()
    # As set_wakeup_fd demands: a signal handler must not block.
    writer.setblocking(False)
    is_over = threading.Event()
    seen: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        seen.append(number)
        if len(seen) == 1:
            raise Stopped(number)

    def watch() -> None:
        while received := reader.recv(1):
            number = received[0]
            # 0 comes at the end of the context; other signals have handlers of their own.
            if number not in (0, *SIGNALS):
                continue
            if number == 0 or is_over.wait(STOP_SECONDS):
                return
            speaker = threading.Thread(target=last_words, daemon=True)
            speaker.start()
            speaker.join(EXIT_CALLBACK_SECONDS)
            with suppress(OSError, ValueError):
                sys.stderr.flush()
            os._exit(SIGNAL_EXIT_BASE + number)

    watcher = threading.Thread(target=watch, name="signals", daemon=True)
    watcher.start()
    previous_fd = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    # TensorFlow replaces SIGTERM's handler, but not Python's knowledge of the one before.
    previous = {number: signal.signal(number, stop) for number in SIGNALS}
    try:
        yield
    finally:
        is_over.set()
        for number, handler in previous.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(previous_fd)
        with suppress(OSError):
            writer.send(b"\0")
        watcher.join()
        reader.close()
        writer.close()
