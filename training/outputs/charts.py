"""The charts of a report as SVG coordinates: learning curves and the reliability diagram."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.regression.shapes import Floats
from server.storage.evaluation import Evaluation


@dataclass(frozen=True)
class PlotArea:
    """The size of a chart, and the edges of its plot area, in units of the SVG's viewBox."""

    width: int = 420
    height: int = 250
    left: int = 50
    right: int = 400
    top: int = 20
    bottom: int = 210

    def x(self, fraction: float) -> float:
        """Return the position of a fraction of the horizontal axis."""
        return round(self.left + (self.right - self.left) * fraction, 1)

    def y(self, fraction: float) -> float:
        """Return the position of a fraction of the vertical axis, which points up."""
        return round(self.bottom - (self.bottom - self.top) * fraction, 1)


PLOT_AREA = PlotArea()

# An axis has at most this many intervals between its numbers.
_MAX_INTERVALS = 5

# The gap between two bars, in units of the SVG.
_BAR_GAP = 2


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


@dataclass(frozen=True)
class Bar:
    """The bar of a bin of the reliability diagram, in units of the SVG, and its title."""

    left: float
    width: float
    top: float
    title: str


@dataclass(frozen=True)
class ReliabilityDiagram:
    """Accuracy over probability: a bar for each bin that has images."""

    bars: list[Bar]
    x_ticks: list[Tick]
    y_ticks: list[Tick]


def reliability_coordinates(evaluation: Evaluation) -> ReliabilityDiagram:
    """Return the bars and ticks of a reliability diagram; both axes go from 0 to 1."""
    bars = [
        Bar(
            left=round(PLOT_AREA.x(group.low) + _BAR_GAP / 2, 1),
            width=round(PLOT_AREA.x(group.high) - PLOT_AREA.x(group.low) - _BAR_GAP, 1),
            top=PLOT_AREA.y(group.accuracy),
            title=f"{group.count} images, mean probability {group.probability:.3f}, "
            f"accuracy {group.accuracy:.3f}",
        )
        for group in evaluation.reliability()
        if group.accuracy is not None
    ]
    fractions = round_numbers(1)
    return ReliabilityDiagram(
        bars,
        x_ticks=[Tick(PLOT_AREA.x(fraction), f"{fraction:g}") for fraction in fractions],
        y_ticks=[Tick(PLOT_AREA.y(fraction), f"{fraction:g}") for fraction in fractions],
    )


def round_numbers(highest: float) -> list[float]:
    """Return the numbers of an axis from 0: multiples of 1, 2 or 5 times a power of ten.

    :param highest: the positive end of the axis, which is not a number of it unless it is round
    """
    rough = highest / _MAX_INTERVALS
    power = 10.0 ** np.floor(np.log10(rough))
    # Rounding errors must neither choose a larger step nor lose the last number.
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power > rough * (1 - 1e-9))
    count = int(highest / step + 1e-9)
    return [float(f"{index * step:.12g}") for index in range(count + 1)]


def curve_coordinates(
    name: str, steps: NDArray[np.int32], train: Floats, validation: Floats
) -> Curve:
    """Return the points and ticks of a metric (n,) over steps (n,).

    The x axis is log(1 + step), the y axis starts at 0.
    """
    last = max(1, int(steps[-1]))
    highest = float(max(train.max(), validation.max(), 1e-6))

    def x_of(step: float) -> float:
        return PLOT_AREA.x(float(np.log1p(step) / np.log1p(last)))

    def y_of(value: float) -> float:
        return PLOT_AREA.y(value / highest)

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
        y_ticks=[Tick(y_of(number), f"{number:g}") for number in round_numbers(highest)],
    )
