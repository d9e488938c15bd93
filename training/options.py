"""What the command line says of a training. Nothing here needs TensorFlow."""

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

# A history keeps step numbers as int32.
MAX_COUNT = 2**31 - 1

# More than all images, and no more than 0.5 GB of pixels as floats.
MAX_BATCH_SIZE = 100_000

MAX_SEED = 2**32 - 1

# In seconds: long enough to start the command by hand on each of a few machines.
WORKER_TIMEOUT = 300.0


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training", description="Train, evaluate and save one model."
    )
    parser.add_argument("--recipe", choices=RECIPES, default=DEFAULT_RECIPE)
    parser.add_argument("--steps", type=positive_count)
    parser.add_argument(
        "--stream",
        type=image_count,
        metavar="N",
        help="train on N images, rounded down to whole batches, each made of one of MNIST's by "
        "chance; takes the place of --steps",
    )
    parser.add_argument("--batch-size", type=batch_size, help="a count, or all")
    parser.add_argument("--learning-rate", type=positive_number)
    parser.add_argument("--optimizer", help="the name of any optimizer that Keras ships")
    parser.add_argument("--init", choices=get_args(Init), help="where W begins")
    parser.add_argument(
        "--no-bias", dest="has_bias", action="store_false", default=None, help="leave b at 0"
    )
    parser.add_argument(
        "--images-per-digit", type=positive_count, metavar="N", help="train on so few of MNIST"
    )
    parser.add_argument("--seed", type=seed, default=0, help=f"0 to {MAX_SEED}")
    add_data_argument(parser)
    parser.add_argument("--models", type=directory, default=MODELS, help="directory to save into")
    parser.add_argument("--name", help="the model's name; the recipe's unless given")
    parser.add_argument(
        "--report",
        type=directory,
        metavar="DIR",
        help="for the report; reports/ in --models' unless given",
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
    options = parser.parse_args(arguments)
    if options.stream is not None:
        size = options.batch_size or RECIPES[options.recipe].batch_size
        if options.steps is not None:
            parser.error("--stream already says how many steps there are: leave --steps out")
        if size == "all":
            parser.error("--stream has no end to be a batch of: give --batch-size a count")
        if options.stream < size:
            parser.error(f"--stream {options.stream} is less than a batch of {size}")
        if options.stream // size > MAX_COUNT:
            parser.error(f"--stream {options.stream} is more than {MAX_COUNT} batches of {size}")
    return options


def model_name(options: argparse.Namespace) -> str:
    """Return the name of the model to train: the recipe's unless one is given, "" included."""
    name: str = options.recipe if options.name is None else options.name
    return name


def positive_count(text: str) -> int:
    """Read a count of 1 to MAX_COUNT."""
    count = int(text)
    if not 1 <= count <= MAX_COUNT:
        raise argparse.ArgumentTypeError(f"{text} is not 1 to {MAX_COUNT}")
    return count


def image_count(text: str) -> int:
    """Read a count of at least 1; how many batches it makes has a limit of its own."""
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return count


def batch_size(text: str) -> int | Literal["all"]:
    """Read a count of 1 to MAX_BATCH_SIZE, or "all"."""
    if text == "all":
        return "all"
    count = int(text)
    if not 1 <= count <= MAX_BATCH_SIZE:
        raise argparse.ArgumentTypeError(f"{text} is not 1 to {MAX_BATCH_SIZE}, or all")
    return count


def seed(text: str) -> int:
    """Read a number that NumPy and Keras take as a seed."""
    number = int(text)
    if not 0 <= number <= MAX_SEED:
        raise argparse.ArgumentTypeError(f"{text} is not 0 to {MAX_SEED}")
    return number


def positive_number(text: str) -> float:
    """Read a finite number above zero."""
    number = float(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a finite number above 0")
    return number


def chosen_recipe(options: argparse.Namespace) -> Recipe:
    """Return the recipe with what the command line changes of it.

    Another optimiser comes with its own default learning rate, since the recipe's was not meant
    for it.
    """
    recipe = RECIPES[options.recipe]
    if options.optimizer is not None and options.optimizer.lower() != recipe.optimizer:
        recipe = replace(recipe, optimizer=options.optimizer.lower(), learning_rate=None)
    given = {
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
    recipe = replace(recipe, **given)
    if options.stream is None:
        return recipe
    return replace(recipe, augmented=True, steps=options.stream // int(recipe.batch_size))
