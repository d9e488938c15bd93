"""Another process, which computes while this one does something else.

A thread would not do: importing TensorFlow, and NumPy in small pieces, leave each other no time.
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

# How long the other process may take to tidy up: half as long as this one has to stop.
STOP_SECONDS = 0.5

Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")


@contextmanager
def run_in_child(
    function: Callable[[*Arguments], Result], *arguments: *Arguments
) -> Iterator[Callable[[], Result]]:
    """Begin to call a function in another process; yield what waits for its result and returns it.

    Waiting raises what the function raised, and ChildProcessError where the process was killed.
    Leaving the context ends the process, whether it is done or not.
    """
    # Spawned on every system: a fork copies locks, and not the threads that would release them.
    context = get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_compute, args=(sender, function, arguments), daemon=True)
    # Ctrl-C comes to both. The other one leaves it to this one to stop, and ends with it.
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    process.start()
    signal.signal(signal.SIGINT, handler)
    # That end is the other process's alone now: when it is gone, there is nothing to wait for.
    sender.close()

    def wait() -> Result:
        try:
            result, error = receiver.recv()
        except EOFError:
            process.join()
            raise ChildProcessError(
                f"{function.__name__} was stopped in its process (exit code {process.exitcode})."
            ) from None
        if error is not None:
            raise error
        returned: Result = result
        return returned

    try:
        yield wait
    finally:
        process.terminate()
        process.join(STOP_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()
        receiver.close()


def _compute(
    sender: Connection, function: Callable[..., object], arguments: tuple[object, ...]
) -> None:
    """Call the function and send what it returns or raises."""
    signal.signal(signal.SIGTERM, _stop)
    Thread(target=_end_with_parent, daemon=True).start()
    outcome: tuple[object, Exception | None]
    try:
        result = function(*arguments)
    except Exception as error:
        # Where it happened does not go along by itself.
        error.add_note(format_exc())
        outcome = (None, error)
    else:
        outcome = (result, None)
    # Nobody receives it where the other process has just been ended.
    with suppress(BrokenPipeError):
        sender.send(outcome)


def _stop(_number: int, _frame: FrameType | None) -> None:
    """End the process, and leave time to tidy up."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(1)


def _end_with_parent() -> None:
    """End the process when the one that began it is gone, whatever that died of."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
