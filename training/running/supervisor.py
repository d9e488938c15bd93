"""Supervisor: runs a worker of a multi-worker training in a child process, and can always end it.

While TensorFlow waits for other workers it holds Python's global interpreter lock and catches
SIGTERM, so no handler, thread or timeout of that process runs. The supervisor never imports
TensorFlow. It forwards signals, and kills the child process if it does not react.
"""

import argparse
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection as PipeConnection
from multiprocessing.connection import wait as wait_for_any
from multiprocessing.process import BaseProcess
from threading import Thread
from types import FrameType
from typing import NoReturn

from server.system.child_process import end_with_parent, start_child
from server.system.signals import SIGNAL_EXIT_BASE, handled_signals
from server.system.standard_streams import tolerate_output_errors
from training.running.stopping import EXIT_CALLBACK_SECONDS, STOP_SECONDS
from training.settings.cluster_config import TF_CONFIG, Stage, StageCallback, split_address
from training.settings.recipe import Recipe

# How long a child process may take to stop by itself: the maximum of `stopping`, and a margin.
KILL_SECONDS = STOP_SECONDS + EXIT_CALLBACK_SECONDS + 0.2

# How often to check for a signal, and how long to wait for an address to accept a connection.
POLL_SECONDS = 0.05
PROBE_SECONDS = 1.0


def supervise(
    train: Callable[[argparse.Namespace, Recipe, StageCallback], None],
    options: argparse.Namespace,
    recipe: Recipe,
    worker: int,
    addresses: list[str],
) -> NoReturn:
    """Run a worker in a child process, and exit with its exit code.

    A signal ends the child process within KILL_SECONDS. The child process is also ended when it has
    waited for the other workers for `options.worker_timeout` seconds: to join, or to end a step.

    :param train: called in the child process; calls back with each stage
    :param worker: the index of this worker in `addresses`
    :param addresses: HOST:PORT of all workers
    :raise SystemExit: always
    """
    received: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        received.append(number)

    for number in handled_signals():
        signal.signal(number, note)
    # Not a daemon: daemons cannot have child processes, and this one starts data preparation.
    process, receiver = start_child(_run_child, train, options, recipe, is_daemon=False)
    stage: Stage | None = None
    is_timed_out = False
    try:
        stage, is_timed_out = watch_child(process, receiver, received, options.worker_timeout)
        if is_timed_out:
            # Probed before the child process ends, since workers that have joined it may end too.
            unreachable = unreachable_addresses([a for a in addresses if a != addresses[worker]])
    finally:
        _end_child(process, received, stage)
    if received:
        _exit_by_signal(received[0], process.exitcode)
    if is_timed_out:
        message = timeout_message if stage == "waiting" else stalled_message
        sys.exit(message(worker, addresses, unreachable, options.worker_timeout))
    code = process.exitcode
    if code is not None and code < 0:
        sys.exit(
            f"Not trained: worker {worker} was ended by {_signal_name(-code)}. TensorFlow does "
            "this when another worker is lost; see its message above."
        )
    sys.exit(code)


def unreachable_addresses(addresses: list[str]) -> list[str]:
    """Return the addresses that accept no connection within PROBE_SECONDS, in their order."""
    reachable = set()

    def probe(address: str) -> None:
        try:
            with socket.create_connection(split_address(address), PROBE_SECONDS):
                reachable.add(address)
        except OSError:
            return

    # Daemons, which do not keep the process alive: resolving a host name has no timeout.
    probes = [Thread(target=probe, args=(address,), daemon=True) for address in addresses]
    for thread in probes:
        thread.start()
    deadline = time.monotonic() + PROBE_SECONDS + 0.2
    for thread in probes:
        thread.join(max(0, deadline - time.monotonic()))
    return [address for address in addresses if address not in reachable]


def timeout_message(
    worker: int, addresses: list[str], unreachable: list[str], seconds: float
) -> str:
    """Return an error message that names the missing workers and says what to do."""
    waited = f"Not trained: worker {worker} has waited {seconds:g} s for the other workers"
    if not unreachable:
        return (
            f"{waited}. All their addresses accept connections, but not all workers have joined: "
            f"check that every worker has the same cluster in {TF_CONFIG}, and its own task index."
        )
    return (
        f"{waited}, and {_describe_missing(addresses, unreachable)}. Start the same command there "
        f"with its own task index, check the addresses in {TF_CONFIG} and that no firewall blocks "
        "them, or wait longer with --worker-timeout SECONDS."
    )


def stalled_message(
    worker: int, addresses: list[str], unreachable: list[str], seconds: float
) -> str:
    """Return an error message for a worker whose step the others do not end."""
    missing = f", and {_describe_missing(addresses, unreachable)}" if unreachable else ""
    return (
        f"Not trained: worker {worker} has waited {seconds:g} s for the others to do their step"
        f"{missing}. Check that all workers are running and have the same arguments, or wait "
        "longer with --worker-timeout SECONDS."
    )


def _describe_missing(addresses: list[str], unreachable: list[str]) -> str:
    missing = ", ".join(f"worker {addresses.index(address)} ({address})" for address in unreachable)
    return f"nothing accepts connections at {missing}"


def watch_child(
    process: BaseProcess, receiver: PipeConnection, received: list[int], timeout: float
) -> tuple[Stage | None, bool]:
    """Wait until the process ends, a signal is received or the timeout has passed.

    Return the last stage, None before the first, and whether the timeout has passed. It is the time
    since the last message, and only counts in the stages in which a worker waits for the others.

    :param receiver: gets the stages, and "training" again after each progress
    :param received: the signals received
    :param timeout: in seconds
    """
    stage: Stage | None = None
    deadline = float("inf")
    sources: list[PipeConnection | int] = [process.sentinel, receiver]
    while not received and time.monotonic() < deadline:
        ready = wait_for_any(sources, POLL_SECONDS)
        if process.sentinel in ready:
            return stage, False
        if receiver in ready:
            try:
                stage = receiver.recv()
            except EOFError:
                # The process is ending.
                sources.remove(receiver)
                continue
            is_limited = stage in ("waiting", "training")
            deadline = time.monotonic() + timeout if is_limited else float("inf")
    return stage, not received


def _end_child(process: BaseProcess, received: list[int], stage: Stage | None) -> None:
    """Forward the received signal to the process, and kill it if it does not end in time."""
    # A process that waits for other workers to join cannot react, and has nothing to clean up.
    has_joined = stage not in (None, "waiting")
    if received and has_joined and process.pid is not None and process.is_alive():
        # On Windows, Ctrl-C reaches both processes, and there is no other signal.
        if sys.platform != "win32":
            os.kill(process.pid, received[0])
        process.join(KILL_SECONDS)
    if process.is_alive():
        process.kill()
    process.join()


def _exit_by_signal(number: int, child_code: int | None) -> None:
    """Exit with the child's code if it stopped cleanly; otherwise end by the same signal."""
    if child_code == SIGNAL_EXIT_BASE + number or sys.platform == "win32":
        sys.exit(SIGNAL_EXIT_BASE + number)
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _run_child(
    sender: PipeConnection,
    train: Callable[[argparse.Namespace, Recipe, StageCallback], None],
    options: argparse.Namespace,
    recipe: Recipe,
) -> None:
    """Train in the child process, which ends when its parent ends."""
    tolerate_output_errors()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # By force, because TensorFlow may hold the interpreter lock.
    end_with_parent(by_force=True)
    train(options, recipe, sender.send)
