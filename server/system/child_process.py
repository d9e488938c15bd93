"""Child processes, which send messages to their parent process and end when it ends."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection as PipeConnection
from multiprocessing.context import SpawnProcess
from threading import Thread
from typing import TypeVarTuple

Arguments = TypeVarTuple("Arguments")

# Spawned on every system: a fork copies locks, but not the threads that would release them.
_context = get_context("spawn")

# Linux's prctl option: the signal that a process gets when its parent has ended.
_PR_SET_PDEATHSIG = 1


def start_child(
    target: Callable[[PipeConnection, *Arguments], object],
    *arguments: *Arguments,
    is_daemon: bool = True,
) -> tuple[SpawnProcess, PipeConnection]:
    """Call `target(sender, *arguments)` in a child process; return it and the receiving end.

    The receiving end raises EOFError when the child process has ended. The child process ignores
    SIGINT until it installs a handler: a terminal sends Ctrl-C to both processes, and the parent
    process decides. Call this in the main thread.

    :param is_daemon: the child process is ended at this one's exit; it cannot have children itself
    :raise OSError: the system allows no more processes or files
    """
    _start_resource_tracker()
    receiver, sender = _context.Pipe(duplex=False)
    # After this block only the child process holds the sending end.
    with sender:
        process = _context.Process(target=target, args=(sender, *arguments), daemon=is_daemon)
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            process.start()
        finally:
            signal.signal(signal.SIGINT, handler)
    return process, receiver


def _start_resource_tracker() -> None:
    """Start multiprocessing's resource tracker, if it is not running, so that it ignores SIGHUP.

    It ignores SIGINT and SIGTERM by itself. A closed terminal would end it before its processes,
    which would then print tracebacks.
    """
    if sys.platform == "win32":
        return
    handler = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        resource_tracker.ensure_running()
    finally:
        signal.signal(signal.SIGHUP, handler)


def end_with_parent(*, by_force: bool = False) -> None:
    """End this child process when its parent process has ended, even if that was killed.

    :param by_force: without cleaning up, and on Linux even while no Python code can run; by default
        this process gets SIGTERM
    """
    if by_force and sys.platform == "linux":
        # The kernel ends it: no thread runs while native code holds the global interpreter lock.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        if by_force:
            os._exit(1)
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=watch, daemon=True).start()
