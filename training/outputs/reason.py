"""The public reason of a failed training.

The server shows the reason to everyone who watches a training. An error message can contain file
system paths, which reveal people's names and the layout of a machine. Only messages without paths
are published; others appear only in the terminal of the training.
"""

import os

from training.data.sources import DataError
from training.fitting.regression import DivergedError
from training.settings.cluster_config import ClusterError

IN_TERMINAL = "See the terminal of the training for details."


def public_reason(error: BaseException) -> str | None:
    """Return what failed, without file system paths; None for an interruption."""
    if isinstance(error, KeyboardInterrupt):
        return None
    if isinstance(error, DivergedError):
        return str(error)
    if isinstance(error, OSError) and error.errno is not None:
        return f"{os.strerror(error.errno)}. {IN_TERMINAL}"
    if isinstance(error, DataError):
        return f"MNIST could not be read or fetched. {IN_TERMINAL}"
    if isinstance(error, ClusterError):
        return f"The cluster could not be joined, or a worker was lost. {IN_TERMINAL}"
    if isinstance(error, MemoryError):
        return f"There was not enough memory. {IN_TERMINAL}"
    return f"{type(error).__name__}. {IN_TERMINAL}"
