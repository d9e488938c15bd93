"""The command `python -m training`: train, save, write the outputs, report errors and exit."""

import argparse
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import tensorflow as tf

from server.regression.familiarity import Familiarity
from server.regression.model import ModelCard
from server.storage.archive import FILE_SUFFIX, ArchiveError
from server.storage.model_file import load_model
from server.storage.model_name import check_name
from server.system.signals import SIGNAL_EXIT_BASE, ignore_signals
from server.system.standard_streams import output_failure
from training.data.sources import DataError
from training.fitting.distribution import Cluster, join_cluster
from training.fitting.preparation import Preparation
from training.fitting.regression import DivergedError, initial_regression, make_optimizer
from training.fitting.room import describe_room
from training.outputs.export import check_export, export_model
from training.outputs.record import Record
from training.outputs.report import write_report
from training.outputs.tensorboard import SummaryWriter
from training.running.pipeline import Comparison, Trained, train_and_save, train_as_worker
from training.running.stopping import Stopped, stop_on_signals
from training.settings.cluster_config import TF_CONFIG, ClusterError, StageCallback
from training.settings.options import model_name
from training.settings.output_directories import REPORTS
from training.settings.recipe import Recipe

# The exit code after Ctrl-C.
INTERRUPTED = SIGNAL_EXIT_BASE + signal.SIGINT


def run(
    options: argparse.Namespace,
    recipe: Recipe,
    wait_for_data: Callable[[], Preparation],
    wait_for_variants: Callable[[], Familiarity],
    on_stage: StageCallback | None = None,
) -> None:
    """Train, save and print the results. On failure, exit with a message; the old model stays.

    :param wait_for_data: returns the prepared data, or raises DataError if MNIST is unavailable
    :param wait_for_variants: called after it; returns the variants of the familiar images
    :param on_stage: called with each stage of a worker
    :raise SystemExit: the training failed or was interrupted
    """
    on_stage = on_stage or (lambda _stage: None)
    on_stage("waiting")
    try:
        cluster = replace(join_cluster(os.environ.get(TF_CONFIG)), on_stage=on_stage)
    except ClusterError as error:
        sys.exit(str(error))
    on_stage("joined")
    state = RunState(options.models, model_name(options))
    # Joining a cluster replaces the handler of SIGTERM, so the handlers are installed after it.
    try:
        with stop_on_signals(state.interrupt):
            try:
                train_or_exit(options, recipe, wait_for_data, wait_for_variants, cluster, state)
            except KeyboardInterrupt:
                state.interrupt()
                raise
    except KeyboardInterrupt as stop:
        # A terminal sends signals to all processes, and the supervisor then forwards them.
        ignore_signals()
        code = SIGNAL_EXIT_BASE + stop.number if isinstance(stop, Stopped) else INTERRUPTED
        raise SystemExit(code) from None


class RunState:
    """What a training has saved so far, for the message when it ends early.

    `record` is None until the training is recorded, and `board` without TensorBoard summaries.

    :param models: the directory of the model's file
    """

    def __init__(self, models: Path, name: str) -> None:
        self.name = name
        self.record: Record | None = None
        self.board: SummaryWriter | None = None
        self._path = models / (name + FILE_SUFFIX)

    @property
    def is_saved(self) -> bool:
        """Tell whether this training has saved its model."""
        if self.record is None or self.record.model_digest is None:
            return False
        if self.record.is_finished:
            return True
        # It may have been interrupted just after it had replaced the file.
        try:
            return load_model(self._path).digest == self.record.model_digest
        except ArchiveError:
            return False

    def describe(self) -> str:
        """Say whether the model is saved or unchanged."""
        if self.is_saved:
            return f"the model {self.name!r} is saved, but its other files may be incomplete"
        return f"the model {self.name!r} is unchanged"

    def interrupt(self) -> None:
        """Print and record that the training is interrupted."""
        print(f"Interrupted: {self.describe()}.", file=sys.stderr, flush=True)
        if self.record is None:
            return
        if self.is_saved:
            self.record.mark_finished()
        self.record.mark_interrupted()


def train_or_exit(
    options: argparse.Namespace,
    recipe: Recipe,
    wait_for_data: Callable[[], Preparation],
    wait_for_variants: Callable[[], Familiarity],
    cluster: Cluster,
    state: RunState,
) -> None:
    """Train, save, write the outputs and print the results.

    :raise Stopped: a signal has asked the process to end
    :raise SystemExit: an error; the message says whether the model is saved or unchanged
    """
    try:
        trained = check_and_train(options, recipe, wait_for_data, wait_for_variants, cluster, state)
    except (ClusterError, DataError, DivergedError, ArchiveError, OSError, ValueError) as error:
        if state.is_saved:
            sys.exit(f"Error after the training; {state.describe()}: {error}")
        sys.exit(f"Not trained; {state.describe()}: {error}")
    except tf.errors.OpError as error:
        if cluster.workers == 1:
            raise
        # Its other lines are TensorFlow's advice on sources of such errors.
        reason = (error.message or "").partition("\n")[0]
        lost = f"another worker was lost ({reason})"
        sys.exit(f"Not trained; {state.describe()}: {lost}")
    if trained is None:
        print(f"Worker {cluster.worker} of {cluster.workers} is done; worker 0 saves the model.")
        return
    print_metrics(trained.model.card)
    if trained.comparison is not None:
        print_comparison(trained.comparison, trained.model.card)
    failures = write_outputs(trained, options)
    if state.board is not None and state.board.failure is not None:
        failures.append(state.board.failure)
    if not failures:
        print(summary(state.name, trained.model.card))
    if (failure := output_failure()) is not None:
        failures.append(failure)
    if failures:
        reasons = "; ".join(map(str, failures))
        sys.exit(f"The model {state.name!r} is saved, but not all outputs are: {reasons}")


def check_and_train(
    options: argparse.Namespace,
    recipe: Recipe,
    wait_for_data: Callable[[], Preparation],
    wait_for_variants: Callable[[], Familiarity],
    cluster: Cluster,
    state: RunState,
) -> Trained | None:
    """Check the options, then train; return what is saved, or None if another worker is leader."""
    check_name(state.name)
    make_optimizer(recipe)
    if not cluster.is_leader:
        train_as_worker(wait_for_data(), options.seed, cluster)
        return None
    if options.export is not None:
        check_export(options.export, state.name)
    weights = initial_regression(recipe, options.seed).weights
    with Record(options.models, state.name, recipe.settings(options.seed), weights) as record:
        state.record = record
        if options.tensorboard is not None:
            state.board = SummaryWriter(options.tensorboard, state.name)
            print(f"TensorBoard: {state.board.directory}")
        preparation = wait_for_data()
        if preparation.room is not None:
            print("\n".join(describe_room(preparation.room)), flush=True)
        return train_and_save(
            preparation,
            wait_for_variants,
            options.seed,
            options.models,
            state.name,
            record,
            state.board,
            cluster,
        )


def write_outputs(trained: Trained, options: argparse.Namespace) -> list[OSError]:
    """Write the report, and the SavedModel if requested, and print their paths.

    :return: the errors of the outputs that cannot be written
    """
    failures = []
    reports = options.report or options.models / REPORTS
    try:
        page, animation = write_report(
            reports, trained.model, trained.history, trained.evaluation, trained.animation
        )
        print(f"Report: {page}; animation of W: {animation}")
    except OSError as error:
        failures.append(error)
    if options.export is not None:
        try:
            export_model(trained.model, options.export)
            print(f"SavedModel: {options.export}")
        except OSError as error:
            failures.append(error)
    return failures


def print_metrics(card: ModelCard) -> None:
    """Print the accuracy of each part and digit, the calibration error and the sure fraction."""
    for part in ("train", "validation", "test"):
        print(f"{part:>10} accuracy  {getattr(card, f'{part}_accuracy'):.4f}")
    print(f"calibration error  {card.calibration_error:.4f}")
    print(f"sure answers       {card.sure_fraction:.4f}")
    for digit, rate in enumerate(card.digit_accuracy):
        print(f"   digit {digit} accuracy  {rate:.4f}")


def print_comparison(comparison: Comparison, card: ModelCard) -> None:
    """Print the accuracies on the room's held-out drawings and on MNIST, before and after."""

    def print_line(name: str, before: float | None, after: float | None) -> None:
        if before is not None and after is not None:
            print(f"{name}  {before:.4f} without the room, {after:.4f} with it")

    before, after = comparison.before, comparison.after
    if before.all is None:
        print("No drawing of the room is held out, so its accuracy is not measured.")
    print_line("held-out drawings ", before.all, after.all)
    if before.plausible != before.all or after.plausible != after.all:
        print_line("  plausible labels", before.plausible, after.plausible)
    print_line("MNIST test images ", comparison.test_before, card.test_accuracy)


def summary(name: str, card: ModelCard) -> str:
    """Return the last line of the output: one line of JSON for other programs.

    Only after a training with a room, it has the room's results.
    """
    results = {
        "model": name,
        "train_accuracy": card.train_accuracy,
        "validation_accuracy": card.validation_accuracy,
        "test_accuracy": card.test_accuracy,
        "seconds": card.seconds,
    }
    if card.room_drawings is not None:
        results |= {
            "room_drawings": card.room_drawings,
            "room_accuracy_before": card.room_accuracy_before,
            "room_accuracy": card.room_accuracy,
        }
    return msgspec.json.encode(results).decode()
