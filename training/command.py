"""The command: train one model, evaluate it, and save it for the server."""

import argparse
import math
import os
import platform
import signal
import sys
import time
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

import keras
import msgspec
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from server.archive import FILE_SUFFIX
from server.evaluation import EVALUATIONS, Evaluation, pack_evaluation
from server.history import HISTORIES, History
from server.model import (
    MODELS,
    Model,
    ModelCard,
    ModelError,
    check_name,
    pack_model,
    unpack_model,
)
from server.settings import Init
from server.shapes import Floats
from server.whole_file import write_all_whole
from training.animation import animate
from training.data import DataError, Dataset, add_data_argument, load_mnist
from training.distribution import TF_CONFIG, Cluster, ClusterError, join_cluster
from training.evaluation import (
    GUESSING_LOSS,
    Figures,
    accuracy,
    calibration_error,
    digit_accuracy,
    evaluate,
    fit_temperature,
    followed_images,
    measure,
)
from training.examples import (
    add_written,
    choose_examples,
    learned_images,
    normalize_dataset,
    normalize_images,
)
from training.export import export_model
from training.familiarity import fit_familiarity, learn_ways, sure_fraction
from training.recipe import RECIPES, Recipe
from training.record import Record
from training.regression import DivergedError, initial_parameters, make_optimizer, train
from training.report import REPORTS, write_report
from training.tensorboard import Board

DEFAULT_RECIPE = "normalized"
INTERRUPTED = 130

# What need not be waited for: features of the training images, and the animation.
BESIDE = 2


@dataclass(frozen=True, eq=False)
class Trained:
    """All that a training leaves: the model, how it was learned, and how well it does."""

    model: Model
    history: History
    evaluation: Evaluation
    animation: bytes


def main(arguments: list[str] | None = None) -> None:
    """Train, save and report; on any failure leave the old model as it is and say why."""
    options = parse_arguments(arguments)
    recipe = chosen_recipe(options)
    name = options.name or recipe.name
    try:
        cluster = join_cluster(os.environ.get(TF_CONFIG))
    except ClusterError as error:
        sys.exit(str(error))
    # Not before: TensorFlow does not let Ctrl-C through while it waits for other machines.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        check_name(name)
        make_optimizer(recipe)
        if not cluster.leads:
            take_part(load_mnist(options.data), recipe, options.seed, cluster)
            return
        weights, _ = initial_parameters(recipe, options.seed)
        with (
            Record(options.models, name, recipe.settings(options.seed), weights) as record,
            ThreadPoolExecutor(BESIDE) as beside,
        ):
            dataset = load_mnist(options.data)
            board = None if options.tensorboard is None else Board(options.tensorboard)
            trained = train_and_save(
                dataset,
                recipe,
                options.seed,
                options.models,
                name,
                record,
                beside,
                board,
                cluster,
            )
    except KeyboardInterrupt:
        print(f"Interrupted: the model {name!r} is as it was.", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None
    except (ClusterError, DataError, DivergedError, ModelError, OSError, ValueError) as error:
        sys.exit(f"Not trained, and the model {name!r} is as it was: {error}")
    card = trained.model.card
    print_report(card)
    try:
        leave_documents(trained, options)
    except KeyboardInterrupt:
        print(f"Interrupted: the model {name!r} is saved, its report is not.", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None
    except OSError as error:
        sys.exit(f"The model {name!r} is saved, but not all that was to be made of it: {error}")
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
    parser.add_argument(
        "--stream",
        type=positive_count,
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
    parser.add_argument("--seed", type=int, default=0)
    add_data_argument(parser)
    parser.add_argument("--models", type=Path, default=MODELS, help="directory to save into")
    parser.add_argument("--name", help="the model's name; the recipe's unless given")
    parser.add_argument(
        "--report",
        type=Path,
        metavar="DIR",
        help="for the report; reports/ in --models' unless given",
    )
    parser.add_argument(
        "--tensorboard", type=Path, metavar="DIR", help="write summaries for TensorBoard"
    )
    parser.add_argument("--export", type=Path, metavar="DIR", help="write a TensorFlow SavedModel")
    options = parser.parse_args(arguments)
    if options.stream is not None:
        size = options.batch_size or RECIPES[options.recipe].batch_size
        if options.steps is not None:
            parser.error("--stream already says how many steps there are: leave --steps out")
        if size == "all":
            parser.error("--stream has no end to be a batch of: give --batch-size a count")
        if options.stream < size:
            parser.error(f"--stream {options.stream} is less than a batch of {size}")
    return options


def positive_count(text: str) -> int:
    """Read a count of at least one."""
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return count


def batch_size(text: str) -> int | Literal["all"]:
    """Read a count of at least one, or "all"."""
    return "all" if text == "all" else positive_count(text)


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


def train_and_save(
    drawn: Dataset,
    recipe: Recipe,
    seed: int,
    models: Path,
    name: str,
    record: Record,
    beside: Executor,
    board: Board | None = None,
    cluster: Cluster | None = None,
) -> Trained:
    """Train on the dataset, evaluate what the server would answer, save all of it, and return it.

    :param drawn: as it was drawn: normalising it is part of the training
    :param beside: does what need not be waited for
    :param board: gets what the record gets
    :param cluster: those that train together; this process leads them
    :raise ClusterError: another worker is gone
    :raise DivergedError: the loss left the finite numbers, or ended above that of guessing
    :raise OSError: a file cannot be written
    """
    start = time.monotonic()
    drawn, recipe = choose_examples(drawn, recipe)
    dataset = normalize_dataset(drawn, recipe)
    examples = add_written(dataset.train, recipe, seed)
    learned = learned_images(drawn.train, examples, recipe, seed)
    followed, validation = followed_images(dataset.train), dataset.validation

    def keep(step: int, weights: Floats, bias: Floats) -> Figures:
        figures = measure(followed, validation, weights, bias)
        record.add(step, figures, weights, bias)
        if board is not None:
            board.add(step, figures, weights, bias)
        return figures

    ways = beside.submit(learn_ways, examples)
    first = keep(0, *initial_parameters(recipe, seed))
    record.enter("training")
    with tqdm(total=recipe.steps, desc=f"Training {name}", unit="step") as progress:

        def report(step: int, loss: float, weights: Floats, bias: Floats) -> None:
            if record.wants(step):
                figures = keep(step, weights, bias)
                progress.set_postfix(
                    loss=f"{loss:.4f}",
                    validation=f"{figures.validation_accuracy:.4f}",
                    refresh=False,
                )
            progress.update(step - progress.n)

        weights, bias = train(learned.pixels, learned.labels, recipe, seed, report, cluster)
    record.enter("evaluating")
    figures = keep(recipe.steps, weights, bias)
    if board is not None:
        board.close()
    if figures.validation_loss > GUESSING_LOSS:
        why = (
            f"the learning rate is too high for batches of {recipe.batch_size}"
            if figures.validation_loss > first.validation_loss
            else f"{recipe.steps} steps at this learning rate are too few"
        )
        raise DivergedError(
            f"The loss ended at {figures.validation_loss:.2f}, above the {GUESSING_LOSS:.2f} of "
            f"guessing: {why}."
        )
    animation = beside.submit(animate, record.history)
    temperature = fit_temperature(validation, weights, bias) if recipe.calibrated else 1.0
    weights, bias = weights / np.float32(temperature), bias / np.float32(temperature)
    accuracies = [
        accuracy(part, weights, bias) for part in (dataset.train, validation, dataset.test)
    ]
    # Waited for no sooner than it is needed.
    familiarity = fit_familiarity(ways.result(), validation, weights, bias)
    card = ModelCard(
        **msgspec.structs.asdict(recipe.settings(seed)),
        temperature=temperature,
        train_accuracy=accuracies[0],
        validation_accuracy=accuracies[1],
        test_accuracy=accuracies[2],
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
    content = pack_model(weights, bias, familiarity, card)
    model = unpack_model(name, content)
    history, recorded = record.finish(weights, bias, temperature, model.digest)
    evaluation = evaluate(model, drawn.test, dataset.test)
    evaluated = pack_evaluation(evaluation)
    animated = animation.result()
    # All is made before anything is written, so that a moment is enough for the three. The model
    # goes last: where another cannot be replaced, it is as it was. The others name its digest: with
    # another model, they are none of its.
    file_name = name + FILE_SUFFIX
    write_all_whole(
        {
            models / HISTORIES / file_name: recorded,
            models / EVALUATIONS / file_name: evaluated,
            models / file_name: content,
        }
    )
    record.end()
    return Trained(model, history, evaluation, animated)


def take_part(drawn: Dataset, recipe: Recipe, seed: int, cluster: Cluster) -> None:
    """Take a worker's share of a training that another process leads and keeps.

    :raise ClusterError: another worker is gone
    :raise DivergedError: the loss left the finite numbers
    """
    drawn, recipe = choose_examples(drawn, recipe)
    examples = add_written(normalize_images(drawn.train, recipe.normalization), recipe, seed)
    learned = learned_images(drawn.train, examples, recipe, seed)
    train(learned.pixels, learned.labels, recipe, seed, lambda *_: None, cluster)
    print(
        f"Worker {cluster.worker} of {cluster.workers} has done its share; "
        "worker 0 saves the model."
    )


def leave_documents(trained: Trained, options: argparse.Namespace) -> None:
    """Write the report, and the SavedModel where it is asked for, and say where they are.

    :raise OSError: a directory cannot be written
    """
    reports = options.report or options.models / REPORTS
    page, animation = write_report(
        reports, trained.model, trained.history, trained.evaluation, trained.animation
    )
    print(f"Report: {page}; W being learned: {animation}")
    if options.export is not None:
        export_model(trained.model, options.export)
        print(f"SavedModel: {options.export}")


def print_report(card: ModelCard) -> None:
    """Print how well the model does."""
    for part in ("train", "validation", "test"):
        print(f"{part:>10} accuracy  {getattr(card, f'{part}_accuracy'):.4f}")
    print(f"calibration error  {card.calibration_error:.4f}")
    print(f"answered surely    {card.sure_fraction:.4f}")
    for digit, rate in enumerate(card.digit_accuracy):
        print(f"{digit:>10} of test   {rate:.4f}")
