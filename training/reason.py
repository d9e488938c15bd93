"""Why a training failed, as everyone in the room may read it.

The server shows the reason to all who follow a training. The text of an error can hold file system
paths, which tell names of people and how a machine is laid out. Only texts that are known to hold
none are passed on; all others stay in the terminal of whoever trains.
"""

import os

from training.cluster_config import ClusterError
from training.data import DataError
from training.regression import DivergedError

IN_TERMINAL = "The terminal of the training shows the details."


def public_reason(error: BaseException) -> str | None:
    """Return what failed, without a path, or None for an interruption."""
    if isinstance(error, KeyboardInterrupt):
        return None
    if isinstance(error, DivergedError):
        return str(error)
    if isinstance(error, OSError) and error.errno is not None:
        return f"{os.strerror(error.errno)}. {IN_TERMINAL}"
    if isinstance(error, DataError):
        return f"MNIST could not be read or fetched. {IN_TERMINAL}"
    if isinstance(error, ClusterError):
        return f"The workers could not be joined, or one was lost. {IN_TERMINAL}"
    if isinstance(error, MemoryError):
        return f"There was not enough memory. {IN_TERMINAL}"
    return f"{type(error).__name__}. {IN_TERMINAL}"
