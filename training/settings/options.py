"""The command-line options of a training, parsed without importing TensorFlow."""

import argparse
from dataclasses import replace
from typing import get_args

from server.regression.training_settings import Init
from server.storage.model_file import MODELS
from training.settings.arguments import (
    MAX_COUNT,
    MAX_SEED,
    add_data_argument,
    batch_size,
    directory,
    file,
    image_count,
    positive_count,
    positive_number,
    seed,
)
from training.settings.cluster_config import TF_CONFIG
from training.settings.output_directories import REPORTS
from training.settings.recipe import RECIPES, Recipe

DEFAULT_RECIPE = "pooled"

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
    add_recipe_options(parser)
    add_data_argument(parser)
    parser.add_argument(
        "--room",
        type=file,
        metavar="FILE",
        help="also train on the drawings of this room, a file of `python -m server --room FILE`",
    )
    add_output_options(parser)
    parser.add_argument(
        "--worker-timeout",
        type=positive_number,
        default=WORKER_TIMEOUT,
        metavar="SECONDS",
        help=f"with {TF_CONFIG}: how long to wait for the other workers to start, and for their "
        f"part of each step (default: {WORKER_TIMEOUT:g})",
    )
    return parser


def add_recipe_options(parser: argparse.ArgumentParser) -> None:
    """Add the recipe, and the options that change it."""
    parser.add_argument(
        "--recipe",
        choices=RECIPES,
        default=DEFAULT_RECIPE,
        help="the settings that the other options change (default: %(default)s)",
    )
    parser.add_argument(
        "--steps", type=positive_count, help="number of batches (default: the recipe's)"
    )
    parser.add_argument(
        "--stream",
        type=image_count,
        metavar="N",
        help="train on N images, rounded down to full batches, each a random change of one of "
        "MNIST's images; replaces --steps",
    )
    parser.add_argument("--batch-size", type=batch_size, help="a number of images, or all")
    parser.add_argument(
        "--learning-rate",
        type=positive_number,
        help="initial learning rate (default: the recipe's, or that of another --optimizer)",
    )
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


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for the model's name and for the directories of all outputs."""
    parser.add_argument("--models", type=directory, default=MODELS, help="directory of the models")
    parser.add_argument("--name", help="the model's name (default: the recipe's)")
    parser.add_argument(
        "--report",
        type=directory,
        metavar="DIR",
        help=f"directory of the report (default: {REPORTS}/ in --models)",
    )
    parser.add_argument(
        "--tensorboard", type=directory, metavar="DIR", help="write summaries for TensorBoard"
    )
    parser.add_argument(
        "--export",
        type=directory,
        metavar="DIR",
        help="write a TensorFlow SavedModel into a directory of its own",
    )


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


def chosen_recipe(options: argparse.Namespace) -> Recipe:
    """Return the recipe with the changes from the command line.

    Another optimizer gets its own default learning rate, because the recipe's rate is tuned for the
    recipe's optimizer.
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
