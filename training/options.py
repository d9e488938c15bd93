"""The command-line options of a training, parsed without importing TensorFlow."""

import argparse
import math
from dataclasses import replace
from typing import Literal, get_args

from server.regression.training_settings import Init
from server.storage.model_file import MODELS
from training.cluster_config import TF_CONFIG
from training.data import add_data_argument, directory
from training.recipe import RECIPES, Recipe

DEFAULT_RECIPE = "normalized"

# Histories store step numbers as int32.
MAX_COUNT = 2**31 - 1

# More than all images of MNIST, and less than 0.5 GB of pixels as float32.
MAX_BATCH_SIZE = 100_000

MAX_SEED = 2**32 - 1

# In seconds: enough to start the command by hand on a few machines.
WORKER_TIMEOUT = 300.0


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the parsed command line; exit with a message if an option is invalid."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    check_stream(parser, options)
    return options


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of `python -m training`."""
    parser = argparse.ArgumentParser(
        prog="python -m training", description="Train, evaluate and save one model."
    )
    parser.add_argument("--recipe", choices=RECIPES, default=DEFAULT_RECIPE)
    parser.add_argument("--steps", type=positive_count)
    parser.add_argument(
        "--stream",
        type=image_count,
        metavar="N",
        help="train on N images, rounded down to full batches, each a random change of one of "
        "MNIST's images; replaces --steps",
    )
    parser.add_argument("--batch-size", type=batch_size, help="a number of images, or all")
    parser.add_argument("--learning-rate", type=positive_number)
    parser.add_argument("--optimizer", help="the name of any Keras optimizer")
    parser.add_argument("--init", choices=get_args(Init), help="initial W")
    parser.add_argument(
        "--no-bias", dest="has_bias", action="store_false", default=None, help="keep b at 0"
    )
    parser.add_argument(
        "--images-per-digit",
        type=positive_count,
        metavar="N",
        help="train on only N images of each digit",
    )
    parser.add_argument("--seed", type=seed, default=0, help=f"0 to {MAX_SEED}")
    add_data_argument(parser)
    parser.add_argument("--models", type=directory, default=MODELS, help="directory of the models")
    parser.add_argument("--name", help="the model's name (default: the recipe's)")
    parser.add_argument(
        "--report",
        type=directory,
        metavar="DIR",
        help="directory of the report (default: reports/ in --models)",
    )
    parser.add_argument(
        "--tensorboard", type=directory, metavar="DIR", help="write summaries for TensorBoard"
    )
    parser.add_argument(
        "--export", type=directory, metavar="DIR", help="write a TensorFlow SavedModel"
    )
    parser.add_argument(
        "--worker-timeout",
        type=positive_number,
        default=WORKER_TIMEOUT,
        metavar="SECONDS",
        help=f"with {TF_CONFIG}: how long to wait for the other workers to start "
        f"(default: {WORKER_TIMEOUT:g})",
    )
    return parser


def check_stream(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Exit with a message if `--stream` contradicts `--steps` or the batch size."""
    if options.stream is None:
        return
    size = options.batch_size or RECIPES[options.recipe].batch_size
    if options.steps is not None:
        parser.error("--stream sets the number of steps: omit --steps")
    if size == "all":
        parser.error("--stream needs a number as --batch-size, not all")
    if options.stream < size:
        parser.error(f"--stream {options.stream} is less than a batch of {size}")
    if options.stream // size > MAX_COUNT:
        parser.error(f"--stream {options.stream} is more than {MAX_COUNT} batches of {size}")


def model_name(options: argparse.Namespace) -> str:
    """Return the model's name: `--name`, even if it is empty, or the recipe's name."""
    name: str = options.recipe if options.name is None else options.name
    return name


def positive_count(text: str) -> int:
    """Parse a whole number from 1 to MAX_COUNT."""
    count = int(text)
    if not 1 <= count <= MAX_COUNT:
        raise argparse.ArgumentTypeError(f"{text} is not 1 to {MAX_COUNT}")
    return count


def image_count(text: str) -> int:
    """Parse a whole number of at least 1; the number of batches is limited separately."""
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return count


def batch_size(text: str) -> int | Literal["all"]:
    """Parse a whole number from 1 to MAX_BATCH_SIZE, or "all"."""
    if text == "all":
        return "all"
    count = int(text)
    if not 1 <= count <= MAX_BATCH_SIZE:
        raise argparse.ArgumentTypeError(f"{text} is not 1 to {MAX_BATCH_SIZE}, or all")
    return count


def seed(text: str) -> int:
    """Parse a seed that NumPy and Keras accept: 0 to MAX_SEED."""
    number = int(text)
    if not 0 <= number <= MAX_SEED:
        raise argparse.ArgumentTypeError(f"{text} is not 0 to {MAX_SEED}")
    return number


def positive_number(text: str) -> float:
    """Parse a finite number above zero."""
    number = float(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a finite number above 0")
    return number


def chosen_recipe(options: argparse.Namespace) -> Recipe:
    """Return the recipe with the changes from the command line.

    Another optimiser gets its own default learning rate, because the recipe's rate is tuned for the
    recipe's optimiser.
    """
    recipe = RECIPES[options.recipe]
    if options.optimizer is not None and options.optimizer.lower() != recipe.optimizer:
        recipe = replace(recipe, optimizer=options.optimizer.lower(), learning_rate=None)
    changes = {
        field: value
        for field in (
            "steps",
            "batch_size",
            "learning_rate",
            "init",
            "has_bias",
            "images_per_digit",
        )
        if (value := getattr(options, field)) is not None
    }
    recipe = replace(recipe, **changes)
    if options.stream is None:
        return recipe
    return replace(recipe, augmented=True, steps=options.stream // int(recipe.batch_size))
