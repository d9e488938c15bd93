"""What several tests share: a small model, the server, the browser."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page

from server.regression.familiarity import AXES, FEATURES, VARIANTS, Familiarity
from server.regression.model import ModelCard
from server.regression.shapes import DIGITS, PIXELS, Floats
from server.storage.evaluation import BINS, Evaluation, EvaluationCard, pack_evaluation
from server.storage.history import History, HistoryCard, quantize
from server.storage.model_file import pack_model, unpack_model
from server.system.atomic_write import write_atomically
from server.web.app import create_app
from tests.browser import MISSING, launch_browser
from tests.serving import serve
from training.data.mnist import Dataset, Images, load_mnist
from training.data.sources import DataError


def make_images(count: int, seed: int) -> Images:
    """Make easy digits: noise, and a bright row whose place is the label."""
    random = np.random.default_rng(seed)
    labels = random.integers(DIGITS, size=count).astype(np.uint8)
    pixels = random.integers(64, size=(count, 28, 28)).astype(np.uint8)
    pixels[np.arange(count), 2 * labels + 4] = 255
    return Images(pixels.reshape(count, PIXELS), labels)


# The same examples in every run, however long one of them takes on a busy machine.
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.load_profile("repeatable")


def make_card(**changes: object) -> ModelCard:
    facts: dict[str, object] = {
        "recipe": "tutorial",
        "normalization": "none",
        "optimizer": "sgd",
        "learning_rate": 0.5,
        "steps": 1,
        "batch_size": 1,
        "seed": 0,
        "temperature": 1.0,
        "train_accuracy": 0.5,
        "validation_accuracy": 0.5,
        "test_accuracy": 0.5,
        "calibration_error": 0.01,
        "sure_fraction": 0.97,
        "digit_accuracy": [0.5] * DIGITS,
        "seconds": 1.0,
        "data_sha256": {},
        "versions": {},
        "created": "2026-01-01T00:00:00+00:00",
    }
    return ModelCard(**(facts | changes))  # type: ignore[arg-type]


def make_familiarity(limit: float = 1e6) -> Familiarity:
    """Make one that knows paper alone; every drawing within the limit of it is familiar."""
    return Familiarity(
        means=np.zeros((VARIANTS, FEATURES), np.float32),
        axes=np.zeros((VARIANTS, FEATURES, AXES), np.float32),
        limits=np.full(VARIANTS, limit, np.float32),
    )


def save_model(
    directory: Path,
    name: str,
    weights: Floats,
    bias: Floats,
    familiarity: Familiarity,
    card: ModelCard,
) -> Path:
    """Write a model file, if the server would load it, as a training does."""
    content = pack_model(weights, bias, familiarity, card)
    unpack_model(name, content)
    return write_atomically(directory / f"{name}.npz", content)


def save_small_model(
    directory: Path, name: str = "small", favourite: int = 0, limit: float = 1e6
) -> Path:
    """Save a model that reads ink on pixel d alone as digit d, and else has a favourite."""
    weights = np.zeros((PIXELS, DIGITS), np.float32)
    weights[np.arange(DIGITS), np.arange(DIGITS)] = 8
    bias = np.zeros(DIGITS, np.float32)
    bias[favourite] = 1
    return save_model(directory, name, weights, bias, make_familiarity(limit), make_card())


def make_history(name: str = "small", steps: int = 4, **changes: object) -> History:
    """Make one of as many recorded steps, in which every weight is the step it was recorded at."""
    recorded = np.arange(steps, dtype=np.int32)
    facts: dict[str, object] = {
        "recipe": "tutorial",
        "normalization": "none",
        "optimizer": "sgd",
        "learning_rate": 0.5,
        "steps": 9,
        "batch_size": 100,
        "seed": 0,
        "run": "r",
        "outcome": "running",
        "phase": "training",
        "step": max(steps - 1, 0),
        "seconds": 1.0,
        "created": "2026-01-01T00:00:00+00:00",
    }
    weights = [quantize(np.full((PIXELS, DIGITS), step, np.float32)) for step in range(steps)]
    return History(
        name=name,
        card=HistoryCard(**(facts | changes)),  # type: ignore[arg-type]
        steps=recorded,
        train_loss=np.full(steps, 2.25, np.float32),
        train_accuracy=np.linspace(0, 1, steps, dtype=np.float32),
        validation_loss=np.full(steps, 2.5, np.float32),
        validation_accuracy=np.full(steps, 0.5, np.float32),
        frames=np.array([frame for frame, _ in weights], np.int8).reshape(-1, PIXELS, DIGITS),
        scales=np.array([scale for _, scale in weights], np.float32),
        biases=np.tile(np.arange(DIGITS, dtype=np.float32), (steps, 1)),
        last_weights=np.full((PIXELS, DIGITS), steps - 1, np.float32),
    )


def make_evaluation(name: str, model: str) -> Evaluation:
    """Make one of three images: a 4 read as 9, a 9 read as 4, and a 9 read right."""
    confusion = np.zeros((DIGITS, DIGITS), np.int32)
    confusion[[4, 9, 9], [9, 4, 9]] = 1
    counts = np.zeros(BINS, np.int32)
    counts[[7, 14]] = 2, 1
    card = EvaluationCard(
        model=model,
        accuracy=1 / 3,
        digit_accuracy=[0.5] * DIGITS,
        calibration_error=0.1,
        loss=1.0,
    )
    return Evaluation(
        name=name,
        card=card,
        confusion=confusion,
        bin_counts=counts,
        bin_probability=(counts > 0) * np.float32(0.5),
        bin_right=(counts == 1) * np.float32(1),
        index=np.array([7, 3, 0], np.int32),
        label=np.array([4, 9, 9], np.uint8),
        digit=np.array([9, 4, 9], np.uint8),
        probability=np.array([0.5, 0.5, 1], np.float32),
        loss=np.array([3, 1, 0], np.float32),
        pixels=np.arange(3 * PIXELS, dtype=np.uint8).reshape(3, PIXELS),
    )


def save_evaluation(directory: Path, evaluation: Evaluation) -> Path:
    return write_atomically(directory / f"{evaluation.name}.npz", pack_evaluation(evaluation))


def ink_on(*indices: int) -> list[float]:
    return [1.0 if index in indices else 0.0 for index in range(PIXELS)]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    directory = tmp_path / "models"
    save_small_model(directory)
    return directory


@pytest.fixture
def client(models: Path) -> FlaskClient:
    return create_app(models).test_client()


@pytest.fixture(scope="session")
def mnist() -> Dataset:
    """Fetch the real MNIST; a machine that cannot have it skips what needs it."""
    try:
        return load_mnist()
    except DataError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """Serve the demo as visitors get it, with its own models."""
    with serve() as url:
        yield url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    try:
        with launch_browser() as browser:
            yield browser
    except FileNotFoundError:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(MISSING)


def listen_for_complaints(page: Page) -> list[str]:
    """Return a list that grows with all that a page's console says, forbidden content included."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text))
    return complaints


@contextmanager
def open_page(browser: Browser, url: str, **options: Any) -> Iterator[Page]:
    """Open the page in a context with these options; whatever its console says is a failure."""
    with browser.new_context(**options) as context:
        page = context.new_page()
        complaints = listen_for_complaints(page)
        page.goto(url)
        page.wait_for_selector("#model option", state="attached")
        yield page
        assert complaints == []


@pytest.fixture
def page(browser: Browser, server_url: str) -> Iterator[Page]:
    """Open the page in a desktop window."""
    with open_page(browser, server_url, viewport={"width": 1280, "height": 800}) as page:
        yield page
