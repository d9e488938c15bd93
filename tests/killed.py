"""`python -m tests.killed`: kill trainings at random moments, and see what they leave.

A model is served while another training under its name is killed without warning. Whatever the
moment, the model must be whole and one of the two, and every history readable. Prints one line of
JSON with how many died in which phase.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from server.storage.evaluation import EVALUATIONS, load_evaluation
from server.storage.history import HISTORIES, TRAININGS, load_history
from server.storage.model_file import load_model
from tests.support.serving import ROOT

NAME = "killed"


def train(models: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a small real training."""
    command = [sys.executable, "-m", "training", "--recipe", "tutorial", "--name", NAME]
    return subprocess.Popen(
        [*command, "--models", str(models), *arguments],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def small(seed: int) -> list[str]:
    """Return arguments for a training of a second or two beside TensorFlow's start."""
    return ["--steps", "400", "--images-per-digit", "100", "--seed", str(seed)]


def kill_one(models: Path, seed: int, after: float) -> str:
    """Kill a training so many seconds after it began to write; say what it was at.

    :raise ArchiveError: a file that it left is not whole
    :raise AssertionError: the model is neither the old one nor the new one
    """
    before = load_model(models / f"{NAME}.npz")
    run = load_history(models / TRAININGS / f"{NAME}.npz").card.run
    with train(models, *small(seed)) as process:
        while load_history(models / TRAININGS / f"{NAME}.npz").card.run == run:
            if process.poll() is not None:
                raise AssertionError("the training ended before it began")
            time.sleep(0.01)
        time.sleep(after)
        process.kill()
    return check(models, before.digest, seed)


def check(models: Path, before: str, seed: int) -> str:
    """Check what a killed training left; return what it was at."""
    model = load_model(models / f"{NAME}.npz")
    assert model.digest == before or model.card.seed == seed
    # Whole, but of an older model where the training was killed between two writes.
    load_history(models / HISTORIES / f"{NAME}.npz")
    load_evaluation(models / EVALUATIONS / f"{NAME}.npz")
    partial = load_history(models / TRAININGS / f"{NAME}.npz")
    assert partial.card.seed == seed
    if partial.card.outcome == "finished":
        return "finished"
    return partial.card.phase if model.digest == before else "saving"


def kill_many(models: Path, rounds: int, seed: int = 0) -> Counter[str]:
    """Train one model whole and then kill so many trainings; count what they were at."""
    with train(models, *small(0)) as process:
        while not (models / TRAININGS / f"{NAME}.npz").exists():
            time.sleep(0.01)
        written = time.monotonic()
        assert process.wait() == 0
    whole = time.monotonic() - written
    chance = random.Random(seed)
    return Counter(
        kill_one(models, number, chance.uniform(0, 0.9 * whole)) for number in range(1, rounds + 1)
    )


def main() -> None:
    """Read the command line, kill, and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.killed")
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as directory:
        print(json.dumps({"rounds": rounds, "killed_while": kill_many(Path(directory), rounds)}))


if __name__ == "__main__":
    main()
