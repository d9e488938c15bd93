"""The command: train one model, evaluate it, and save it for the server."""

import argparse
import os
import platform
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import keras
import msgspec
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from server.regression.model import Model, ModelCard
from server.regression.shapes import Floats
from server.storage.archive import FILE_SUFFIX
from server.storage.atomic_write import write_all_atomically
from server.storage.evaluation import EVALUATIONS, Evaluation, pack_evaluation
from server.storage.history import HISTORIES, History
from server.storage.model_file import ModelError, check_name, pack_model, unpack_model
from training.animation import animate
from training.cluster_config import TF_CONFIG, ClusterError
from training.data import DataError
from training.distribution import Cluster, join_cluster
from training.evaluation import (
    GUESSING_LOSS,
    Metrics,
    accuracy,
    calibration_error,
    digit_accuracy,
    evaluate,
    fit_temperature,
    measure,
    monitored_images,
)
from training.export import check_export, export_model
from training.familiarity import fit_familiarity, sure_fraction
from training.options import model_name
from training.preparation import Preparation
from training.recipe import Recipe
from training.record import Record
from training.regression import DivergedError, initial_parameters, make_optimizer, train
from training.report import REPORTS, write_report
from training.stopping import SIGNAL_EXIT_BASE, Stopped, stop_on_signals
from training.supervisor import Report
from training.tensorboard import SummaryWriter

# The exit status after Ctrl-C.
INTERRUPTED = SIGNAL_EXIT_BASE + signal.SIGINT


@dataclass(frozen=True, eq=False)
class Trained:
    """All that a training leaves: the model, how it was learned, and how well it does."""

    model: Model
    history: History
    evaluation: Evaluation
    animation: bytes


def run(
    options: argparse.Namespace,
    recipe: Recipe,
    prepared: Callable[[], Preparation],
    report: Report | None = None,
) -> None:
    """Train, save and report; on any failure leave the old model as it is and say why.

    :param prepared: waits until all is ready for the recipe, and raises DataError where MNIST is
        not to be had
    :param report: told when a worker of several begins to wait for the others, and when it has
        found them
    :raise SystemExit: there is no model, or a signal has ended the training
    """
    report = report or (lambda _stage: None)
    report("waiting")
    try:
        cluster = join_cluster(os.environ.get(TF_CONFIG))
    except ClusterError as error:
        sys.exit(str(error))
    report("joined")
    name = model_name(options)
    saving = Saving(options.models, name)
    # Not before: joining a cluster replaces the handler of SIGTERM. Until then there is nothing to
    # tidy up.
    try:
        with stop_on_signals(saving.give_up):
            try:
                train_and_report(options, recipe, prepared, cluster, saving)
            except KeyboardInterrupt:
                saving.give_up()
                raise
    except KeyboardInterrupt as stop:
        status = SIGNAL_EXIT_BASE + stop.number if isinstance(stop, Stopped) else INTERRUPTED
        raise SystemExit(status) from None


class Saving:
    """What a training has saved, for whoever must say so when it ends early.

    :param models: the directory in which the model has its file
    """

    def __init__(self, models: Path, name: str) -> None:
        self.name = name
        self.record: Record | None = None
        self._path = models / (name + FILE_SUFFIX)
        self._before = self._stamp()

    @property
    def is_saved(self) -> bool:
        """Tell whether the model's file has been replaced."""
        return self._stamp() != self._before

    def outcome(self) -> str:
        """Say what has become of the model."""
        if self.is_saved:
            return f"the model {self.name!r} is saved, but not all that was to be made of it"
        return f"the model {self.name!r} is as it was"

    def give_up(self) -> None:
        """Say and record that the training is interrupted."""
        print(f"Interrupted: {self.outcome()}.", file=sys.stderr, flush=True)
        if self.record is None:
            return
        if self.is_saved:
            self.record.mark_finished()
        self.record.mark_interrupted()

    def _stamp(self) -> tuple[int, int] | None:
        try:
            status = self._path.stat()
        except (OSError, ValueError):
            return None
        return (status.st_ino, status.st_mtime_ns)


def train_and_report(
    options: argparse.Namespace,
    recipe: Recipe,
    prepared: Callable[[], Preparation],
    cluster: Cluster,
    saving: Saving,
) -> None:
    """Train, save and report as `run` does, once the cluster is complete.

    :raise Stopped: a signal has asked the process to end
    :raise SystemExit: something failed; the message says what has become of the model
    """
    name = saving.name
    try:
        check_name(name)
        make_optimizer(recipe)
        if options.export is not None and cluster.is_leader:
            check_export(options.export, name)
        if not cluster.is_leader:
            train_as_worker(prepared(), options.seed, cluster)
            return
        weights, _ = initial_parameters(recipe, options.seed)
        with Record(options.models, name, recipe.settings(options.seed), weights) as record:
            saving.record = record
            board = (
                None if options.tensorboard is None else SummaryWriter(options.tensorboard, name)
            )
            if board is not None:
                print(f"TensorBoard: {board.directory}")
            trained = train_and_save(
                prepared(), options.seed, options.models, name, record, board, cluster
            )
    except (ClusterError, DataError, DivergedError, ModelError, OSError, ValueError) as error:
        if saving.is_saved:
            sys.exit(f"An error after the training, and {saving.outcome()}: {error}")
        sys.exit(f"Not trained, and {saving.outcome()}: {error}")
    except tf.errors.OpError as error:
        if cluster.workers == 1:
            raise
        lost = f"another worker was lost ({error.message})"
        sys.exit(f"Not trained, and {saving.outcome()}: {lost}")
    card = trained.model.card
    print_report(card)
    try:
        write_outputs(trained, options)
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


def train_and_save(
    preparation: Preparation,
    seed: int,
    models: Path,
    name: str,
    record: Record,
    board: SummaryWriter | None = None,
    cluster: Cluster | None = None,
) -> Trained:
    """Train on what is prepared, evaluate what the server would answer, save it, and return it.

    :param board: gets what the record gets
    :param cluster: those that train together; this process leads them
    :raise ClusterError: another worker is gone
    :raise DivergedError: the loss left the finite numbers, or ended above that of guessing
    :raise OSError: a file cannot be written
    """
    start = time.monotonic()
    recipe, dataset, learned = preparation.recipe, preparation.dataset, preparation.learned
    followed, validation = monitored_images(dataset.train), dataset.validation

    def keep(step: int, weights: Floats, bias: Floats) -> Metrics:
        figures = measure(followed, validation, weights, bias)
        record.add(step, figures, weights, bias)
        if board is not None:
            board.add(step, figures, weights, bias)
        return figures

    first = keep(0, *initial_parameters(recipe, seed))
    record.set_phase("training")
    with tqdm(total=recipe.steps, desc=f"Training {name}", unit="step") as progress:

        def report(step: int, loss: float, weights: Floats, bias: Floats) -> None:
            if record.is_due(step):
                figures = keep(step, weights, bias)
                progress.set_postfix(
                    loss=f"{loss:.4f}",
                    validation=f"{figures.validation_accuracy:.4f}",
                    refresh=False,
                )
            progress.update(step - progress.n)

        weights, bias = train(learned.pixels, learned.labels, recipe, seed, report, cluster)
    record.set_phase("evaluating")
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
    temperature = fit_temperature(validation, weights, bias) if recipe.is_calibrated else 1.0
    weights, bias = weights / np.float32(temperature), bias / np.float32(temperature)
    accuracies = [
        accuracy(part, weights, bias) for part in (dataset.train, validation, dataset.test)
    ]
    familiarity = fit_familiarity(preparation.variants, validation, weights, bias)
    card = ModelCard(
        **msgspec.structs.asdict(recipe.settings(seed)),
        temperature=temperature,
        train_accuracy=accuracies[0],
        validation_accuracy=accuracies[1],
        test_accuracy=accuracies[2],
        calibration_error=calibration_error(dataset.test, weights, bias),
        sure_fraction=sure_fraction(dataset.test, weights, bias, familiarity),
        digit_accuracy=digit_accuracy(dataset.test, weights, bias),
        seconds=round(preparation.seconds + time.monotonic() - start, 3),
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
    evaluation = evaluate(model, preparation.drawn.test, dataset.test)
    evaluated = pack_evaluation(evaluation)
    animated = animate(history)
    # All is made before anything is written, so that a moment is enough for the three. The model
    # goes last: where another cannot be replaced, it is as it was. The others name its digest: with
    # another model, they are none of its.
    file_name = name + FILE_SUFFIX
    write_all_atomically(
        {
            models / HISTORIES / file_name: recorded,
            models / EVALUATIONS / file_name: evaluated,
            models / file_name: content,
        }
    )
    record.mark_finished()
    return Trained(model, history, evaluation, animated)


def train_as_worker(preparation: Preparation, seed: int, cluster: Cluster) -> None:
    """Take a worker's share of a training that another process leads and keeps.

    :raise ClusterError: another worker is gone
    :raise DivergedError: the loss left the finite numbers
    """
    learned = preparation.learned
    train(learned.pixels, learned.labels, preparation.recipe, seed, lambda *_: None, cluster)
    print(
        f"Worker {cluster.worker} of {cluster.workers} has done its share; "
        "worker 0 saves the model."
    )


def write_outputs(trained: Trained, options: argparse.Namespace) -> None:
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
