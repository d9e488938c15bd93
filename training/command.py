"""The command: train one model, evaluate it, and save it for the server."""

import argparse
import math
import platform
import signal
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import keras
import msgspec
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from server.model import MODELS, ModelCard, ModelError, check_name, save_model
from server.shapes import Floats
from training.data import DataError, Dataset, add_data_argument, load_mnist
from training.evaluation import accuracy, calibration_error, digit_accuracy, fit_temperature
from training.examples import add_written, normalize_dataset
from training.familiarity import fit_familiarity, sure_fraction
from training.recipe import RECIPES, Recipe
from training.regression import DivergedError, make_optimizer, train

DEFAULT_RECIPE = "normalized"
INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> None:
    """Train, save and report; on any failure leave the old model as it is and say why."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    options = parse_arguments(arguments)
    recipe = chosen_recipe(options)
    name = options.name or recipe.name
    try:
        check_name(name)
        make_optimizer(recipe)
        card = train_and_save(load_mnist(options.data), recipe, options.seed, options.models, name)
    except KeyboardInterrupt:
        print(f"Interrupted: the model {name!r} is as it was.", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None
    except (DataError, DivergedError, ModelError, OSError, ValueError) as error:
        sys.exit(f"Not trained, and the model {name!r} is as it was: {error}")
    print_report(card)
    print(
        msgspec.json.encode(
            {
                "model": name,
                "train_accuracy": card.train_accuracy,
                "validation_accuracy": card.validation_accuracy,
                "test_accuracy": card.test_accuracy,
                "seconds": card.seconds,
            }
        ).decode()
    )


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training", description="Train, evaluate and save one model."
    )
    parser.add_argument("--recipe", choices=RECIPES, default=DEFAULT_RECIPE)
    parser.add_argument("--steps", type=positive_count)
    parser.add_argument("--batch-size", type=positive_count)
    parser.add_argument("--learning-rate", type=positive_number)
    parser.add_argument("--optimizer", help="the name of any optimizer that Keras ships")
    parser.add_argument("--seed", type=int, default=0)
    add_data_argument(parser)
    parser.add_argument("--models", type=Path, default=MODELS, help="directory to save into")
    parser.add_argument("--name", help="the model's name; the recipe's unless given")
    return parser.parse_args(arguments)


def positive_count(text: str) -> int:
    """Read a count of at least one."""
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return count


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
        for field in ("steps", "batch_size", "learning_rate")
        if (value := getattr(options, field)) is not None
    }
    return replace(recipe, **given)


def train_and_save(
    dataset: Dataset, recipe: Recipe, seed: int, models: Path, name: str
) -> ModelCard:
    """Train on the dataset, evaluate what the server would answer, save it, and return its card.

    :param dataset: as it was drawn: normalising it is part of the training
    :raise DivergedError: the loss left the finite numbers
    :raise OSError: the model cannot be written
    """
    start = time.monotonic()
    dataset = normalize_dataset(dataset, recipe)
    examples = add_written(dataset.train, recipe, seed)
    with tqdm(total=recipe.steps, desc=f"Training {name}", unit="step") as progress:

        def report(step: int, loss: float, weights: Floats, bias: Floats) -> None:
            validation = accuracy(dataset.validation, weights, bias)
            progress.set_postfix(loss=f"{loss:.4f}", validation=f"{validation:.4f}", refresh=False)
            progress.update(step - progress.n)

        weights, bias = train(examples.pixels, examples.labels, recipe, seed, report)
    temperature = fit_temperature(dataset.validation, weights, bias) if recipe.calibrated else 1.0
    weights, bias = weights / np.float32(temperature), bias / np.float32(temperature)
    familiarity = fit_familiarity(examples, dataset.validation, weights, bias)
    card = ModelCard(
        recipe=recipe.name,
        normalization=recipe.normalization,
        optimizer=recipe.optimizer,
        learning_rate=recipe.learning_rate,
        steps=recipe.steps,
        batch_size=recipe.batch_size,
        seed=seed,
        temperature=temperature,
        train_accuracy=accuracy(dataset.train, weights, bias),
        validation_accuracy=accuracy(dataset.validation, weights, bias),
        test_accuracy=accuracy(dataset.test, weights, bias),
        calibration_error=calibration_error(dataset.test, weights, bias),
        sure_fraction=sure_fraction(dataset.test, weights, bias, familiarity),
        digit_accuracy=digit_accuracy(dataset.test, weights, bias),
        seconds=round(time.monotonic() - start, 3),
        data_sha256=dataset.sha256,
        versions={
            "python": platform.python_version(),
            "numpy": np.__version__,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    save_model(models, name, weights, bias, familiarity, card)
    return card


def print_report(card: ModelCard) -> None:
    """Print how well the model does."""
    for part in ("train", "validation", "test"):
        print(f"{part:>10} accuracy  {getattr(card, f'{part}_accuracy'):.4f}")
    print(f"calibration error  {card.calibration_error:.4f}")
    print(f"answered surely    {card.sure_fraction:.4f}")
    for digit, rate in enumerate(card.digit_accuracy):
        print(f"{digit:>10} of test   {rate:.4f}")
