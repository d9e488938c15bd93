"""A function call in a child process, while this process does something else.

A thread would be slower: importing TensorFlow and many small NumPy calls both hold the global
interpreter lock.
"""

import signal
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection as PipeConnection
from threading import Thread
from traceback import format_exc
from types import FrameType
from typing import Any, TypeVar, TypeVarTuple

from numpy.typing import NDArray

from server.system.child_process import end_with_parent, start_child
from server.system.standard_streams import tolerate_output_errors

# How long the child process may take to clean up. A training must stop within two seconds.
MAX_CLEANUP_SECONDS = 0.5

# A process starts in about half a second: fewer items are not divided.
MIN_DIVIDED_ITEMS = 20_000

Arguments = TypeVarTuple("Arguments")
First = TypeVar("First")
Result = TypeVar("Result")


@contextmanager
def run_in_child(
    function: Callable[[*Arguments], Result], *arguments: *Arguments
) -> Iterator[Callable[[], Result]]:
    """Call a function in a child process; yield a function that waits for the result.

    The yielded function raises what the called function raised, or ChildProcessError if the child
    process was killed. Leaving the context ends the child process.
    """
    with _start(function, arguments) as receive:
        yield receive


@contextmanager
def run_stages_in_child(
    function: Callable[[*Arguments], Generator[First, None, Result]], *arguments: *Arguments
) -> Iterator[tuple[Callable[[], First], Callable[[], Result]]]:
    """Run a generator function that yields once; see `run_in_child`.

    Yield two functions: the first waits for what the generator yields, and the second, to be called
    after it, for what it returns. The child process continues without waiting for the first call.
    """
    with _start(function, arguments) as receive:
        yield receive, receive


def call_for_halves(
    function: Callable[[Any], Result], items: Sequence[Any] | NDArray[Any]
) -> tuple[Result, Result]:
    """Return a function's results for both halves of many items, computed in two processes."""
    half = len(items) // 2
    if len(items) < MIN_DIVIDED_ITEMS:
        return function(items[:half]), function(items[half:])
    with run_in_child(function, items[:half]) as wait_for_first:
        second = function(items[half:])
        return wait_for_first(), second


@contextmanager
def _start(
    function: Callable[..., object], arguments: tuple[object, ...]
) -> Iterator[Callable[[], Any]]:
    """Call a function in a child process; yield a function that receives its next result."""
    # The arguments have a pipe of their own: a child process whose start is interrupted while it
    # reads them would print a traceback.
    inbox, outbox = Pipe(duplex=False)
    with inbox:
        # Not a daemon: daemons cannot have child processes, and this one may call others.
        process, receiver = start_child(_call_and_send, function, inbox, is_daemon=False)

    def receive() -> Any:
        try:
            result, error = receiver.recv()
        except EOFError:
            process.join()
            raise ChildProcessError(
                f"The child process of {function.__name__} ended early "
                f"(exit code {process.exitcode})."
            ) from None
        if error is not None:
            raise error
        return result

    try:
        with outbox:
            _send(outbox, arguments)
        yield receive
    finally:
        process.terminate()
        process.join(MAX_CLEANUP_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()
        receiver.close()


def _call_and_send(
    sender: PipeConnection, function: Callable[..., object], inbox: PipeConnection
) -> None:
    """Call the function with the arguments from the inbox; send its results or its exception."""
    signal.signal(signal.SIGTERM, _exit)
    if sys.platform != "win32":
        # Sent to both processes when their terminal is closed; the parent process decides.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    tolerate_output_errors()
    end_with_parent()
    outcome: tuple[object, Exception | None]
    try:
        with inbox:
            arguments = inbox.recv()
        result = function(*arguments)
        if isinstance(result, Generator):
            result = _run_stages(sender, result)
    except Exception as error:
        # Pickling drops the traceback.
        error.add_note(format_exc())
        outcome = (None, error)
    else:
        outcome = (result, None)
    _send(sender, outcome)


def _run_stages(sender: PipeConnection, stages: Generator[object, None, object]) -> object:
    """Send what a generator yields once, and return what it returns."""
    # A large result is sent only when the parent process receives it, so a thread waits for that.
    thread = Thread(target=_send, args=(sender, (next(stages), None)), daemon=True)
    thread.start()
    try:
        next(stages)
    except StopIteration as end:
        return end.value
    finally:
        thread.join()
    raise RuntimeError("The generator yields more than once.")


def _send(sender: PipeConnection, message: object) -> None:
    # The other process may have ended.
    with suppress(BrokenPipeError):
        sender.send(message)


def _exit(_number: int, _frame: FrameType | None) -> None:
    """Raise SystemExit, so that `finally` blocks run; ignore further signals."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(1)
