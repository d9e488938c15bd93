"""A function call in a child process, while this process does something else.

A thread would be slower: importing TensorFlow and many small NumPy calls both hold the global
interpreter lock.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from threading import Thread
from traceback import format_exc
from types import FrameType
from typing import TypeVar, TypeVarTuple

# How long the child process may take to clean up. The whole training must stop within
# `stopping.STOP_SECONDS`.
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
    # Spawned on every system: a fork copies locks, but not the threads that would release them.
    context = get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(
        target=_call_and_send, args=(sender, function, arguments), daemon=True
    )
    # A terminal sends Ctrl-C to both processes. The child process inherits SIG_IGN, and this one
    # ends it.
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    process.start()
    signal.signal(signal.SIGINT, handler)
    # Only the child holds the sending end now, so `recv` raises EOFError when the child is gone.
    sender.close()

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
    sender: Connection, function: Callable[..., object], arguments: tuple[object, ...]
) -> None:
    """Call the function and send its result or its exception."""
    signal.signal(signal.SIGTERM, _exit)
    Thread(target=_end_with_parent, daemon=True).start()
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


def _end_with_parent() -> None:
    """End this process when its parent has ended, even if the parent was killed."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
