"""The steps of a training, from prepared data to saved files.

Errors propagate: `command` turns them into messages and exit codes.
"""

import platform
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

from server.regression.familiarity import Familiarity
from server.regression.model import Model, ModelCard
from server.regression.regression import Regression
from server.storage.archive import FILE_SUFFIX
from server.storage.evaluation import EVALUATIONS, Evaluation, pack_evaluation
from server.storage.history import HISTORIES, History
from server.storage.model_file import pack_model, unpack_model
from server.system.atomic_write import write_all_atomically
from training.data.mnist import Dataset
from training.fitting.distribution import Cluster
from training.fitting.evaluation import (
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
from training.fitting.familiarity import fit_familiarity, sure_fraction
from training.fitting.preparation import Preparation
from training.fitting.regression import DivergedError, initial_regression, train
from training.fitting.room import RoomAccuracy
from training.outputs.animation import animate
from training.outputs.record import Record
from training.outputs.tensorboard import SummaryWriter
from training.settings.recipe import Recipe


@dataclass(frozen=True)
class Comparison:
    """The accuracy on a room's held-out drawings before it was trained on, and after.

    Before means: the same recipe with the same seed, without the room. `test_before` is its
    accuracy on MNIST's test images.
    """

    before: RoomAccuracy
    after: RoomAccuracy
    test_before: float


@dataclass(frozen=True, eq=False)
class Trained:
    """A saved model, its history and evaluation, and the animation of W as a WebP file.

    With a room, there is also a `comparison` with the same training without it.
    """

    model: Model
    history: History
    evaluation: Evaluation
    animation: bytes
    comparison: Comparison | None


class Monitor:
    """Measures W and b during a training, and writes the metrics to the record and to TensorBoard.

    :param dataset: normalized
    """

    def __init__(self, dataset: Dataset, record: Record, board: SummaryWriter | None) -> None:
        self._train = monitored_images(dataset.train)
        self._validation = dataset.validation
        self._record = record
        self._board = board

    def is_due(self, step: int) -> bool:
        """Tell whether the record needs the metrics of a step."""
        return self._record.is_due(step)

    def add(self, step: int, regression: Regression) -> Metrics:
        """Return the metrics after a step, and write them.

        :raise DivergedError: a metric is not finite
        """
        metrics = measure(self._train, self._validation, regression)
        self._record.add(step, metrics, regression.weights, regression.bias)
        if self._board is not None:
            self._board.add(step, metrics, regression.weights, regression.bias)
        return metrics

    def close(self) -> None:
        """Flush and close the TensorBoard summaries."""
        if self._board is not None:
            self._board.close()


def train_and_save(
    preparation: Preparation,
    wait_for_variants: Callable[[], Familiarity],
    seed: int,
    models: Path,
    name: str,
    record: Record,
    board: SummaryWriter | None = None,
    cluster: Cluster | None = None,
) -> Trained:
    """Train, calibrate, evaluate and save a model; return it with its history and evaluation.

    :param wait_for_variants: returns the variants of the familiar images
    :param board: gets the same metrics as the record
    :param cluster: the workers of this training; this process is the leader
    :raise ClusterError: another worker is lost
    :raise DivergedError: the loss is not finite, or ends above that of guessing
    :raise OSError: a file cannot be written
    """
    start = time.monotonic()
    recipe, validation = preparation.recipe, preparation.normalized.validation
    monitor = Monitor(preparation.normalized, record, board)
    initial = monitor.add(0, initial_regression(recipe, seed))
    record.set_phase("training")
    regression = train_with_progress(preparation, seed, name, monitor, cluster)
    record.set_phase("evaluating")
    final = monitor.add(recipe.steps, regression)
    monitor.close()
    check_learned(recipe, initial, final)
    comparison = None
    if preparation.room is not None:
        record.set_phase("comparing")
        comparison = compare(preparation, seed, name, regression)
        record.set_phase("evaluating")
    temperature = fit_temperature(validation, regression) if recipe.is_calibrated else 1.0
    regression = regression.divided_by(temperature)
    familiarity = fit_familiarity(wait_for_variants(), validation, regression)
    card = make_card(preparation, seed, regression, familiarity, temperature, start)
    if comparison is not None and preparation.room is not None:
        card = msgspec.structs.replace(
            card,
            room_drawings=preparation.room.drawings,
            room_accuracy_before=comparison.before.all,
            room_accuracy=comparison.after.all,
        )
    content = pack_model(regression, familiarity, card)
    model = unpack_model(name, content)
    return evaluate_and_save(model, content, preparation, record, models, comparison)


def train_as_worker(preparation: Preparation, seed: int, cluster: Cluster) -> None:
    """Train as a worker that is not the leader: nothing is recorded or saved.

    :raise ClusterError: another worker is lost
    :raise DivergedError: the loss is not finite
    """
    images = preparation.training_images
    train(images.pixels, images.labels, preparation.recipe, seed, lambda *_: None, cluster)


def train_with_progress(
    preparation: Preparation, seed: int, name: str, monitor: Monitor, cluster: Cluster | None
) -> Regression:
    """Return the trained regression, with a progress bar and monitoring meanwhile."""
    recipe, images = preparation.recipe, preparation.training_images
    with tqdm(total=recipe.steps, desc=f"Training {name}", unit="step") as progress:

        def on_progress(step: int, loss: float, regression: Regression) -> None:
            if monitor.is_due(step):
                metrics = monitor.add(step, regression)
                progress.set_postfix(
                    loss=f"{loss:.4f}",
                    validation=f"{metrics.validation_accuracy:.4f}",
                    refresh=False,
                )
            progress.update(step - progress.n)

        return train(images.pixels, images.labels, recipe, seed, on_progress, cluster)


def compare(preparation: Preparation, seed: int, name: str, regression: Regression) -> Comparison:
    """Train with the same recipe and seed, but without the room, and compare the accuracies.

    :param regression: trained with the room
    """
    recipe, room = preparation.recipe, preparation.room
    assert room is not None
    other = regression
    if room.is_plausible.any():
        images = preparation.other_images
        with tqdm(
            total=recipe.steps, desc=f"Training {name} without the room", unit="step"
        ) as progress:

            def on_progress(step: int, *_: object) -> None:
                progress.update(step - progress.n)

            other = train(images.pixels, images.labels, recipe, seed, on_progress)
    return Comparison(
        before=room.accuracy(other),
        after=room.accuracy(regression),
        test_before=accuracy(preparation.normalized.test, other),
    )


def check_learned(recipe: Recipe, initial: Metrics, final: Metrics) -> None:
    """Check that the final validation loss is below that of guessing.

    :raise DivergedError: it is not; the message names the setting to change
    """
    if final.validation_loss <= GUESSING_LOSS:
        return
    reason = (
        f"the learning rate is too high for batches of {recipe.batch_size}"
        if final.validation_loss > initial.validation_loss
        else f"{recipe.steps} steps at this learning rate are too few"
    )
    raise DivergedError(
        f"The loss ended at {final.validation_loss:.2f}, above the {GUESSING_LOSS:.2f} of "
        f"guessing: {reason}."
    )


def make_card(
    preparation: Preparation,
    seed: int,
    regression: Regression,
    familiarity: Familiarity,
    temperature: float,
    start: float,
) -> ModelCard:
    """Return a model's card: its settings, accuracies, calibration, duration and versions.

    :param regression: as served, that is, divided by the temperature
    :param start: when the training began, on the monotonic clock
    """
    dataset = preparation.normalized
    return ModelCard(
        **msgspec.structs.asdict(preparation.recipe.settings(seed)),
        temperature=temperature,
        train_accuracy=accuracy(dataset.train, regression),
        validation_accuracy=accuracy(dataset.validation, regression),
        test_accuracy=accuracy(dataset.test, regression),
        calibration_error=calibration_error(dataset.test, regression),
        sure_fraction=sure_fraction(dataset.test, regression, familiarity),
        digit_accuracy=digit_accuracy(dataset.test, regression),
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


def evaluate_and_save(
    model: Model,
    content: bytes,
    preparation: Preparation,
    record: Record,
    models: Path,
    comparison: Comparison | None,
) -> Trained:
    """Evaluate a model, and write its file, history and evaluation together.

    :param content: the model's file
    :raise OSError: a file cannot be written
    """
    history, packed_history = record.finish(
        model.weights, model.bias, model.card.temperature, model.digest
    )
    evaluation = evaluate(model, preparation.original.test, preparation.normalized.test)
    packed_evaluation = pack_evaluation(evaluation)
    animation = animate(history)
    # All contents are computed before any file is written, so writing takes only a moment. The
    # model is last: if another file cannot be replaced, the old model stays. The evaluation has the
    # model's digest, so the server ignores one that belongs to another model.
    file_name = model.name + FILE_SUFFIX
    write_all_atomically(
        {
            models / HISTORIES / file_name: packed_history,
            models / EVALUATIONS / file_name: packed_evaluation,
            models / file_name: content,
        }
    )
    record.mark_finished()
    return Trained(model, history, evaluation, animation, comparison)
