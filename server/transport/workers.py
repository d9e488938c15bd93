"""Several worker processes on one address, and a supervisor that replaces those that die.

Each worker loads the models and follows changes of their files by itself. Workers share nothing but
the listening socket: an idle one accepts the next connection.
"""

import logging
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection as PipeConnection
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess

from server.room.errors import RoomBusyError, RoomError, RoomStorageError
from server.system.child_process import end_with_parent, start_child
from server.system.signals import handle_signals
from server.transport.serving import STOP_SECONDS, Served, serve, stop

_log = logging.getLogger(__name__)

# A worker that has not shut down gracefully after this time is killed.
KILL_SECONDS = 2.0 * STOP_SECONDS

# A worker that dies sooner than this after its start is replaced after a delay, which doubles each
# time: constant restarts would take the processor from the other workers.
STABLE_SECONDS = 10.0
MIN_RESTART_SECONDS = 0.5
MAX_RESTART_SECONDS = 30.0

# A worker accepts one connection at a time, so that the others get their share of a burst.
MAX_ACCEPTS = 1


class WorkerError(RuntimeError):
    """No worker could start to serve."""


@dataclass
class Worker:
    """One worker process.

    `report` is the receiving end of a pipe for one message, which the worker sends when it serves;
    None once that is read. `started` is on the monotonic clock.
    """

    process: SpawnProcess
    report: PipeConnection | None
    started: float
    is_serving: bool = False

    def read_report(self) -> None:
        """Read the worker's message, or find that it has died without one; set `is_serving`."""
        assert self.report is not None
        with self.report, suppress(EOFError):
            self.report.recv()
            self.is_serving = True
        self.report = None


class Supervisor:
    """Keeps a number of workers running.

    :param on_ready: called once, when at least one worker is running and all running ones serve
    """

    def __init__(
        self, count: int, listener: socket.socket, served: Served, on_ready: Callable[[], None]
    ) -> None:
        self._count = count
        self._listener = listener
        self._served = served
        self._on_ready = on_ready
        self._workers: list[Worker] = []
        # Whether any worker has ever served.
        self._has_served = False
        self._has_called_on_ready = False
        # Seconds from the death of a worker to the start of the next one.
        self._delay = 0.0
        self._next_start = time.monotonic()

    def run(self) -> None:
        """Start workers, and replace those that die, until an exception such as SystemExit.

        :raise WorkerError: all workers die, or cannot be started, before any has served
        """
        self._start_missing()
        while True:
            # Until one has served, a replacement would probably fail for the same reason.
            if self._has_served:
                self._start_missing()
            is_waiting = self._has_served and len(self._workers) < self._count
            # The delay of a replacement must not stop the supervision of the others.
            timeout = max(0.0, self._next_start - time.monotonic()) if is_waiting else None
            reports = [worker.report for worker in self._workers if worker.report]
            sentinels = [worker.process.sentinel for worker in self._workers]
            changed = wait([*reports, *sentinels], timeout)
            for worker in self._workers.copy():
                if worker.report in changed:
                    worker.read_report()
                    self._has_served |= worker.is_serving
                if worker.process.sentinel in changed:
                    self._remove(worker)
            if self._has_served and all(worker.is_serving for worker in self._workers):
                self._call_on_ready()

    def stop(self) -> None:
        """Shut all workers down gracefully; kill those that take longer than KILL_SECONDS."""
        for worker in self._workers:
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join(KILL_SECONDS)
            worker.process.kill()

    def _start_missing(self) -> None:
        """Start the missing workers, if the restart delay has passed.

        :raise WorkerError: none has served, and none can be started
        """
        while len(self._workers) < self._count and time.monotonic() >= self._next_start:
            try:
                self._workers.append(_start(self._listener, self._served))
            except OSError as error:
                self._retry_later(f"A worker cannot be started: {error}")

    def _remove(self, worker: Worker) -> None:
        """Remove a dead worker, and schedule its replacement."""
        self._workers.remove(worker)
        worker.process.join()
        event = f"Worker {worker.process.pid} exited with code {worker.process.exitcode}"
        if worker.is_serving and time.monotonic() - worker.started > STABLE_SECONDS:
            self._delay = 0.0
            _log.error("%s; starting another", event)
        else:
            self._retry_later(event if worker.is_serving else f"{event} before it served")

    def _retry_later(self, event: str) -> None:
        """Log a failure and choose when the next worker starts.

        :raise WorkerError: none has served, and none is running
        """
        if not self._has_served and not self._workers:
            raise WorkerError(f"{event}.")
        now = time.monotonic()
        # Workers that die together count as one failure.
        if now >= self._next_start:
            self._delay = min(MAX_RESTART_SECONDS, max(MIN_RESTART_SECONDS, 2 * self._delay))
            self._next_start = now + self._delay
        _log.error("%s; starting another in %.1f s", event, self._next_start - now)

    def _call_on_ready(self) -> None:
        if not self._has_called_on_ready:
            self._has_called_on_ready = True
            self._on_ready()


def _start(listener: socket.socket, served: Served) -> Worker:
    """Start a worker.

    :raise OSError: the system allows no more processes or files
    """
    process, report = start_child(_work, listener, served)
    return Worker(process, report, time.monotonic())


def serve_with_workers(
    count: int, listener: socket.socket, served: Served, on_ready: Callable[[], None]
) -> None:
    """Serve with several processes until SIGINT, SIGTERM or SIGHUP; one that dies is replaced.

    :param on_ready: as in `Supervisor`
    :raise WorkerError: all workers die, or cannot be started, before any has served
    """
    handle_signals(stop)
    supervisor = Supervisor(count, listener, served, on_ready)
    try:
        supervisor.run()
    finally:
        supervisor.stop()


def _work(report: PipeConnection, listener: socket.socket, served: Served) -> None:
    """Serve in a worker."""
    end_with_parent()
    try:
        serve(listener, served, lambda: report.send("serving"), MAX_ACCEPTS)
    except (RoomError, RoomBusyError, RoomStorageError) as error:
        sys.exit(f"A worker cannot open the room: {error}")
