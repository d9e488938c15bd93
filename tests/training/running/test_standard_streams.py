"""Standard output and error that cannot be written."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from server.storage.model_file import load_model
from tests.support.serving import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other devices")

# Prints to both streams, opens a file, and reports in it what has become of standard output.
PROGRAM = """
import sys
from pathlib import Path
from server.system.standard_streams import output_failure, tolerate_output_errors

tolerate_output_errors()
for _ in range(3):
    print("caf\N{LATIN SMALL LETTER E WITH ACUTE}", "x" * 10_000)
    print("error", file=sys.stderr)
with Path(sys.argv[1]).open("w") as file:
    print(file.fileno(), repr(output_failure()), file=file)
"""

WRITTEN = "caf\N{LATIN SMALL LETTER E WITH ACUTE} " + "x" * 10_000


def run_in_shell(path: Path, streams: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the program with the streams that a shell gives it; return what the shell writes."""
    script = f'"$0" -c "$1" "$2" {streams}'
    return subprocess.run(
        ["bash", "-c", script, sys.executable, PROGRAM, str(path)],
        cwd=ROOT,
        env={"PYTHONUTF8": "1", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("streams", "failure"),
    [
        ("", "None"),
        (">/dev/full", "OSError(28, 'No space left on device')"),
        (">&-", "None"),
        ("2>/dev/full", "None"),
        ("2>&-", "None"),
        ("<&- >&- 2>&-", "None"),
    ],
)
def test_a_stream_that_cannot_be_written_does_not_end_the_program(
    tmp_path: Path, streams: str, failure: str
) -> None:
    path = tmp_path / "result"
    process = run_in_shell(path, streams)
    assert process.returncode == 0
    descriptor, _, found = path.read_text().strip().partition(" ")
    assert int(descriptor) > 2
    assert found == failure
    is_error_written = "2>" not in streams
    assert process.stderr == ("error\n" * 3 if is_error_written else "")
    assert process.stdout == ("" if ">" in streams.replace("2>", "") else f"{WRITTEN}\n" * 3)


def test_a_reader_that_has_left_does_not_end_the_program(tmp_path: Path) -> None:
    path = tmp_path / "result"
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer) as pipe:  # noqa: PTH123, which takes only paths
        command = [sys.executable, "-c", PROGRAM, str(path)]
        process = subprocess.run(command, cwd=ROOT, stdout=pipe, stderr=pipe, check=False)
    assert process.returncode == 0
    assert path.read_text().endswith(" BrokenPipeError(32, 'Broken pipe')\n")


def test_a_pipe_that_is_full_and_does_not_block_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "result"
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, bytes(4096))
    command = [sys.executable, "-c", PROGRAM, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=writer, stderr=subprocess.DEVNULL) as process:
        os.close(writer)
        # The program's first line does not fit into the pipe.
        time.sleep(0.5)
        with open(reader, "rb") as pipe:  # noqa: PTH123, which takes only paths
            written = pipe.read().lstrip(b"\0").decode()
    assert process.returncode == 0
    assert written == f"{WRITTEN}\n" * 3
    assert path.read_text().endswith(" None\n")


@pytest.mark.usefixtures("mnist")
def test_a_command_whose_output_is_lost_fails() -> None:
    with Path("/dev/full").open("w") as full:
        process = subprocess.run(
            [sys.executable, "-m", "training.data"],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert process.returncode == 1
    assert process.stderr.endswith(
        "Standard output cannot be written: [Errno 28] No space left on device\n"
    )


def test_characters_that_the_encoding_does_not_have_are_escaped(tmp_path: Path) -> None:
    process = run_in_shell(tmp_path / "result", "", PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    assert process.returncode == 0
    assert process.stdout.startswith("caf\\xe9 ")


@pytest.mark.usefixtures("mnist")
def test_a_training_writes_everything_though_nobody_reads_its_output(tmp_path: Path) -> None:
    models, exported = tmp_path / "models", tmp_path / "exported"
    command = [
        *(sys.executable, "-m", "training", "--recipe", "tutorial", "--steps", "3"),
        *("--models", str(models), "--export", str(exported)),
    ]
    with (
        Path("/dev/full").open("w") as full,
        subprocess.Popen(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE) as process,
    ):
        assert process.stderr is not None
        process.stderr.close()
        process.wait(120)
    # Not all outputs could be written.
    assert process.returncode == 1
    assert load_model(models / "tutorial.npz").card.steps == 3
    assert (models / "reports" / "tutorial.html").exists()
    assert (exported / "saved_model.pb").exists()
