"""The report of a training: one HTML file without scripts or external resources."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from server.regression.heatmap import data_uri, greyscale, striped_heatmap
from server.regression.model import Model
from server.regression.shapes import SIDE
from server.storage.evaluation import BINS, Evaluation
from server.storage.history import History
from server.system.atomic_write import write_atomically
from training.outputs.charts import PLOT_AREA, curve_coordinates, reliability_coordinates

TEMPLATE = "report.html"

# How many misread images are shown, highest loss first.
MAX_MISTAKES = 40


@dataclass(frozen=True)
class Mistake:
    """A misclassified test image, as a PNG data URI, and the probability of the predicted digit."""

    uri: str
    label: int
    digit: int
    probability: float


def write_report(
    directory: Path, model: Model, history: History, evaluation: Evaluation, animation: bytes
) -> tuple[Path, Path]:
    """Write NAME.html, and the animation of W as NAME.webp; return both paths.

    :param animation: the content of the WebP file
    :raise OSError: the directory cannot be written
    """
    page = write_atomically(
        directory / f"{model.name}.html", render(model, history, evaluation).encode()
    )
    return page, write_atomically(directory / f"{model.name}.webp", animation)


def render(model: Model, history: History, evaluation: Evaluation) -> str:
    """Return the report as HTML."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    limit = float(np.abs(model.weights).max())
    maps = [column.reshape(SIDE, SIDE) for column in model.weights.T]
    confusion = evaluation.confusion
    return environment.get_template(TEMPLATE).render(
        model=model,
        card=model.card,
        settings=settings_of(model),
        metrics=metrics_of(model),
        limit=limit,
        plot=PLOT_AREA,
        heatmaps=[data_uri(striped_heatmap(values, limit)) for values in maps],
        curves=[
            curve_coordinates("Loss", history.steps, history.train_loss, history.validation_loss),
            curve_coordinates(
                "Accuracy", history.steps, history.train_accuracy, history.validation_accuracy
            ),
        ],
        evaluation=evaluation,
        bins=BINS,
        reliability=reliability_coordinates(evaluation),
        misclassified=int(confusion.sum() - confusion.trace()),
        mistakes=mistakes_of(evaluation),
    )


def settings_of(model: Model) -> list[tuple[str, str]]:
    """Return the names and values of the model's settings."""
    card = model.card
    rate, few = card.learning_rate, card.images_per_digit
    return [
        ("recipe", card.recipe),
        ("normalization", card.normalization),
        ("transformations", card.transformations),
        ("optimizer", card.optimizer),
        ("learning rate", "the optimizer's default" if rate is None else f"{rate:g}"),
        ("steps", f"{card.steps:,}"),
        ("batch size", str(card.batch_size)),
        ("initial W", card.init),
        ("bias", "yes" if card.has_bias else "no"),
        ("images per digit", "all" if few is None else f"{few:,}"),
        ("augmentation", "yes" if card.augmented else "no"),
        ("seed", str(card.seed)),
        ("temperature", f"{card.temperature:.3f}"),
    ]


def metrics_of(model: Model) -> list[tuple[str, str]]:
    """Return the names and values of the model's metrics."""
    card = model.card
    return [
        ("accuracy, training", f"{card.train_accuracy:.4f}"),
        ("accuracy, validation", f"{card.validation_accuracy:.4f}"),
        ("accuracy, test", f"{card.test_accuracy:.4f}"),
        ("expected calibration error", f"{card.calibration_error:.4f}"),
        ("fraction of sure answers", f"{card.sure_fraction:.4f}"),
        ("seconds", f"{card.seconds:.1f}"),
    ]


def mistakes_of(evaluation: Evaluation) -> list[Mistake]:
    """Return the misclassified test images with the highest loss, at most MAX_MISTAKES."""
    misread = int((evaluation.label != evaluation.digit).sum())
    images = evaluation.pixels.reshape(-1, SIDE, SIDE) / np.float32(255)
    return [
        Mistake(
            uri=data_uri(greyscale(images[row])),
            label=int(evaluation.label[row]),
            digit=int(evaluation.digit[row]),
            probability=float(evaluation.probability[row]),
        )
        for row in range(min(misread, MAX_MISTAKES))
    ]
