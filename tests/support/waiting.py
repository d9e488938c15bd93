"""Waiting for a condition, with a timeout."""

import time
from collections.abc import Callable

# How often a condition is checked, in seconds.
_INTERVAL = 0.02


def wait_until(condition: Callable[[], object], seconds: float = 30) -> None:
    """Wait until a condition holds.

    :raise AssertionError: it does not hold within this number of seconds
    """
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition does not hold in time"
        time.sleep(_INTERVAL)
