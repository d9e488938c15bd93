"""`python -m tests.room.retraining FILE.jsonl.gz`: what a training with a room improves.

Drawings of one half of a hand are given to a new room, `python -m training --room` trains on them
in a temporary directory, and the models without and with the room read the other half. It measures;
it is no test. The file is that of `tests.drawn`. Prints one line of JSON last.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from server.regression.model import Model
from server.regression.rasterizer import rasterize_all
from server.regression.shapes import DIGITS
from server.room.database import RoomDatabase
from server.room.drawings import Reading
from server.storage.model_file import load_model
from tests.support.digits import read_drawings
from tests.support.serving import ROOT

Drawing = dict[str, Any]

# The answer that is stored with each drawing; no training uses it.
READING = Reading(digit=0, is_sure=False, model="")


def main() -> None:
    """Train without and with a room, and print the errors on the other half."""
    arguments = parse_arguments()
    drawings = read_drawings(arguments.file)
    of_hand = [drawing for drawing in drawings if drawing["hand"] == arguments.hand]
    if len(of_hand) < 2:
        sys.exit(f"{arguments.file} has fewer than two drawings of the hand {arguments.hand!r}")
    random = np.random.default_rng(arguments.split)
    given, tested = split(of_hand, random)
    given = mislabel(given[: arguments.drawings], arguments.false, arguments.joke, random)
    with tempfile.TemporaryDirectory() as directory:
        room = Path(directory) / "room.db"
        fill(room, given)
        options = ["--recipe", arguments.recipe, "--seed", str(arguments.seed)]
        before = (
            load_model(arguments.before)
            if arguments.before
            else train(Path(directory), "before", options)[0]
        )
        after, summary = train(Path(directory), "after", [*options, "--room", str(room)])
    errors = [count_errors(model, tested) for model in (before, after)]
    print(
        json.dumps(
            {
                "hand": arguments.hand,
                "drawings": len(given),
                "false_labels": sum(drawing["label"] != drawing["truth"] for drawing in given),
                "tested": len(tested),
                "errors_before": errors[0],
                "errors": errors[1],
                "accuracy_before": round(1 - errors[0] / len(tested), 4),
                "accuracy": round(1 - errors[1] / len(tested), 4),
                "errors_gone": round(1 - errors[1] / errors[0], 4) if errors[0] else 0,
                "test_accuracy_before": before.card.test_accuracy,
                "test_accuracy": after.card.test_accuracy,
                "held_out_accuracy_before": summary["room_accuracy_before"],
                "held_out_accuracy": summary["room_accuracy"],
            }
        )
    )


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.room.retraining", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE.jsonl.gz")
    parser.add_argument("--hand", required=True, help="whose drawings are given to the room")
    parser.add_argument("--drawings", type=int, default=300, help="how many, at most half of all")
    parser.add_argument("--false", type=float, default=0, help="fraction with random false labels")
    parser.add_argument(
        "--joke",
        type=int,
        nargs=2,
        metavar=("DIGIT", "LABEL"),
        help="all drawings of a digit have this label",
    )
    parser.add_argument("--split", type=int, default=0, help="seed of the halves and labels")
    parser.add_argument("--seed", type=int, default=0, help="seed of the training")
    parser.add_argument("--recipe", default="normalized")
    parser.add_argument(
        "--before",
        type=Path,
        metavar="MODEL.npz",
        help="a model of the same recipe and seed without a room; trained first unless given",
    )
    return parser.parse_args()


def split(
    drawings: list[Drawing], random: np.random.Generator
) -> tuple[list[Drawing], list[Drawing]]:
    """Return two halves, each in random order."""
    order = random.permutation(len(drawings)).tolist()
    half = len(order) // 2
    first, second = order[:half], order[half:]
    return [drawings[index] for index in first], [drawings[index] for index in second]


def mislabel(
    drawings: list[Drawing],
    fraction: float,
    joke: tuple[int, int] | None,
    random: np.random.Generator,
) -> list[Drawing]:
    """Return drawings, some with a false label; `truth` is the right one."""
    is_false = np.arange(len(drawings)) < round(fraction * len(drawings))
    random.shuffle(is_false)
    result = []
    for drawing, has_false_label in zip(drawings, is_false, strict=True):
        truth = label = drawing["label"]
        if has_false_label:
            label = int((truth + random.integers(1, DIGITS)) % DIGITS)
        if joke is not None and truth == joke[0]:
            label = joke[1]
        result.append({**drawing, "label": label, "truth": truth})
    return result


def fill(path: Path, drawings: list[Drawing]) -> None:
    """Make a room with drawings."""
    room = RoomDatabase(path)
    for index, drawing in enumerate(drawings):
        strokes = json.dumps(drawing["strokes"]).encode()
        room.add(strokes, drawing["label"], f"token-of-drawing-{index}", READING)


def train(models: Path, name: str, options: list[str]) -> tuple[Model, dict[str, Any]]:
    """Run the training; return the model and the last line of the output."""
    command = [sys.executable, "-m", "training", "--models", str(models), "--name", name]
    finished = subprocess.run(
        [*command, *options], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
    )
    print(finished.stdout, file=sys.stderr)
    if finished.returncode != 0:
        sys.exit("The training failed.")
    summary: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return load_model(models / f"{name}.npz"), summary


def count_errors(model: Model, drawings: list[Drawing]) -> int:
    """Return how many drawings a model misreads; one without ink counts."""
    labels = [drawing["label"] for drawing in drawings]
    pictures = rasterize_all(drawing["strokes"] for drawing in drawings)
    wrong = 0
    for label, pixels in zip(labels, pictures, strict=True):
        if pixels is None:
            wrong += 1
            continue
        intensities = np.divide(pixels, 255, dtype=np.float32)
        wrong += int(model.regression.evidence(model.normalize(intensities)).argmax()) != label
    return wrong


if __name__ == "__main__":
    main()
