"""The report of a training: one HTML file without scripts or external resources."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from numpy.typing import NDArray

from server.regression.heatmap import data_uri, greyscale, heatmap
from server.regression.model import Model
from server.regression.shapes import SIDE, Floats
from server.storage.evaluation import Evaluation
from server.storage.history import History
from server.system.atomic_write import write_atomically

TEMPLATE = "report.html"

# The folder of the reports in a models directory.
REPORTS = "reports"

# How many misread images are shown, highest loss first.
MAX_MISTAKES = 40

# The frame of the curves, in units of the SVG's viewBox.
_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 400, 20, 210


@dataclass(frozen=True)
class Tick:
    """A number on an axis, and its position in units of the SVG."""

    at: float
    label: str


@dataclass(frozen=True)
class Curve:
    """One metric over the steps, for training and validation, as points of an SVG polyline."""

    name: str
    train: str
    validation: str
    last_train: str
    last_validation: str
    x_ticks: list[Tick]
    y_ticks: list[Tick]


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
    misread = int((evaluation.label != evaluation.digit).sum())
    mistakes = [
        {
            "uri": data_uri(
                greyscale(evaluation.pixels[row].reshape(SIDE, SIDE) / np.float32(255))
            ),
            "label": int(evaluation.label[row]),
            "digit": int(evaluation.digit[row]),
            "probability": float(evaluation.probability[row]),
        }
        for row in range(min(misread, MAX_MISTAKES))
    ]
    confusion = evaluation.confusion
    return environment.get_template(TEMPLATE).render(
        model=model,
        card=model.card,
        settings=settings_of(model),
        metrics=metrics_of(model),
        limit=limit,
        heatmaps=[data_uri(heatmap(values, limit)) for values in maps],
        curves=[
            draw_curve("Loss", history.steps, history.train_loss, history.validation_loss),
            draw_curve(
                "Accuracy", history.steps, history.train_accuracy, history.validation_accuracy
            ),
        ],
        evaluation=evaluation,
        reliability=evaluation.reliability(),
        misread=int(confusion.sum() - confusion.trace()),
        mistakes=mistakes,
    )


def settings_of(model: Model) -> list[tuple[str, str]]:
    """Return the names and values of the model's settings."""
    card = model.card
    rate, few = card.learning_rate, card.images_per_digit
    return [
        ("recipe", card.recipe),
        ("normalization", card.normalization),
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
        ("calibration error", f"{card.calibration_error:.4f}"),
        ("sure answers", f"{card.sure_fraction:.4f}"),
        ("seconds", f"{card.seconds:.1f}"),
    ]


def draw_curve(name: str, steps: NDArray[np.int32], train: Floats, validation: Floats) -> Curve:
    """Return the curve of a metric (n,) over steps (n,): x is log(1 + step), y starts at 0."""
    last = max(1, int(steps[-1]))
    highest = float(max(train.max(), validation.max(), 1e-6))

    def x_of(step: float) -> float:
        return round(_LEFT + (_RIGHT - _LEFT) * float(np.log1p(step) / np.log1p(last)), 1)

    def y_of(value: float) -> float:
        return round(_BOTTOM - (_BOTTOM - _TOP) * value / highest, 1)

    def points(values: Floats) -> str:
        return " ".join(
            f"{x_of(step)},{y_of(float(value))}"
            for step, value in zip(steps.tolist(), values, strict=True)
        )

    powers = [0, *(10**power for power in range(int(np.log10(last)) + 1))]
    return Curve(
        name=name,
        train=points(train),
        validation=points(validation),
        last_train=f"{train[-1]:.4f}",
        last_validation=f"{validation[-1]:.4f}",
        x_ticks=[Tick(x_of(step), f"{step:,}") for step in powers],
        y_ticks=[Tick(y_of(highest * part), f"{highest * part:.2f}") for part in (0, 0.5, 1)],
    )
