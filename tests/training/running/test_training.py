"""Training: TensorFlow checked against NumPy, and the command as a whole."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from server.__main__ import parse_file
from server.regression.model import Model
from server.regression.regression import Regression, softmax
from server.regression.shapes import DIGITS, PIXELS, Floats
from server.storage.evaluation import load_evaluation
from server.storage.history import load_history
from server.storage.model_file import load_model
from server.system.atomic_write import write_all_atomically
from tests.support.factories import make_card, make_familiarity, save_small_model
from tests.support.limits import no_room_beyond, without_privileges
from tests.support.serving import ROOT
from tests.training.images import make_images
from training.data.examples import (
    limit_images_per_digit,
    normalize_images,
)
from training.data.mnist import Dataset, Images
from training.data.sources import CHECKSUMS
from training.fitting.batches import batch_indices
from training.fitting.distribution import Cluster
from training.fitting.evaluation import (
    accuracy,
    calibration_error,
    digit_accuracy,
    evaluate,
    misread_examples,
)
from training.fitting.preparation import prepare
from training.fitting.regression import (
    DivergedError,
    cross_entropy,
    initial_regression,
    make_optimizer,
    optimizer_names,
    train,
)
from training.outputs.record import Record
from training.running import command, pipeline
from training.settings.arguments import directory, file
from training.settings.options import chosen_recipe, parse_arguments
from training.settings.output_directories import (
    OutputDirectoryError,
    check_output_directories,
)
from training.settings.recipe import INIT_STDDEV, RECIPES, Recipe
from training.settings.schedule import chunks, recorded_steps

SHORT = replace(RECIPES["tutorial"], steps=60, batch_size=50)


def silent(_step: int, _loss: float, _regression: Regression) -> None:
    """Ignore the progress of a training."""


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return Dataset(make_images(300, 1), make_images(100, 2), make_images(100, 3), dict(CHECKSUMS))


def train_in_numpy(images: Images, recipe: Recipe, seed: int) -> tuple[Any, Any]:
    """Descend the same batches by the gradient of cross-entropy: xᵀ(y − truth) / n."""
    W, b = np.zeros((PIXELS, DIGITS)), np.zeros(DIGITS)
    assert recipe.learning_rate is not None
    for batches in batch_indices(images.labels, recipe, seed):
        for batch in batches:
            x = images.pixels[batch] / 255
            error = softmax(x @ W + b) - np.eye(DIGITS)[images.labels[batch]]
            W -= recipe.learning_rate * x.T @ error / len(batch)
            b -= recipe.learning_rate * error.mean(axis=0)
    return W, b


def test_tensorflow_learns_what_numpy_learns(dataset: Dataset) -> None:
    images = dataset.train
    learned = train(images.pixels, images.labels, SHORT, 0, silent)
    W, b = train_in_numpy(images, SHORT, 0)
    assert np.allclose(learned.weights, W, atol=1e-4)
    assert np.allclose(learned.bias, b, atol=1e-4)


def test_the_first_loss_is_that_of_ten_equal_probabilities(dataset: Dataset) -> None:
    losses = []
    images = dataset.train
    once = replace(SHORT, steps=1)
    train(images.pixels, images.labels, once, 0, lambda _, loss, *__: losses.append(loss))
    assert losses == [pytest.approx(np.log(DIGITS))]


def test_cross_entropy_survives_a_probability_that_underflows() -> None:
    evidence = tf.constant([[0.0, 500.0]])
    assert float(cross_entropy(evidence, tf.constant([[1.0, 0.0]]))) == pytest.approx(500)


def test_the_same_seed_gives_the_same_bits_and_another_does_not(dataset: Dataset) -> None:
    def learn(seed: int) -> bytes:
        learned = train(dataset.train.pixels, dataset.train.labels, SHORT, seed, silent)
        return learned.weights.tobytes() + learned.bias.tobytes()

    assert learn(1) == learn(1)
    assert learn(1) != learn(2)


def test_every_example_is_used_once_before_any_is_used_again() -> None:
    labels = np.arange(100, dtype=np.uint8) % DIGITS
    batches = np.concatenate(list(batch_indices(labels, replace(SHORT, steps=6), 0))).ravel()
    assert len(batches) == 300
    for epoch in batches.reshape(3, 100):
        assert sorted(epoch) == list(range(100))


def test_every_batch_has_the_digits_in_the_datas_proportions() -> None:
    labels = np.repeat([0, 1], [300, 100]).astype(np.uint8)
    for batches in batch_indices(labels, replace(SHORT, batch_size=40), 0):
        ones = labels[batches].sum(axis=1)
        assert batches.shape[1] == 40
        assert ones.min() >= 8
        assert ones.max() <= 12


def test_a_batch_may_be_larger_than_the_data() -> None:
    labels = np.array([4, 4, 7], np.uint8)
    batches = np.concatenate(list(batch_indices(labels, replace(SHORT, steps=2, batch_size=5), 0)))
    assert batches.shape == (2, 5)
    assert set(batches.ravel()) == {0, 1, 2}


def test_a_batch_of_all_has_every_example_once(dataset: Dataset) -> None:
    labels = dataset.train.labels
    for batches in batch_indices(labels, replace(SHORT, steps=3, batch_size="all"), 0):
        assert [sorted(batch) for batch in batches] == [list(range(300))]


@pytest.mark.parametrize("batch", [1, 7, 100, "all"])
def test_chunks_end_at_every_recorded_step_and_have_a_maximum_size(batch: Any) -> None:
    recipe = replace(SHORT, steps=3_000, batch_size=batch)
    lengths = list(chunks(recipe, 55_000))
    assert {0, *np.cumsum(lengths)} >= set(recorded_steps(3_000))
    assert sum(lengths) == 3_000
    assert max(lengths) <= max(1, 50_000 // recipe.batch_size_for(55_000))


@pytest.mark.parametrize("steps", [1, 2, 60, 1_000, 100_000])
def test_early_steps_are_recorded_densely_and_the_last_always(steps: int) -> None:
    recorded = recorded_steps(steps)
    assert recorded[:8] == list(range(min(8, steps + 1)))
    assert recorded[-1] == steps
    assert recorded == sorted(set(recorded))
    assert len(recorded) <= 81
    gaps = np.diff(recorded)
    assert gaps.max() <= max(1, steps / 5)


def test_the_chunk_size_does_not_change_the_result(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = dataset.train
    learned = train(images.pixels, images.labels, SHORT, 0, silent)
    monkeypatch.setattr("training.settings.schedule.MAX_CHUNK_STEPS", 1)
    again = train(images.pixels, images.labels, SHORT, 0, silent)
    assert np.array_equal(learned.weights, again.weights)


def test_without_a_bias_b_stays_at_zero_and_w_is_what_numpy_learns(dataset: Dataset) -> None:
    images = dataset.train
    recipe = replace(SHORT, has_bias=False, steps=1)
    learned = train(images.pixels, images.labels, recipe, 0, silent)
    with_bias, _ = train_in_numpy(images, recipe, 0)
    assert not learned.bias.any()
    # The first step does not depend on b; later ones do.
    assert np.allclose(learned.weights, with_bias, atol=1e-6)


def test_random_initial_weights_stay_where_there_is_never_ink() -> None:
    recipe = replace(SHORT, init="random", steps=5)
    initial = initial_regression(recipe, 0)
    assert initial.weights.std() == pytest.approx(INIT_STDDEV, rel=0.05)
    assert not initial.bias.any()
    assert not np.array_equal(initial.weights, initial_regression(recipe, 1).weights)
    images = Images(np.zeros((20, PIXELS), np.uint8), np.arange(20, dtype=np.uint8) % DIGITS)
    learned = train(images.pixels, images.labels, recipe, 0, silent)
    assert np.array_equal(learned.weights, initial.weights)


@pytest.mark.parametrize("name", sorted(optimizer_names()))
def test_every_keras_optimizer_reduces_the_loss(dataset: Dataset, name: str) -> None:
    losses: list[float] = []
    recipe = replace(SHORT, optimizer=name, learning_rate=None, steps=101)
    images = dataset.train
    train(images.pixels, images.labels, recipe, 0, lambda _, loss, *__: losses.append(loss))
    assert losses[-1] < losses[0]


def test_the_optimizer_names_are_those_of_keras_classes() -> None:
    names = optimizer_names()
    assert {"sgd", "adam", "adamw", "rmsprop", "adagrad", "ftrl", "lion"} <= names.keys()
    assert all(
        issubclass(getattr(keras.optimizers, name), keras.Optimizer) for name in names.values()
    )


def test_a_loss_that_is_not_finite_ends_the_training(dataset: Dataset) -> None:
    images = dataset.train
    with pytest.raises(DivergedError, match="learning rate is too high"):
        train(images.pixels, images.labels, replace(SHORT, learning_rate=1e38), 0, silent)


def test_accuracy_counts_what_the_server_would_answer() -> None:
    images = Images(np.eye(4, PIXELS, dtype=np.uint8) * 255, np.array([0, 1, 2, 9], np.uint8))
    one_to_one = Regression(np.eye(PIXELS, DIGITS, dtype=np.float32), np.zeros(DIGITS, np.float32))
    assert accuracy(images, one_to_one) == 0.75
    assert digit_accuracy(images, one_to_one) == [1, 1, 1, 0, 0, 0, 0, 0, 0, 0]


@pytest.fixture
def run(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Any:
    """Run the command on the small dataset; return the last line of its output as JSON."""
    # It takes longer than all these trainings, and has its own tests, as has learning variants.
    monkeypatch.setattr(pipeline, "animate", lambda _history: b"animated")
    # This process goes on.
    monkeypatch.setattr(command, "ignore_signals", lambda: None)

    def run(*arguments: str) -> Any:
        options = parse_arguments(["--models", str(tmp_path), *arguments])
        recipe = chosen_recipe(options)
        command.run(
            options, recipe, lambda: prepare(dataset, recipe, options.seed), make_familiarity
        )
        return json.loads(capsys.readouterr().out.splitlines()[-1])

    return run


def test_the_command_trains_evaluates_and_saves(run: Any, dataset: Dataset, tmp_path: Path) -> None:
    result = run("--recipe", "tutorial", "--steps", "70", "--batch-size", "20", "--seed", "3")
    model = load_model(tmp_path / "tutorial.npz")
    evidence = model.regression.evidence(dataset.test.intensities)
    assert result["model"] == "tutorial"
    assert result["test_accuracy"] == np.mean(evidence.argmax(axis=1) == dataset.test.labels)
    assert result["test_accuracy"] > 0.9
    assert result.keys() >= {"train_accuracy", "validation_accuracy", "seconds"}
    card = model.card
    assert (card.recipe, card.optimizer, card.learning_rate) == ("tutorial", "sgd", 0.5)
    assert (card.steps, card.batch_size, card.seed) == (70, 20, 3)
    assert card.test_accuracy == result["test_accuracy"]
    assert card.data_sha256 == CHECKSUMS
    assert card.versions["tensorflow"] == tf.__version__


def test_another_optimizer_has_its_default_learning_rate(run: Any, tmp_path: Path) -> None:
    run("--recipe", "tutorial", "--optimizer", "Adam", "--name", "with-adam")
    card = load_model(tmp_path / "with-adam.npz").card
    assert (card.optimizer, card.learning_rate) == ("adam", None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--optimizer", "hope"], "Keras has no optimizer 'hope'. Accepted: adadelta"),
        (["--name", "../escape"], "'../escape' cannot name a model"),
        (["--name", ""], "'' cannot name a model"),
        (["--name", " "], "' ' cannot name a model"),
        (["--name", "con"], "'con' cannot name a model"),
        (["--optimizer", ""], "Keras has no optimizer ''"),
        (["--learning-rate", "1e38"], "the learning rate is too high"),
        (["--learning-rate", "1e308"], "By step 1, the loss or a weight is no longer a finite"),
    ],
)
def test_a_failed_training_prints_the_reason_and_keeps_the_old_model(
    run: Any, tmp_path: Path, arguments: list[str], message: str
) -> None:
    before = save_small_model(tmp_path, "tutorial").read_bytes()
    with pytest.raises(SystemExit) as stop:
        run("--recipe", "tutorial", *arguments)
    assert message in str(stop.value)
    assert "is unchanged" in str(stop.value)
    assert [path.read_bytes() for path in tmp_path.glob("*.npz")] == [before]


PATH_OPTIONS = ["--models", "--data", "--report", "--tensorboard", "--export"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--steps", "0"],
        ["--steps", "-1"],
        ["--steps", "1.5"],
        ["--steps", str(2**31)],
        ["--steps", ""],
        ["--batch-size", "0"],
        ["--batch-size", "1000000000000"],
        ["--batch-size", "-1"],
        ["--batch-size", "most"],
        ["--learning-rate", "nan"],
        ["--learning-rate", "inf"],
        ["--learning-rate", "0"],
        ["--learning-rate", "-0.5"],
        ["--learning-rate", "1e999"],
        ["--seed", "-1"],
        ["--seed", str(2**32)],
        ["--recipe", ""],
        *([option, path] for option in PATH_OPTIONS for path in ("", " ", "a\0b")),
        ["--stream", str(10**18)],
        ["--recipe", "none"],
        ["--init", "ones"],
        ["--images-per-digit", "0"],
        ["--stream", "0"],
        ["--stream", "99"],
        ["--stream", "1000", "--steps", "10"],
        ["--stream", "1000", "--batch-size", "all"],
    ],
)
def test_settings_out_of_range_are_refused(run: Any, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        run("--recipe", "tutorial", *arguments)
    assert stop.value.code == 2


@pytest.mark.parametrize(
    ("option", "text", "accepted"),
    [
        ("--steps", "many", "a whole number from 1 to 2147483647"),
        ("--steps", "0", "a whole number from 1 to 2147483647"),
        ("--stream", "1e6", "a whole number of at least 1"),
        ("--batch-size", "most", "a whole number from 1 to 100000, or all"),
        ("--learning-rate", "fast", "a finite number above 0"),
        ("--learning-rate", "nan", "a finite number above 0"),
        ("--images-per-digit", "ten", "a whole number from 1 to 2147483647"),
        ("--seed", "luck", "a whole number from 0 to 4294967295"),
    ],
)
def test_what_a_setting_accepts_is_in_the_message(
    option: str, text: str, accepted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse_arguments([option, text])
    error = f"error: argument {option}: {text!r} is not {accepted}\n"
    assert capsys.readouterr().err.endswith(error)


@pytest.mark.parametrize("parse", [directory, file, parse_file])
def test_a_tilde_at_the_start_of_a_path_is_the_home_directory(
    parse: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert parse("~/mine") == tmp_path / "mine"
    assert parse("./~") == Path("~")
    assert parse("./~/mine") == Path("~/mine")
    assert parse("~nobody-has-this-name/mine") == Path("~nobody-has-this-name/mine")


@pytest.mark.parametrize("most", [10_000, 600_000])
def test_a_full_disk_is_reported_and_keeps_the_old_model(
    run: Any, tmp_path: Path, most: int
) -> None:
    before = save_small_model(tmp_path, "tutorial").read_bytes()
    with no_room_beyond(most), pytest.raises(SystemExit) as stop:
        run("--recipe", "tutorial", "--steps", "60")
    assert "the model 'tutorial' is unchanged: [Errno 27] File too large" in str(stop.value)
    # The record is written if there is room for it.
    left = [tmp_path / "training" / "tutorial.npz"] if most > 100_000 else []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [
        tmp_path / "tutorial.npz",
        *left,
    ]
    assert (tmp_path / "tutorial.npz").read_bytes() == before
    assert [load_history(path).card.outcome for path in left] == ["failed"] * len(left)


def test_an_unwritable_path_is_reported_and_keeps_the_old_model(run: Any, tmp_path: Path) -> None:
    before = save_small_model(tmp_path, "tutorial").read_bytes()
    (tmp_path / "history" / "tutorial.npz").mkdir(parents=True)
    for place in (tmp_path, tmp_path / "tutorial.npz"):
        with pytest.raises(SystemExit) as stop:
            run("--recipe", "tutorial", "--steps", "60", "--models", str(place))
        assert "the model 'tutorial' is unchanged: [Errno " in str(stop.value)
        assert (tmp_path / "tutorial.npz").read_bytes() == before


@pytest.mark.usefixtures("run")
def test_two_simultaneous_trainings_of_one_name_both_finish_and_save_one_model(
    dataset: Dataset, tmp_path: Path
) -> None:
    def train_one(seed: int) -> str:
        weights = initial_regression(SHORT, seed).weights
        prepared = prepare(dataset, SHORT, seed)
        with Record(tmp_path, "both", SHORT.settings(seed), weights) as record:
            trained = pipeline.train_and_save(
                prepared, make_familiarity, seed, tmp_path, "both", record
            )
        return trained.model.digest

    with ThreadPoolExecutor(2) as threads:
        digests = list(threads.map(train_one, (1, 2)))
    assert load_model(tmp_path / "both.npz").digest in digests
    assert load_history(tmp_path / "history" / "both.npz").card.model in digests
    assert load_evaluation(tmp_path / "evaluation" / "both.npz").card.model in digests
    assert load_history(tmp_path / "training" / "both.npz").card.outcome == "finished"
    assert list(tmp_path.rglob("*.unfinished")) == []


def test_interrupting_keeps_the_old_model(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = save_small_model(tmp_path, "tutorial").read_bytes()

    def interrupt(*_: object) -> float:
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "accuracy", interrupt)
    with pytest.raises(SystemExit) as stop:
        run("--recipe", "tutorial")
    assert stop.value.code == command.INTERRUPTED
    assert "'tutorial' is unchanged" in capsys.readouterr().err
    assert [path.read_bytes() for path in tmp_path.glob("*.npz")] == [before]


def test_a_model_that_another_program_has_replaced_is_not_this_trainings(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def replace_and_interrupt(*_: object) -> float:
        save_small_model(tmp_path, "tutorial")
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "pack_evaluation", replace_and_interrupt)
    with pytest.raises(SystemExit):
        run("--recipe", "tutorial", "--steps", "60")
    assert "'tutorial' is unchanged" in capsys.readouterr().err
    assert load_history(tmp_path / "training" / "tutorial.npz").card.outcome == "interrupted"


def test_a_model_that_is_saved_when_the_training_is_interrupted_is_recorded_as_saved(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def write_and_interrupt(contents: dict[Path, bytes]) -> None:
        write_all_atomically(contents)
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "write_all_atomically", write_and_interrupt)
    with pytest.raises(SystemExit):
        run("--recipe", "tutorial", "--steps", "60")
    assert "'tutorial' is saved, but its other files" in capsys.readouterr().err
    assert load_history(tmp_path / "training" / "tutorial.npz").card.outcome == "finished"


def test_what_tensorflow_says_of_a_lost_worker_is_one_line(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(*_: object) -> None:
        raise tf.errors.UnavailableError(None, None, "Connection reset\nAdditional context:\n...")

    monkeypatch.setattr(command, "check_and_train", lose)
    options = parse_arguments(["--models", str(tmp_path)])
    state = command.RunState(tmp_path, "mine")
    with pytest.raises(SystemExit) as stop:
        command.train_or_exit(
            *(options, SHORT, lambda: prepare(dataset, SHORT, 0), make_familiarity),
            *(Cluster(worker=0, workers=2), state),
        )
    assert stop.value.code == (
        "Not trained; the model 'mine' is unchanged: another worker was lost (Connection reset)"
    )


def test_a_penalty_keeps_weights_small(dataset: Dataset) -> None:
    images = dataset.train
    free = train(images.pixels, images.labels, SHORT, 0, silent)
    held = train(images.pixels, images.labels, replace(SHORT, l2_penalty=0.1), 0, silent)
    assert np.square(held.weights).sum() < np.square(free.weights).sum() / 2


def test_a_decaying_learning_rate_ends_at_zero() -> None:
    rate = make_optimizer(replace(SHORT, has_decay=True))._learning_rate
    assert [float(rate(step)) for step in (0, 30, 60)] == pytest.approx([0.5, 0.25, 0])


def test_the_normalized_recipe_trains_on_the_servers_normalization(
    run: Any, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = replace(RECIPES["normalized"], synthetic=50, steps=100)
    monkeypatch.setitem(RECIPES, "normalized", small)
    result = run("--recipe", "normalized")
    model = load_model(tmp_path / "normalized.npz")
    assert model.card.normalization == "moments"
    seen = model.normalize(dataset.test.intensities)
    right = model.regression.evidence(seen).argmax(axis=1) == dataset.test.labels
    assert result["test_accuracy"] == np.mean(right)


def test_synthetic_digits_follow_the_images(dataset: Dataset) -> None:
    recipe = replace(RECIPES["normalized"], synthetic=20)
    prepared = prepare(dataset, recipe, seed=0)
    examples, images = prepared.training_images, prepared.normalized.train
    assert prepared.familiar is examples
    assert len(examples.labels) == len(images.labels) + 20
    assert np.array_equal(examples.pixels[:-20], images.pixels)
    assert examples.labels[-20:].tolist() == [*range(10), *range(10)]
    without = prepare(dataset, replace(recipe, synthetic=0), seed=0).training_images
    assert np.array_equal(without.pixels, images.pixels)


def test_few_images_are_the_first_of_each_digit_and_synthetic_ones_stay_in_proportion(
    dataset: Dataset,
) -> None:
    recipe = replace(RECIPES["normalized"], images_per_digit=6, synthetic=600)
    chosen, changed = limit_images_per_digit(dataset, recipe)
    assert np.bincount(chosen.train.labels).tolist() == [6] * DIGITS
    zeros = dataset.train.pixels[dataset.train.labels == 0][:6]
    assert np.array_equal(chosen.train.pixels[chosen.train.labels == 0], zeros)
    assert changed.synthetic == 600 * 60 // 300
    assert chosen.test is dataset.test
    assert limit_images_per_digit(dataset, SHORT) == (dataset, SHORT)


def test_settings_are_saved_in_the_model_and_its_history(run: Any, tmp_path: Path) -> None:
    run(
        *("--recipe", "tutorial", "--name", "few", "--steps", "20", "--batch-size", "all"),
        *("--init", "random", "--no-bias", "--images-per-digit", "10"),
    )
    model = load_model(tmp_path / "few.npz")
    history = load_history(tmp_path / "history" / "few.npz")
    for card in (model.card, history.card):
        assert (card.batch_size, card.init, card.has_bias) == ("all", "random", False)
        assert card.images_per_digit == 10
    assert not model.bias.any()


def test_a_stream_of_augmented_images_is_repeatable(run: Any, tmp_path: Path) -> None:
    run("--recipe", "tutorial", "--name", "streamed", "--stream", "1090", "--batch-size", "20")
    model = load_model(tmp_path / "streamed.npz")
    history = load_history(tmp_path / "history" / "streamed.npz")
    for card in (model.card, history.card):
        assert (card.augmented, card.steps, card.batch_size) == (True, 54, 20)
    assert history.steps.tolist() == recorded_steps(54)
    assert model.card.train_accuracy > 0.5
    again = model.weights.tobytes()
    run("--recipe", "tutorial", "--name", "streamed", "--stream", "1090", "--batch-size", "20")
    assert load_model(tmp_path / "streamed.npz").weights.tobytes() == again


def test_augmented_images_are_trained_on_before_normalization_and_others_after_it(
    dataset: Dataset,
) -> None:
    recipe = replace(RECIPES["normalized"], synthetic=20)
    examples = prepare(dataset, recipe, seed=0).training_images
    prepared = prepare(dataset, replace(recipe, augmented=True), seed=0)
    learned = prepared.training_images
    assert np.array_equal(prepared.familiar.pixels, examples.pixels)
    assert np.array_equal(learned.pixels[:-20], dataset.train.pixels)
    assert np.array_equal(normalize_images(learned, "moments").pixels[-20:], examples.pixels[-20:])
    assert np.array_equal(learned.labels, examples.labels)


def test_the_history_of_a_training_ends_in_the_served_model(run: Any, tmp_path: Path) -> None:
    run("--recipe", "tutorial", "--steps", "40")
    model = load_model(tmp_path / "tutorial.npz")
    history = load_history(tmp_path / "history" / "tutorial.npz")
    assert history.card.model == model.digest
    assert history.card.outcome == "finished"
    assert history.steps.tolist() == recorded_steps(40)
    assert history.train_loss[0] == pytest.approx(np.log(DIGITS))
    assert history.validation_accuracy[-1] == pytest.approx(model.card.validation_accuracy)
    assert np.array_equal(history.last_weights, model.weights)
    assert np.array_equal(history.biases[-1], model.bias)


def test_a_calibrated_history_is_divided_by_the_temperature_throughout(
    run: Any, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = replace(RECIPES["normalized"], synthetic=50, steps=30)
    monkeypatch.setitem(RECIPES, "normalized", small)
    run("--recipe", "normalized")
    model = load_model(tmp_path / "normalized.npz")
    history = load_history(tmp_path / "history" / "normalized.npz")
    temperature = history.card.temperature
    assert temperature == model.card.temperature != 1
    seen: dict[int, Floats] = {}
    examples = prepare(dataset, small, 0).training_images

    def keep(step: int, _loss: float, regression: Regression) -> None:
        seen[step] = regression.weights

    train(examples.pixels, examples.labels, small, 0, keep)
    for step, frame, scale in zip(history.steps, history.frames, history.scales, strict=True):
        if step > 0:
            assert np.allclose(frame * scale, seen[step] / temperature, atol=scale * 0.51)
    assert np.array_equal(history.last_weights, model.weights)


def test_an_evaluation_counts_what_the_model_answers(
    run: Any, dataset: Dataset, tmp_path: Path
) -> None:
    # Few steps from random weights, so that some images are misread.
    run("--recipe", "tutorial", "--steps", "3", "--init", "random", "--learning-rate", "0.1")
    model = load_model(tmp_path / "tutorial.npz")
    evaluation = load_evaluation(tmp_path / "evaluation" / "tutorial.npz")
    test = dataset.test
    probabilities = softmax(model.regression.evidence(test.intensities))
    answers = probabilities.argmax(axis=1)
    assert evaluation.card.model == model.digest
    for label in range(DIGITS):
        for digit in range(DIGITS):
            count = np.sum((test.labels == label) & (answers == digit))
            assert evaluation.confusion[label, digit] == count
    misread = int((answers != test.labels).sum())
    assert misread > 0
    assert evaluation.label.tolist() == test.labels[evaluation.index].tolist()
    assert evaluation.digit.tolist() == answers[evaluation.index].tolist()
    assert np.array_equal(evaluation.pixels, test.pixels[evaluation.index])
    assert np.allclose(evaluation.probability, probabilities.max(axis=1)[evaluation.index])
    losses = -np.log(probabilities[np.arange(100), test.labels])
    assert np.allclose(evaluation.loss, losses[evaluation.index], rtol=1e-5)
    assert (np.diff(evaluation.loss[:misread]) <= 0).all()
    assert (evaluation.label != evaluation.digit).tolist() == [
        row < misread for row in range(len(evaluation.index))
    ]
    assert evaluation.bin_counts.sum() == 100


def test_reliability_bins_and_calibration_error_agree(dataset: Dataset) -> None:
    random = np.random.default_rng(0)
    weights = random.normal(0, 0.05, (PIXELS, DIGITS)).astype(np.float32)
    regression = Regression(weights, np.zeros(DIGITS, np.float32))
    model = Model("random", regression, make_familiarity(), make_card(), "")
    evaluation = evaluate(model, dataset.test, dataset.test)
    gaps = np.abs(evaluation.bin_probability - evaluation.bin_right)
    error = (gaps * evaluation.bin_counts).sum() / evaluation.bin_counts.sum()
    assert error == pytest.approx(calibration_error(dataset.test, regression), rel=1e-5)


def test_if_there_are_too_many_mistakes_every_kind_is_saved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("training.fitting.evaluation.MAX_MISREAD_EXAMPLES", 3)
    labels = np.array([0, 0, 0, 0, 1, 2], np.uint8)
    digits = np.array([1, 1, 1, 0, 2, 3])
    losses = np.array([9.0, 8, 7, 99, 1, 2])
    assert misread_examples(labels, digits, losses).tolist() == [0, 5, 4]


@pytest.mark.parametrize(
    ("rate", "guessing_loss", "why"),
    [
        pytest.param(
            "1e38", np.log(DIGITS), "the learning rate is too high", id="beyond the finite numbers"
        ),
        pytest.param(
            "0.001", 1e-9, "9 steps at this learning rate are too few", id="above guessing"
        ),
    ],
)
def test_a_training_worse_than_guessing_is_recorded_but_saves_no_model(
    run: Any,
    tmp_path: Path,
    rate: str,
    guessing_loss: float,
    why: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pipeline, "GUESSING_LOSS", guessing_loss)
    with pytest.raises(SystemExit) as stop:
        run("--recipe", "tutorial", "--name", "wild", "--learning-rate", rate, "--steps", "9")
    assert isinstance(stop.value.code, str)
    assert len(stop.value.code.splitlines()) == 1
    assert why in stop.value.code
    assert not (tmp_path / "wild.npz").exists()
    assert not (tmp_path / "history" / "wild.npz").exists()
    history = load_history(tmp_path / "training" / "wild.npz")
    assert history.card.outcome == "diverged"
    assert why in str(history.card.reason)
    assert history.train_loss[0] == pytest.approx(np.log(DIGITS))


def test_the_report_is_written_to_the_models_directory_or_to_report(
    run: Any, tmp_path: Path
) -> None:
    run("--recipe", "tutorial", "--steps", "3")
    assert (tmp_path / "reports" / "tutorial.html").exists()
    asked = tmp_path / "elsewhere"
    run("--recipe", "tutorial", "--steps", "3", "--name", "other", "--report", str(asked))
    assert sorted(path.name for path in asked.iterdir()) == ["other.html", "other.webp"]


def test_a_training_can_be_exported_and_shown_in_tensorboard(run: Any, tmp_path: Path) -> None:
    board, saved = tmp_path / "board", tmp_path / "saved"
    run(
        *("--recipe", "tutorial", "--steps", "3"),
        *("--tensorboard", str(board), "--export", str(saved)),
    )
    (run_directory,) = board.iterdir()
    assert run_directory.name == "tutorial"
    assert len(list(run_directory.iterdir())) == 1
    loaded = tf.saved_model.load(str(saved))
    pixels = np.zeros((1, PIXELS), np.float32)
    answer = loaded.signatures["serving_default"](pixels=tf.constant(pixels))
    model = load_model(tmp_path / "tutorial.npz")
    assert np.allclose(answer["evidence"].numpy(), model.bias, atol=1e-6)


def test_an_export_into_a_directory_with_other_files_is_refused_before_training(
    run: Any, tmp_path: Path
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("not a SavedModel")
    with pytest.raises(SystemExit) as stop:
        run("--recipe", "tutorial", "--export", str(tmp_path / "full"))
    assert "Not trained" in str(stop.value.code)
    assert "has other files" in str(stop.value.code)
    assert [path.name for path in tmp_path.iterdir()] == ["full"]


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        ("--tensorboard X --export X", "--tensorboard"),
        ("--tensorboard X/boards --export X", "--tensorboard"),
        ("--tensorboard X --export X/mine", "--tensorboard"),
        ("--tensorboard X --export X/mine-2", "--tensorboard"),
        ("--models X --export X", "--models"),
        ("--models X --export X/history", "--models"),
        ("--models X --export X/evaluation", "--models"),
        ("--models X --export X/training", "--models"),
        ("--models X --export X/mine.npz", "--models"),
        ("--models X --export X/history/mine.npz", "--models"),
        ("--report X --export X/mine.html", "--report"),
        ("--models X/models --export X", "--models"),
        ("--models X/models --export X/models/../models", "--models"),
        ("--models X --export X/reports", "--report"),
        ("--report X --export X", "--report"),
        ("--report X/reports --export X", "--report"),
    ],
)
def test_an_export_onto_another_output_is_refused(arguments: str, option: str) -> None:
    options = parse_arguments(arguments.split())
    message = f"^--export needs a directory of its own, but {option} writes to '.*'.$"
    with pytest.raises(OutputDirectoryError, match=message):
        check_output_directories(options, "mine")


def test_directories_that_no_other_output_writes_to_are_accepted() -> None:
    arguments = "--models X --report X/reports --tensorboard X --export X/mine-saved"
    check_output_directories(parse_arguments(arguments.split()), "mine")


@pytest.mark.parametrize("option", ["models", "report", "tensorboard", "export"])
def test_a_file_where_an_output_needs_a_directory_is_refused(tmp_path: Path, option: str) -> None:
    (tmp_path / "file").write_text("in the way")
    options = parse_arguments([f"--{option}", str(tmp_path / "file")])
    with pytest.raises(OutputDirectoryError, match=f"^--{option} needs a directory, but"):
        check_output_directories(options, "mine")


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("mine.npz", "--models"),
        ("history/mine.npz", "--models"),
        ("evaluation/mine.npz", "--models"),
        ("training/mine.npz", "--models"),
        ("reports/mine.html", "--report"),
        ("reports/mine.webp", "--report"),
    ],
)
def test_a_directory_where_an_output_needs_a_file_is_refused(
    tmp_path: Path, name: str, option: str
) -> None:
    (tmp_path / name).mkdir(parents=True)
    options = parse_arguments(["--models", str(tmp_path)])
    message = f"^{option} needs a file at '{tmp_path / name}', but this is a directory.$"
    with pytest.raises(OutputDirectoryError, match=message):
        check_output_directories(options, "mine")


@pytest.mark.parametrize("folder", ["history", "evaluation", "training", "reports"])
def test_a_file_in_place_of_a_folder_of_the_models_is_refused(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).write_text("in the way")
    options = parse_arguments(["--models", str(tmp_path)])
    with pytest.raises(OutputDirectoryError, match=f"needs a directory, but '.*/{folder}' is a"):
        check_output_directories(options, "mine")


@pytest.mark.parametrize("option", ["models", "report", "tensorboard", "export"])
@pytest.mark.parametrize("below", ["new", "new/below"])
def test_an_output_directory_without_permission_to_write_is_refused(
    option: str, below: str
) -> None:
    # Not in `tmp_path`, which a user without privileges cannot enter.
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o555)
        options = parse_arguments(["--models", tempfile.gettempdir()])
        setattr(options, option, Path(directory) / below)
        message = f"^--{option} needs a writable directory, but '{directory}' is not writable.$"
        with without_privileges(), pytest.raises(OutputDirectoryError, match=message):
            check_output_directories(options, "mine")


@pytest.mark.skipif(sys.platform != "linux", reason="Linux accepts every byte in a path")
@pytest.mark.parametrize("option", ["tensorboard", "export"])
def test_a_path_that_tensorflow_does_not_take_is_refused(tmp_path: Path, option: str) -> None:
    options = parse_arguments([f"--{option}", os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")])
    with pytest.raises(
        OutputDirectoryError, match=f"^--{option} needs a path that is valid UTF-8, but"
    ):
        check_output_directories(options, "mine")


def test_a_report_that_cannot_be_written_does_not_affect_the_model(
    run: Any, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SystemExit) as stop:
        run("--recipe", "tutorial", "--steps", "3", "--report", str(tmp_path / "file" / "below"))
    assert "The model 'tutorial' is saved, but" in str(stop.value.code)
    assert load_model(tmp_path / "tutorial.npz").card.steps == 3


def test_a_report_that_cannot_be_written_does_not_affect_the_export(
    run: Any, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    report, exported = tmp_path / "file" / "below", tmp_path / "exported"
    paths = ["--report", str(report), "--export", str(exported)]
    with pytest.raises(SystemExit) as stop:
        run("--recipe", "tutorial", "--steps", "3", *paths)
    assert "is saved, but not all outputs are: [Errno " in str(stop.value.code)
    assert (exported / "saved_model.pb").exists()


def test_every_output_that_cannot_be_written_is_reported(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk_full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(command, "write_report", disk_full)
    monkeypatch.setattr(command, "export_model", disk_full)
    with pytest.raises(SystemExit) as stop:
        run("--recipe", "tutorial", "--steps", "3", "--export", str(tmp_path / "exported"))
    assert stop.value.code == (
        "The model 'tutorial' is saved, but not all outputs are: "
        "[Errno 28] No space left on device; [Errno 28] No space left on device"
    )


def test_summaries_that_cannot_be_written_do_not_affect_the_model(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise tf.errors.ResourceExhaustedError(None, None, "events; No space left on device")

    monkeypatch.setattr("training.outputs.tensorboard._write", refuse)
    with pytest.raises(SystemExit) as stop:
        run("--recipe", "tutorial", "--steps", "3", "--tensorboard", str(tmp_path / "board"))
    board = tmp_path / "board" / "tutorial"
    assert stop.value.code == (
        "The model 'tutorial' is saved, but not all outputs are: "
        f"[Errno 28] No space left on device: {str(board)!r}"
    )
    assert load_model(tmp_path / "tutorial.npz").card.steps == 3
    assert (tmp_path / "reports" / "tutorial.html").exists()
    assert load_history(tmp_path / "training" / "tutorial.npz").card.outcome == "finished"


@pytest.mark.parametrize("seed", range(3))
def test_the_tutorials_recipe_reaches_the_tutorials_accuracy(mnist: Dataset, seed: int) -> None:
    images = mnist.train
    learned = train(images.pixels, images.labels, RECIPES["tutorial"], seed, silent)
    assert accuracy(mnist.test, learned) == pytest.approx(0.9184, abs=0.006)


def run_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "training", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", ["", " ", "nul", "com1.x", "A"])
def test_an_invalid_name_is_refused_before_anything_is_loaded(tmp_path: Path, name: str) -> None:
    process = run_command("--recipe", "tutorial", "--models", str(tmp_path), "--name", name)
    assert process.returncode == 1
    assert process.stderr.startswith(f"Not trained: {name!r} cannot name a model: ")
    assert list(tmp_path.iterdir()) == []


def test_an_output_directory_is_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    process = run_command("--models", str(tmp_path), "--export", str(tmp_path / "history"))
    assert process.returncode == 1
    assert len(process.stderr.splitlines()) == 1
    assert process.stderr.startswith("Not trained: --export needs a directory of its own, but ")
    assert list(tmp_path.iterdir()) == []
