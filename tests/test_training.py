"""Training: TensorFlow checked against NumPy, and the command as a whole."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from server.model import load_model, softmax
from server.shapes import DIGITS, PIXELS, Floats
from tests.conftest import save_small_model
from training import command
from training.data import CHECKSUMS, DataError, Dataset, Images, load_mnist
from training.evaluation import accuracy, digit_accuracy
from training.examples import add_written, normalize_dataset
from training.recipe import RECIPES, Recipe
from training.regression import (
    DivergedError,
    batch_indices,
    cross_entropy,
    make_optimizer,
    optimizer_names,
    train,
)

SHORT = replace(RECIPES["tutorial"], steps=60, batch_size=50)


def silent(_step: int, _loss: float, _weights: Floats, _bias: Floats) -> None:
    """Take a training's reports and do nothing."""


def make_images(count: int, seed: int) -> Images:
    """Make easy digits: noise, and a bright row whose place is the label."""
    random = np.random.default_rng(seed)
    labels = random.integers(DIGITS, size=count).astype(np.uint8)
    pixels = random.integers(64, size=(count, 28, 28)).astype(np.uint8)
    pixels[np.arange(count), 2 * labels + 4] = 255
    return Images(pixels.reshape(count, PIXELS), labels)


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
    weights, bias = train(images.pixels, images.labels, SHORT, 0, silent)
    W, b = train_in_numpy(images, SHORT, 0)
    assert np.allclose(weights, W, atol=1e-4)
    assert np.allclose(bias, b, atol=1e-4)


def test_the_first_loss_is_that_of_ten_equal_chances(dataset: Dataset) -> None:
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
        weights, bias = train(dataset.train.pixels, dataset.train.labels, SHORT, seed, silent)
        return weights.tobytes() + bias.tobytes()

    assert learn(1) == learn(1)
    assert learn(1) != learn(2)


def test_every_example_comes_once_before_any_comes_again() -> None:
    labels = np.arange(100, dtype=np.uint8) % DIGITS
    batches = np.concatenate(list(batch_indices(labels, replace(SHORT, steps=6), 0))).ravel()
    assert len(batches) == 300
    for epoch in batches.reshape(3, 100):
        assert sorted(epoch) == list(range(100))


def test_every_batch_has_the_digits_in_the_datas_proportions() -> None:
    labels = np.repeat([0, 1], [300, 100]).astype(np.uint8)
    for batches in batch_indices(labels, replace(SHORT, batch_size=40), 0):
        ones = labels[batches].sum(axis=1)
        assert ones.min() >= 8
        assert ones.max() <= 12


def test_a_batch_may_be_larger_than_the_data() -> None:
    labels = np.array([4, 4, 7], np.uint8)
    (batches,) = batch_indices(labels, replace(SHORT, steps=2, batch_size=5), 0)
    assert batches.shape == (2, 5)
    assert set(batches.ravel()) == {0, 1, 2}


@pytest.mark.parametrize("name", sorted(optimizer_names()))
def test_every_optimizer_that_keras_ships_trains(dataset: Dataset, name: str) -> None:
    losses: list[float] = []
    recipe = replace(SHORT, optimizer=name, learning_rate=None, steps=101)
    images = dataset.train
    train(images.pixels, images.labels, recipe, 0, lambda _, loss, *__: losses.append(loss))
    assert losses[-1] < losses[0]


def test_the_optimizers_are_those_of_keras() -> None:
    names = optimizer_names()
    assert {"sgd", "adam", "adamw", "rmsprop", "adagrad", "ftrl", "lion"} <= names.keys()
    assert all(
        issubclass(getattr(keras.optimizers, name), keras.Optimizer) for name in names.values()
    )


def test_a_loss_that_leaves_the_finite_numbers_ends_the_training(dataset: Dataset) -> None:
    images = dataset.train
    with pytest.raises(DivergedError, match="learning rate is too high"):
        train(images.pixels, images.labels, replace(SHORT, learning_rate=1e38), 0, silent)


def test_accuracy_counts_what_the_server_would_answer() -> None:
    images = Images(np.eye(4, PIXELS, dtype=np.uint8) * 255, np.array([0, 1, 2, 9], np.uint8))
    weights = np.eye(PIXELS, DIGITS, dtype=np.float32)
    bias = np.zeros(DIGITS, np.float32)
    assert accuracy(images, weights, bias) == 0.75
    assert digit_accuracy(images, weights, bias) == [1, 1, 1, 0, 0, 0, 0, 0, 0, 0]


@pytest.fixture
def run(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Any:
    """Run the command on the small dataset; return the last line of its output as JSON."""
    monkeypatch.setattr(command, "load_mnist", lambda _folder: dataset)

    def run(*arguments: str) -> Any:
        command.main(["--models", str(tmp_path), *arguments])
        return json.loads(capsys.readouterr().out.splitlines()[-1])

    return run


def test_the_command_trains_evaluates_and_saves(run: Any, dataset: Dataset, tmp_path: Path) -> None:
    result = run("--recipe", "tutorial", "--steps", "70", "--batch-size", "20", "--seed", "3")
    model = load_model(tmp_path / "tutorial.npz")
    evidence = model.evidence(dataset.test.intensities)
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


def test_another_optimizer_is_one_word(run: Any, tmp_path: Path) -> None:
    run("--recipe", "tutorial", "--optimizer", "Adam", "--name", "with-adam")
    card = load_model(tmp_path / "with-adam.npz").card
    assert (card.optimizer, card.learning_rate) == ("adam", None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--optimizer", "hope"], "Keras ships no optimizer 'hope'. Accepted: adadelta"),
        (["--name", "../escape"], "'../escape' cannot name a model"),
        (["--learning-rate", "1e38"], "the learning rate is too high"),
    ],
)
def test_a_training_that_fails_says_why_and_keeps_the_old_model(
    run: Any, tmp_path: Path, arguments: list[str], message: str
) -> None:
    before = save_small_model(tmp_path, "tutorial").read_bytes()
    with pytest.raises(SystemExit) as stop:
        run("--recipe", "tutorial", *arguments)
    assert message in str(stop.value)
    assert "is as it was" in str(stop.value)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [before]


@pytest.mark.parametrize(
    "arguments",
    [["--steps", "0"], ["--batch-size", "-1"], ["--learning-rate", "nan"], ["--recipe", "none"]],
)
def test_settings_out_of_range_are_refused(run: Any, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        run("--recipe", "tutorial", *arguments)
    assert stop.value.code == 2


def test_interrupting_keeps_the_old_model(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = save_small_model(tmp_path, "tutorial").read_bytes()

    def interrupt(*_: object) -> float:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "accuracy", interrupt)
    with pytest.raises(SystemExit) as stop:
        run("--recipe", "tutorial")
    assert stop.value.code == command.INTERRUPTED
    assert "'tutorial' is as it was" in capsys.readouterr().err
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [before]


def test_a_penalty_keeps_weights_small(dataset: Dataset) -> None:
    images = dataset.train
    free, _ = train(images.pixels, images.labels, SHORT, 0, silent)
    held, _ = train(images.pixels, images.labels, replace(SHORT, penalty=0.1), 0, silent)
    assert np.square(held).sum() < np.square(free).sum() / 2


def test_a_falling_rate_ends_at_nothing() -> None:
    rate = make_optimizer(replace(SHORT, decay=True))._learning_rate
    assert [float(rate(step)) for step in (0, 30, 60)] == pytest.approx([0.5, 0.25, 0])


def test_the_normalized_recipe_trains_on_what_the_server_will_show_it(
    run: Any, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = replace(RECIPES["normalized"], written=50, steps=100)
    monkeypatch.setitem(RECIPES, "normalized", small)
    result = run("--recipe", "normalized")
    model = load_model(tmp_path / "normalized.npz")
    assert model.card.normalization == "moments"
    seen = model.normalize(dataset.test.intensities)
    right = model.evidence(seen).argmax(axis=1) == dataset.test.labels
    assert result["test_accuracy"] == np.mean(right)


def test_written_digits_stand_behind_the_images(dataset: Dataset) -> None:
    recipe = replace(RECIPES["normalized"], written=20)
    images = normalize_dataset(dataset, recipe).train
    examples = add_written(images, recipe, seed=0)
    assert len(examples.labels) == len(images.labels) + 20
    assert np.array_equal(examples.pixels[:-20], images.pixels)
    assert examples.labels[-20:].tolist() == [*range(10), *range(10)]
    assert add_written(images, replace(recipe, written=0), seed=0) is images


@pytest.fixture(scope="session")
def mnist() -> Dataset:
    """Fetch the real MNIST; a machine that cannot have it skips what needs it."""
    try:
        return load_mnist()
    except DataError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("seed", range(3))
def test_the_tutorials_recipe_reaches_the_tutorials_accuracy(mnist: Dataset, seed: int) -> None:
    weights, bias = train(mnist.train.pixels, mnist.train.labels, RECIPES["tutorial"], seed, silent)
    assert accuracy(mnist.test, weights, bias) == pytest.approx(0.9184, abs=0.006)
