"""One softmax regression, y = softmax(xW + b): its parameters, and what it computes."""

from dataclasses import dataclass
from typing import Annotated

import msgspec
import numpy as np

from server.regression.familiarity import Familiarity
from server.regression.normalization import NORMALIZATIONS, PLACEMENTS, Placement
from server.regression.shapes import DIGITS, Floats
from server.regression.training_settings import Settings

Rate = Annotated[float, msgspec.Meta(ge=0, le=1)]


class ModelCard(Settings, frozen=True, kw_only=True):
    """How a model came to be and how well it does.

    `temperature` is what W and b were divided by at the end, so that probabilities are as often
    right as they say; `calibration_error` is what remains of their distance from it. Accuracies are
    fractions of the MNIST split that they name; the digits', the calibration error and the fraction
    answered surely are of the test images. `data_sha256` maps each data file to its checksum.
    """

    temperature: float
    train_accuracy: Rate
    validation_accuracy: Rate
    test_accuracy: Rate
    calibration_error: Rate
    sure_fraction: Rate
    digit_accuracy: Annotated[list[Rate], msgspec.Meta(min_length=DIGITS, max_length=DIGITS)]
    seconds: float
    data_sha256: dict[str, str]
    versions: dict[str, str]
    created: str


@dataclass(frozen=True, eq=False)
class Model:
    """W and b, ready to answer.

    `weights` (784, 10) and `bias` (10,) are finite, pixels in row-major order; `digest` is the
    hexadecimal SHA-256 of the file, so that equal digests mean equal answers.
    """

    name: str
    weights: Floats
    bias: Floats
    familiarity: Familiarity
    card: ModelCard
    digest: str

    def normalize(self, pixels: Floats) -> Floats:
        """Make of drawn pixels (…, 784) in [0, 1] what the weights are for, in the same shape."""
        return NORMALIZATIONS[self.card.normalization](pixels)

    def placement(self, pixels: Floats) -> Placement:
        """Tell where in drawn pixels (784,) the normalised ones were taken from."""
        return PLACEMENTS[self.card.normalization](pixels)

    def evidence(self, pixels: Floats) -> Floats:
        """Weigh normalised pixels (…, 784): the evidence, or logits, (…, 10) for each digit.

        Each drawing's is the same, bit for bit, whatever others it is weighed with.
        """
        weighed: Floats = (pixels[..., np.newaxis, :] @ self.weights)[..., 0, :]
        return weighed + self.bias

    def contributions(self, pixels: Floats) -> Floats:
        """Multiply each normalised pixel (784,) by its weights: (10, 784).

        With the bias, each row adds up to that digit's evidence.
        """
        return (pixels[:, np.newaxis] * self.weights).T


def softmax(evidence: Floats) -> Floats:
    """Probabilities (…, 10) that add up to 1, from evidence (…, 10).

    The largest is taken off first, which changes nothing but keeps exp from overflowing.
    """
    exponentials = np.exp(evidence - evidence.max(axis=-1, keepdims=True))
    probabilities: Floats = exponentials / exponentials.sum(axis=-1, keepdims=True)
    return probabilities
