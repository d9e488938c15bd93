"""Several processes that serve the same address.

Each has the models for itself and looks at their files itself, so that all of them follow a change
within the same second. They share nothing but the listening socket: whoever is idle takes the next
connection.
"""

import logging
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

from server.serving import STOP_SECONDS, serve, stop

_log = logging.getLogger(__name__)

# A worker that is told to stop finishes its requests first, and is killed when that takes longer.
KILL_SECONDS = 2.0 * STOP_SECONDS

# How many a worker lets in at a time: of those who come at once, the others get some too.
NEWCOMERS = 1

# New processes begin from nothing: a copy of this one could not be trusted on macOS.
_processes = multiprocessing.get_context("spawn")


class WorkerError(RuntimeError):
    """A worker did not even start to serve."""


@dataclass(frozen=True)
class Worker:
    """One process; `report` has something to read, or ends, when it serves or has died."""

    process: SpawnProcess
    report: Connection


def serve_with_workers(
    count: int, listener: socket.socket, models: Path, ready: Callable[[], None]
) -> None:
    """Serve with so many processes until SIGINT or SIGTERM; one that dies is replaced.

    :param ready: called as soon as all of them answer
    :raise WorkerError: a worker dies before it answers
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    workers: list[Worker] = []
    try:
        workers += (_start(listener, models) for _ in range(count))
        for worker in workers:
            _await(worker)
        ready()
        while True:
            wait([worker.process.sentinel for worker in workers])
            for worker in workers.copy():
                if not worker.process.is_alive():
                    workers.remove(worker)
                    code, pid = worker.process.exitcode, worker.process.pid
                    _log.error("Worker %s ended with %s; another takes its place", pid, code)
                    workers.append(_start(listener, models))
                    _await(workers[-1])
    finally:
        for worker in workers:
            worker.process.terminate()
        for worker in workers:
            worker.process.join(KILL_SECONDS)
            worker.process.kill()


def _start(listener: socket.socket, models: Path) -> Worker:
    report, send = _processes.Pipe(duplex=False)
    process = _processes.Process(target=_work, args=(listener, models, send), daemon=True)
    process.start()
    # The worker alone holds the other end now, so that it ends when the worker does.
    send.close()
    return Worker(process, report)


def _await(worker: Worker) -> None:
    """Wait until a worker serves.

    :raise WorkerError: it dies before
    """
    try:
        worker.report.recv()
    except EOFError:
        worker.process.join()
        code = worker.process.exitcode
        raise WorkerError(f"a worker ended with {code} before it served") from None


def _work(listener: socket.socket, models: Path, report: Connection) -> None:
    """Serve in a worker."""
    # An interrupt from the keyboard reaches all processes; the first one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    serve(listener, models, lambda: report.send("serving"), NEWCOMERS)


def _end_with_parent() -> None:
    """Stop this worker when the process that started it is gone, however that ended."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
