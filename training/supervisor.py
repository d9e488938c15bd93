"""A worker of a multi-worker training, in a child process that this process can always end.

While TensorFlow waits for other workers it holds Python's global interpreter lock and catches
SIGTERM: no handler, thread or timeout of the same process runs. This process never imports
TensorFlow, so that it passes signals on, and ends the child process if that does not react.
"""

import argparse
import ctypes
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for_any
from multiprocessing.process import BaseProcess
from threading import Thread
from types import FrameType
from typing import Literal

from training.cluster_config import TF_CONFIG, split_address
from training.recipe import Recipe
from training.stopping import EXIT_CALLBACK_SECONDS, SIGNAL_EXIT_BASE, STOP_SECONDS

# What a child process reports: that it begins to wait for the other workers, and that all are here.
Stage = Literal["waiting", "joined"]
Report = Callable[[Stage], None]

# How long a child process may take to stop by itself: as long as one that reacts needs at most.
KILL_SECONDS = STOP_SECONDS + EXIT_CALLBACK_SECONDS + 0.2

# How often to look for a signal, and how long to wait for an address to accept a connection.
POLL_SECONDS = 0.05
PROBE_SECONDS = 1.0

# Linux's prctl option: the signal that a process gets when its parent has ended.
_PR_SET_PDEATHSIG = 1


def supervise(
    work: Callable[[argparse.Namespace, Recipe, Report], None],
    options: argparse.Namespace,
    recipe: Recipe,
    worker: int,
    addresses: list[str],
) -> None:
    """Run a worker in a child process, and exit as it does.

    A signal ends the child process within KILL_SECONDS. So does `options.worker_timeout`, counted
    in seconds from when the child process begins to wait for the other workers.

    :param work: called in the child process; reports the stages
    :param worker: the index of this worker in the addresses of all
    :raise SystemExit: always
    """
    received: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        received.append(number)

    signal.signal(signal.SIGTERM, note)
    context = get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    # Not a daemon: it has a child process of its own, which prepares the data.
    process = context.Process(target=_work, args=(sender, work, options, recipe))
    # Inherited: Ctrl-C comes to both processes, and must not interrupt the other's imports.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    process.start()
    signal.signal(signal.SIGINT, note)
    sender.close()
    stage: Stage | None = None
    is_missing = False
    try:
        stage, is_missing = _watch(process, receiver, received, options.worker_timeout)
        if is_missing:
            # Before the child process ends, since a probe of its own address would fail after it.
            silent = unreachable_addresses([a for a in addresses if a != addresses[worker]])
    finally:
        _end(process, received, stage)
    if received:
        _exit_by_signal(received[0], process.exitcode)
    if is_missing:
        sys.exit(timeout_message(worker, addresses, silent, options.worker_timeout))
    code = process.exitcode
    if code is not None and code < 0:
        sys.exit(
            f"Not trained: worker {worker} was ended by {_signal_name(-code)}. TensorFlow does so "
            "where another worker is lost; its own message is above."
        )
    sys.exit(code)


def unreachable_addresses(addresses: list[str]) -> list[str]:
    """Return the addresses that accept no connection within PROBE_SECONDS, in their order."""
    heard = set()

    def probe(address: str) -> None:
        try:
            with socket.create_connection(split_address(address), PROBE_SECONDS):
                heard.add(address)
        except OSError:
            return

    # Daemons: looking up a host's name has no timeout.
    probes = [Thread(target=probe, args=(address,), daemon=True) for address in addresses]
    for thread in probes:
        thread.start()
    deadline = time.monotonic() + PROBE_SECONDS + 0.2
    for thread in probes:
        thread.join(max(0, deadline - time.monotonic()))
    return [address for address in addresses if address not in heard]


def timeout_message(worker: int, addresses: list[str], silent: list[str], seconds: float) -> str:
    """Say which workers are missing, and what to do about it."""
    waited = f"Not trained: worker {worker} has waited {seconds:g} s for the other workers"
    if not silent:
        return (
            f"{waited}. All their addresses accept connections, but not all workers have joined: "
            f"check that every worker has the same cluster in {TF_CONFIG}, and its own task index."
        )
    missing = ", ".join(f"worker {addresses.index(address)} ({address})" for address in silent)
    return (
        f"{waited}, and nothing accepts connections at {missing}. Start the same command there "
        f"with its own task index, check the addresses in {TF_CONFIG} and that no firewall blocks "
        "them, or wait longer with --worker-timeout SECONDS."
    )


def _watch(
    process: BaseProcess, receiver: Connection, received: list[int], timeout: float
) -> tuple[Stage | None, bool]:
    """Wait until the process ends, a signal is received or the timeout is over.

    Return the stage that the process is in then, None before the first, and whether workers are
    missing.
    """
    stage: Stage | None = None
    deadline = float("inf")
    sources: list[Connection | int] = [process.sentinel, receiver]
    while not received and time.monotonic() < deadline:
        ready = wait_for_any(sources, POLL_SECONDS)
        if process.sentinel in ready:
            return stage, False
        if receiver in ready:
            try:
                stage = receiver.recv()
            except EOFError:
                # The process is about to end.
                sources.remove(receiver)
                continue
            deadline = time.monotonic() + timeout if stage == "waiting" else float("inf")
    return stage, not received


def _end(process: BaseProcess, received: list[int], stage: Stage | None) -> None:
    """End the process: with the signal received, and by force where it cannot react."""
    # While it waits for other workers it cannot react, and has nothing to tidy up.
    if received and stage == "joined" and process.pid is not None and process.is_alive():
        # Windows brings Ctrl-C to both, and has no other signal to send.
        if sys.platform != "win32":
            os.kill(process.pid, received[0])
        process.join(KILL_SECONDS)
    if process.is_alive():
        process.kill()
    process.join()


def _exit_by_signal(number: int, child_code: int | None) -> None:
    """Exit as the child process did if that stopped cleanly, and else by the signal itself."""
    if child_code == SIGNAL_EXIT_BASE + number or sys.platform == "win32":
        sys.exit(SIGNAL_EXIT_BASE + number)
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _work(
    sender: Connection,
    work: Callable[[argparse.Namespace, Recipe, Report], None],
    options: argparse.Namespace,
    recipe: Recipe,
) -> None:
    """Do the work of a child process, which ends with its parent."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _end_with_parent()
    work(options, recipe, sender.send)


def _end_with_parent() -> None:
    """Let this process end when its parent has ended, even if that was killed."""
    if sys.platform == "linux":
        # The kernel does it, since no thread runs while TensorFlow holds the interpreter lock.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = parent_process()
    assert parent is not None

    def end() -> None:
        parent.join()
        os._exit(1)

    Thread(target=end, daemon=True).start()
