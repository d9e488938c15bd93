"""Waiting for a condition, such as the end of a process, with a timeout."""

import subprocess
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


def is_running(pid: int) -> bool:
    """Tell whether a process is running; a zombie is not."""
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout
    return state.strip()[:1] not in ("", "Z")
