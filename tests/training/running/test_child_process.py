"""A function call in a child process."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from multiprocessing import active_children, parent_process
from pathlib import Path

import numpy as np
import pytest

from server.system import child_call
from server.system.child_call import (
    MIN_DIVIDED_ITEMS,
    call_for_halves,
    run_in_child,
    run_stages_in_child,
)
from tests.support.serving import ROOT
from tests.support.waiting import is_running, wait_until
from training.data.sources import DataError

MINUTES = 300


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give child processes all the time that cleaning up takes on a busy machine."""
    monkeypatch.setattr(child_call, "MAX_CLEANUP_SECONDS", MINUTES)


def halve(numbers: list[float]) -> tuple[bool, "np.ndarray[tuple[int], np.dtype[np.float64]]"]:
    """Return whether this is a child process, and half of the numbers."""
    return parent_process() is not None, np.array(numbers) / 2


def fail(message: str) -> None:
    raise DataError(message)


def leave(code: int) -> None:
    os._exit(code)


def sleep_in_child(path: Path) -> None:
    """Create a file with the process ID, and delete it when cleaning up."""
    try:
        # Within the block: the test may end this process as soon as the file exists.
        path.write_text(str(os.getpid()))
        time.sleep(MINUTES)
    finally:
        path.unlink(missing_ok=True)


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


@pytest.mark.usefixtures("patience")
def test_leaving_the_context_ends_the_child_process_after_it_has_cleaned_up(tmp_path: Path) -> None:
    path = tmp_path / "here"
    with run_in_child(sleep_in_child, path):
        wait_until(path.exists)
    assert not path.exists()
    assert active_children() == []


def count_down(number: int) -> Generator[bytes, None, int]:
    """Yield more than a pipe holds, and return a number."""
    yield bytes(1_000_000)
    return number


def fail_late() -> Generator[int, None, None]:
    yield 1
    raise DataError("too late")


def yield_twice() -> Generator[int, None, None]:
    yield 1
    yield 2


def test_a_generator_sends_what_it_yields_and_then_what_it_returns() -> None:
    with run_stages_in_child(count_down, 3) as (wait_for_first, wait_for_result):
        assert wait_for_first() == bytes(1_000_000)
        assert wait_for_result() == 3


def write_after_yielding(path: Path) -> Generator[bytes, None, None]:
    yield bytes(1_000_000)
    path.touch()


def test_a_generator_goes_on_before_what_it_yields_is_received(tmp_path: Path) -> None:
    path = tmp_path / "here"
    with run_stages_in_child(write_after_yielding, path) as (wait_for_first, wait_for_result):
        wait_until(path.exists)
        assert len(wait_for_first()) == 1_000_000
        wait_for_result()


def test_a_generator_may_fail_after_it_has_yielded() -> None:
    with run_stages_in_child(fail_late) as (wait_for_first, wait_for_result):
        assert wait_for_first() == 1
        with pytest.raises(DataError, match="too late"):
            wait_for_result()


def test_a_generator_yields_once() -> None:
    with run_stages_in_child(yield_twice) as (wait_for_first, wait_for_result):
        assert wait_for_first() == 1
        with pytest.raises(RuntimeError, match="more than once"):
            wait_for_result()


def negate(numbers: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> tuple[int, object]:
    return os.getpid(), -numbers


@pytest.mark.parametrize(
    ("count", "processes"), [(0, 1), (1, 1), (3, 1), (MIN_DIVIDED_ITEMS + 1, 2)]
)
def test_halves_are_computed_in_two_processes_if_they_are_large(count: int, processes: int) -> None:
    numbers = np.arange(count)
    (first_id, first), (second_id, second) = call_for_halves(negate, numbers)
    assert np.concatenate([first, second]).tolist() == (-numbers).tolist()
    assert len({first_id, second_id}) == processes
    assert second_id == os.getpid()


def sleep_and_ignore(path: Path, _large: bytes) -> None:
    sleep_in_child(path)


@pytest.mark.usefixtures("patience")
def test_leaving_the_context_ends_a_child_process_with_large_arguments(tmp_path: Path) -> None:
    path = tmp_path / "here"
    with run_in_child(sleep_and_ignore, path, bytes(1_000_000)):
        wait_until(path.exists)
    assert not path.exists()


def run_grandchild(path: Path) -> None:
    with run_in_child(sleep_in_child, path) as slept:
        slept()


def test_the_child_process_of_a_child_process_ends_with_it(tmp_path: Path) -> None:
    path = tmp_path / "here"
    with run_in_child(run_grandchild, path):
        wait_until(lambda: path.exists() and path.read_text())
        process = int(path.read_text())
        assert is_running(process)
    # On a busy machine it may be killed before it has cleaned up.
    wait_until(lambda: not is_running(process))


PROGRAM = """
import signal, sys
from pathlib import Path
from server.system.child_call import (
    MIN_DIVIDED_ITEMS,
    call_for_halves,
    run_in_child,
    run_stages_in_child,
)
from tests.training.running.test_child_process import sleep_in_child

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    with run_in_child(sleep_in_child, Path(sys.argv[1])) as slept:
        slept()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no process groups like these")
@pytest.mark.parametrize(
    ("number", "send"),
    [
        # To all processes of the group, like a terminal.
        pytest.param(signal.SIGINT, os.killpg, id="Ctrl-C"),
        pytest.param(signal.SIGHUP, os.killpg, id="closed terminal"),
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
