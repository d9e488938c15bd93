"""What a model makes of MNIST's test images, and the file that it is kept in.

An evaluation's file is a compressed archive of `confusion` (10, 10), how many images of each label
(row) were read as each digit (column); of the reliability of probabilities over 15 bins of equal
width, `bin_counts` (15,), `bin_probability` (15,), the mean top probability in each, and
`bin_right` (15,), the fraction answered right; and of examples: `index` (n,) in the test images,
`label` (n,), `digit` (n,), the answer, `probability` (n,) of the answer, `loss` (n,), the
cross-entropy in nats, and `pixels` (n, 784) as they were drawn, 255 = ink. Misread images come
first, the worst of them foremost, then some that were read right, digit by digit.
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
from server.storage.archive import ArchiveError, Arrays, Layout, pack, read_content, unpack
from server.storage.model_file import check_name

# Where a models directory has the evaluations of its models.
EVALUATIONS = "evaluation"

# Calibration is told over bins of probability this wide, as is usual.
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
    """Which model was evaluated, by its digest, and how well it does on the test images."""

    model: str
    accuracy: Rate
    digit_accuracy: Annotated[list[Rate], msgspec.Meta(min_length=DIGITS, max_length=DIGITS)]
    calibration_error: Rate
    loss: float


class Bin(msgspec.Struct):
    """How many images had a top probability in a bin, its mean, and how many of them were right.

    `low` and `high` bound the bin; `probability` and `right` are null where there are no images.
    """

    low: float
    high: float
    count: int
    probability: float | None
    right: float | None


class Example(msgspec.Struct):
    """One test image: its label, the model's answer and how probable it was.

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
    """How a model does on MNIST's test images.

    `confusion` has a row for each label and a column for each answer. `misread` is the worst first,
    by `loss`; `read` are some images that were read right, digit by digit.
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
    """How a model does on MNIST's test images; the file's arrays by their names."""

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
        """Give all of it as the API does."""
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
        """Give the bins with their bounds."""
        return [
            Bin(
                low=position / BINS,
                high=(position + 1) / BINS,
                count=int(count),
                probability=float(self.bin_probability[position]) if count else None,
                right=float(self.bin_right[position]) if count else None,
            )
            for position, count in enumerate(self.bin_counts)
        ]


def load_evaluation(path: Path) -> Evaluation:
    """Read an evaluation's file; it is named as the file is.

    :raise ArchiveError: the file cannot be read, is damaged, or does not hold an evaluation
    """
    try:
        return _unpack(path.stem, read_content(path))
    except ArchiveError as error:
        raise ArchiveError(f"{path.name}: {error}") from error


def pack_evaluation(evaluation: Evaluation) -> bytes:
    """Make the content of an evaluation's file.

    :raise ArchiveError: what `load_evaluation` would refuse
    """
    arrays: Arrays = {key: getattr(evaluation, key) for key in _LAYOUT}
    content = pack(arrays, evaluation.card, compressed=True)
    _unpack(check_name(evaluation.name), content)
    return content


def _unpack(name: str, content: bytes) -> Evaluation:
    """Check every array of a file's content and make the evaluation.

    :raise ArchiveError: what is wrong with it
    """
    check_name(name)
    arrays, card = unpack(content, _LAYOUT, EvaluationCard)
    for key in ("label", "digit"):
        if (arrays[key] >= DIGITS).any():
            raise ArchiveError(f"{key} is not 0 to 9 everywhere")
    misread = arrays["label"] != arrays["digit"]
    if (misread[1:] > misread[:-1]).any():
        raise ArchiveError("what was misread does not come first")
    digest = hashlib.sha256(content).hexdigest()
    return Evaluation(name=name, card=card, digest=digest, **arrays)
