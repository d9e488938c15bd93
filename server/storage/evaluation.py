"""The evaluation of a model on MNIST's test images, and its file.

An evaluation file is a compressed archive of

- the confusion matrix `confusion` (10, 10): images by label (row) and predicted digit (column);
- a reliability diagram over 15 equal-width bins of the top probability: `bin_counts` (15,), mean
  probability `bin_probability` (15,) and accuracy `bin_right` (15,);
- examples: `index` (n,) in the test images, `label` (n,), predicted `digit` (n,), its `probability`
  (n,), cross-entropy `loss` (n,) in nats, and `pixels` (n, 784) as drawn, 255 = ink. Misclassified
  images come first, highest loss first, then some correct ones, by digit.
"""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from server.regression.model import Rate
from server.regression.shapes import DIGITS, PIXELS, Floats
from server.storage.archive import ArchiveError, Arrays, Layout, load_archive, pack, unpack
from server.storage.model_name import check_name

# The subdirectory of a models directory for evaluations.
EVALUATIONS = "evaluation"

# The usual number of bins of a reliability diagram.
BINS = 15

_LAYOUT: Layout = {
    "confusion": ((DIGITS, DIGITS), np.int32),
    "bin_counts": ((BINS,), np.int32),
    "bin_probability": ((BINS,), np.float32),
    "bin_right": ((BINS,), np.float32),
    "index": (("n",), np.int32),
    "label": (("n",), np.uint8),
    "digit": (("n",), np.uint8),
    "probability": (("n",), np.float32),
    "loss": (("n",), np.float32),
    "pixels": (("n", PIXELS), np.uint8),
}


class EvaluationCard(msgspec.Struct, frozen=True, kw_only=True):
    """The evaluated model's digest, and its metrics on the test images."""

    model: str
    accuracy: Rate
    digit_accuracy: Annotated[list[Rate], msgspec.Meta(min_length=DIGITS, max_length=DIGITS)]
    calibration_error: Rate
    loss: float


class Bin(msgspec.Struct):
    """One bin of a reliability diagram, from `low` to `high`: the number of images in it.

    `probability` is their mean top probability, `accuracy` (in JSON: `right`) the fraction that is
    classified correctly; both are null if the bin is empty.
    """

    low: float
    high: float
    count: int
    probability: float | None
    accuracy: float | None = msgspec.field(name="right")


class Example(msgspec.Struct):
    """One test image: its label, the predicted digit and its probability.

    `loss` is the cross-entropy in nats. `pixels` is base64 of 784 bytes, row-major, 255 = ink, as
    `POST /api/predict` takes them.
    """

    index: int
    label: int
    digit: int
    probability: float
    loss: float
    pixels: str


class EvaluationAnswer(msgspec.Struct, kw_only=True):
    """The evaluation of a model on MNIST's test images.

    `confusion` is the confusion matrix, with a row per label and a column per predicted digit.
    `misread` are the misclassified images, highest `loss` first; `read` are some correct ones, by
    digit.
    """

    model: str
    accuracy: float
    digit_accuracy: list[float]
    calibration_error: float
    loss: float
    confusion: list[list[int]]
    reliability: list[Bin]
    misread: list[Example]
    read: list[Example]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The evaluation of a model on MNIST's test images, with the file's arrays by name."""

    name: str
    card: EvaluationCard
    confusion: NDArray[np.int32]
    bin_counts: NDArray[np.int32]
    bin_probability: Floats
    bin_right: Floats
    index: NDArray[np.int32]
    label: NDArray[np.uint8]
    digit: NDArray[np.uint8]
    probability: Floats
    loss: Floats
    pixels: NDArray[np.uint8]
    digest: str = ""

    def answer(self) -> EvaluationAnswer:
        """Return all of it as the API sends it."""
        misread = int((self.label != self.digit).sum())
        examples = [
            Example(
                index=int(self.index[row]),
                label=int(self.label[row]),
                digit=int(self.digit[row]),
                probability=float(self.probability[row]),
                loss=float(self.loss[row]),
                pixels=base64.b64encode(self.pixels[row].tobytes()).decode("ascii"),
            )
            for row in range(len(self.index))
        ]
        return EvaluationAnswer(
            model=self.name,
            accuracy=self.card.accuracy,
            digit_accuracy=self.card.digit_accuracy,
            calibration_error=self.card.calibration_error,
            loss=self.card.loss,
            confusion=self.confusion.tolist(),
            reliability=self.reliability(),
            misread=examples[:misread],
            read=examples[misread:],
        )

    def reliability(self) -> list[Bin]:
        """Return the bins of the reliability diagram, with their bounds."""
        return [
            Bin(
                low=position / BINS,
                high=(position + 1) / BINS,
                count=int(count),
                probability=float(self.bin_probability[position]) if count else None,
                accuracy=float(self.bin_right[position]) if count else None,
            )
            for position, count in enumerate(self.bin_counts)
        ]


def load_evaluation(path: Path) -> Evaluation:
    """Return the evaluation of a file, named after the file.

    :raise ArchiveError: the file cannot be read, is damaged, or is not an evaluation
    """
    return load_archive(path, _unpack)


def pack_evaluation(evaluation: Evaluation) -> bytes:
    """Return the bytes of an evaluation file.

    :raise ArchiveError: `load_evaluation` would refuse them
    :raise ModelNameError: the evaluation's name is invalid
    """
    arrays: Arrays = {key: getattr(evaluation, key) for key in _LAYOUT}
    content = pack(arrays, evaluation.card, compressed=True)
    _unpack(evaluation.name, content)
    return content


def _unpack(name: str, content: bytes) -> Evaluation:
    """Return the evaluation of a file's bytes.

    :raise ArchiveError: an array or the card is invalid
    :raise ModelNameError: the name is invalid
    """
    check_name(name)
    arrays, card = unpack(content, _LAYOUT, EvaluationCard)
    for key in ("label", "digit"):
        if (arrays[key] >= DIGITS).any():
            raise ArchiveError(f"{key} is not 0 to 9 everywhere")
    misread = arrays["label"] != arrays["digit"]
    if (misread[1:] > misread[:-1]).any():
        raise ArchiveError("misclassified images do not come first")
    digest = hashlib.sha256(content).hexdigest()
    return Evaluation(name=name, card=card, digest=digest, **arrays)
