"""Training: the loop against Keras's `fit` and NumPy, the whole commands, and how it scales."""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.ratios import Ratio
from tests.benchmarks.serving import compare
from tests.support.serving import ROOT

ROUNDS = 5

# So many images are streamed, and a hundred times as many.
IMAGES = 60_000
TIMES = 100

LOOPS = ["-m", "tests.benchmarks.loops"]


@dataclass(frozen=True)
class Run:
    """What a program printed, how long it took, and the most memory that it held.

    Linux counts from the fork on: it is never less than this process held itself.
    """

    output: str
    seconds: float
    megabytes: float


def run(arguments: list[str]) -> Run:
    """Run a Python program from its start to its end."""
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)} failed")
    # Linux counts in kilobytes, macOS in bytes.
    return Run(output, seconds, usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024**2))


def measure() -> list[Ratio]:
    """Measure the loops and the whole commands; takes some ten minutes."""
    times: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for way in ("ours", "fit", "numpy"):
            times.setdefault(way, []).append(float(run([*LOOPS, way]).output))
    loop = "1,000 steps of 100, tracing included"
    return [
        compare(f"{loop} : Keras's fit", times["ours"], times["fit"], "s", 1 / 3, 1 / 14),
        compare(f"{loop} : NumPy", times["ours"], times["numpy"], "s", 7, 1.5),
        whole_command(),
        *normalized_and_pooled_commands(),
    ]


def whole_command() -> Ratio:
    """Compare the command, from its start to its end, with a script that calls `fit`."""
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as scratch:
        command = ["-m", "training", "--recipe", "tutorial", "--models", scratch]
        script = ["-m", "tests.benchmarks.fit", str(Path(scratch) / "fit.npz")]
        for _ in range(ROUNDS):
            ours.append(run(command).seconds)
            theirs.append(run(script).seconds)
    return compare("python -m training : a script with fit", ours, theirs, "s", 0.75, 0.6)


def normalized_and_pooled_commands() -> list[Ratio]:
    """Compare the command with the normalized recipe with its loop, and with the pooled recipe.

    The loop alone has its data prepared and TensorFlow imported before the clock starts, and is not
    monitored.
    """
    pooled, ours, theirs = [], [], []
    with tempfile.TemporaryDirectory() as scratch:
        prepared = str(Path(scratch) / "prepared.npz")
        run([*LOOPS, "prepare", prepared])
        command = ["-m", "training", "--models", scratch, "--recipe"]
        for _ in range(ROUNDS):
            ours.append(run([*command, "normalized"]).seconds)
            pooled.append(run([*command, "pooled"]).seconds)
            theirs.append(float(run([*LOOPS, "normalized", prepared]).output))
    name = "python -m training --recipe"
    return [
        compare(f"{name} normalized : its TensorFlow loop alone", ours, theirs, "s", 4, 3),
        compare(f"{name} pooled : normalized", pooled, ours, "s", 3, 1.5),
    ]


def measure_scale() -> list[Ratio]:
    """Compare a stream of images with one a hundred times as long; takes some three minutes.

    Measured are the seconds of `train`, tracing included, without what comes before and after; and
    the peak memory of the whole process, TensorFlow and MNIST included.
    """
    short, long = (run([*LOOPS, "stream", str(count)]) for count in (IMAGES, IMAGES * TIMES))
    stream = f"a stream of {IMAGES * TIMES:,} images : {IMAGES:,}"
    seconds = (float(long.output), float(short.output))
    return [
        Ratio(f"{stream}, time", *seconds, "s", 1.1 * TIMES, TIMES),
        Ratio(f"{stream}, peak memory", long.megabytes, short.megabytes, "MB", 1.2, 1.0),
    ]
