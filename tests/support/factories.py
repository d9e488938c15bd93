"""Small models, histories, evaluations and drawings, whose numbers can be checked by hand."""

import io
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from server.regression.familiarity import AXES, FEATURES, VARIANTS, Familiarity
from server.regression.model import ModelCard
from server.regression.regression import Regression
from server.regression.shapes import DIGITS, PIXELS, Floats
from server.storage.evaluation import BINS, Evaluation, EvaluationCard, pack_evaluation
from server.storage.history import History, HistoryCard, quantize
from server.storage.model_file import pack_model, unpack_model
from server.system.atomic_write import write_atomically


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
    """Make one whose variants are all an image without ink, with no axes and with one limit."""
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
    """Check that a model can be loaded, and write its file; return the path."""
    regression = Regression(weights, bias, card.transformations)
    content = pack_model(regression, familiarity, card)
    unpack_model(name, content)
    return write_atomically(directory / f"{name}.npz", content)


def save_small_model(
    directory: Path, name: str = "small", favourite: int = 0, limit: float = 1e6
) -> Path:
    """Save a model that predicts digit d for ink on pixel d, 0 to 9, and otherwise `favourite`."""
    weights = np.zeros((PIXELS, DIGITS), np.float32)
    weights[np.arange(DIGITS), np.arange(DIGITS)] = 8
    bias = np.zeros(DIGITS, np.float32)
    bias[favourite] = 1
    return save_model(directory, name, weights, bias, make_familiarity(limit), make_card())


def write_archive(path: Path, **changes: Any) -> None:
    """Write the file of a valid model with some arrays replaced, or left out if None."""
    arrays: dict[str, Any] = {
        "weights": np.zeros((PIXELS, DIGITS), np.float32),
        "bias": np.zeros(DIGITS, np.float32),
        "means": np.zeros((VARIANTS, FEATURES), np.float32),
        "axes": np.zeros((VARIANTS, FEATURES, AXES), np.float16),
        "limits": np.ones(VARIANTS, np.float32),
        "card": np.frombuffer(msgspec.json.encode(make_card()), np.uint8),
    }
    kept = {key: array for key, array in (arrays | changes).items() if array is not None}
    file = io.BytesIO()
    np.savez(file, **kept)
    path.write_bytes(file.getvalue())


def make_history(name: str = "small", steps: int = 4, **changes: object) -> History:
    """Make a history in which every weight of a recorded step is the number of that step.

    :param steps: how many steps are recorded: 0 to `steps` − 1
    :param changes: values on its card
    """
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
    """Make an evaluation on three images: a 4 read as 9, a 9 read as 4, and a 9 read as 9.

    :param model: the digest of the model
    """
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
    """Return 784 intensities: 1 at these pixels, 0 elsewhere."""
    return [1.0 if index in indices else 0.0 for index in range(PIXELS)]
