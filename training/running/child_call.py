"""A function call in a child process, while this process does something else.

A thread would be slower: importing TensorFlow and many small NumPy calls both hold the global
interpreter lock.
"""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection as PipeConnection
from traceback import format_exc
from types import FrameType
from typing import TypeVar, TypeVarTuple

from server.system.child_process import end_with_parent, start_child

# How long the child process may take to clean up: less than `stopping.STOP_SECONDS`, in which the
# training must stop.
MAX_CLEANUP_SECONDS = 0.5

Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")


@contextmanager
def run_in_child(
    function: Callable[[*Arguments], Result], *arguments: *Arguments
) -> Iterator[Callable[[], Result]]:
    """Call a function in a child process; yield a function that waits for the result.

    The yielded function raises what the called function raised, or ChildProcessError if the child
    process was killed. Leaving the context ends the child process.
    """
    process, receiver = start_child(_call_and_send, function, arguments)

    def wait() -> Result:
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
        returned: Result = result
        return returned

    try:
        yield wait
    finally:
        process.terminate()
        process.join(MAX_CLEANUP_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()
        receiver.close()


def _call_and_send(
    sender: PipeConnection, function: Callable[..., object], arguments: tuple[object, ...]
) -> None:
    """Call the function and send its result or its exception."""
    signal.signal(signal.SIGTERM, _exit)
    end_with_parent()
    outcome: tuple[object, Exception | None]
    try:
        result = function(*arguments)
    except Exception as error:
        # Pickling drops the traceback.
        error.add_note(format_exc())
        outcome = (None, error)
    else:
        outcome = (result, None)
    # The parent process may have ended.
    with suppress(BrokenPipeError):
        sender.send(outcome)


def _exit(_number: int, _frame: FrameType | None) -> None:
    """Raise SystemExit, so that `finally` blocks run; ignore further signals."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(1)
