"""A function call in a child process."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing import active_children, parent_process
from pathlib import Path

import numpy as np
import pytest

from tests.support.serving import ROOT
from tests.support.waiting import wait_until
from training.data.sources import DataError
from training.running.child_call import run_in_child

MINUTES = 300


def halve(numbers: list[float]) -> tuple[bool, "np.ndarray[tuple[int], np.dtype[np.float64]]"]:
    """Return whether this is a child process, and half of the numbers."""
    return parent_process() is not None, np.array(numbers) / 2


def fail(message: str) -> None:
    raise DataError(message)


def leave(code: int) -> None:
    os._exit(code)


def sleep_in_child(path: Path) -> None:
    """Create a file with the process ID, and delete it when cleaning up."""
    path.write_text(str(os.getpid()))
    try:
        time.sleep(MINUTES)
    finally:
        path.unlink()


def test_a_function_is_called_in_a_child_process_with_its_arguments() -> None:
    with run_in_child(halve, [1.0, 3.0]) as halved:
        is_another, halves = halved()
    assert is_another
    assert halves.tolist() == [0.5, 1.5]


def test_an_exception_is_raised_again_with_its_traceback_as_a_note() -> None:
    with (
        run_in_child(fail, "no source has it") as failed,
        pytest.raises(DataError) as raised,
    ):
        failed()
    assert str(raised.value) == "no source has it"
    assert "in fail" in raised.value.__notes__[0]


def test_a_child_process_that_ends_early_is_an_error() -> None:
    with (
        run_in_child(leave, 7) as left,
        pytest.raises(
            ChildProcessError, match=r"The child process of leave ended early .exit code 7"
        ),
    ):
        left()


def test_leaving_the_context_ends_the_child_process_after_it_has_cleaned_up(tmp_path: Path) -> None:
    path = tmp_path / "here"
    with run_in_child(sleep_in_child, path):
        wait_until(path.exists)
    assert not path.exists()
    assert active_children() == []


PROGRAM = """
import signal, sys
from pathlib import Path
from training.running.child_call import run_in_child
from tests.training.running.test_child_process import sleep_in_child

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with run_in_child(sleep_in_child, Path(sys.argv[1])) as slept:
        slept()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no process groups like these")
@pytest.mark.parametrize(
    ("number", "send"),
    [
        # To all processes of the group, like a terminal.
        pytest.param(signal.SIGINT, os.killpg, id="Ctrl-C"),
        pytest.param(signal.SIGKILL, os.kill, id="killed"),
    ],
)
def test_both_processes_end_without_output(
    tmp_path: Path, number: signal.Signals, send: Callable[[int, int], None]
) -> None:
    path, program = tmp_path / "here", tmp_path / "program.py"
    program.write_text(PROGRAM)
    with subprocess.Popen(
        [sys.executable, str(program), str(path)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        wait_until(path.exists)
        send(process.pid, number)
        _, said = process.communicate(timeout=20)
    wait_until(lambda: not path.exists())
    assert process.returncode == -number
    assert said == ""


def test_the_command_line_is_read_without_tensorflow() -> None:
    program = "import sys, training.__main__; print('tensorflow' in sys.modules)"
    said = subprocess.check_output([sys.executable, "-c", program], cwd=ROOT, text=True)
    assert said == "False\n"
