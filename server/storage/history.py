"""The history of one training, and the file that it is kept in.

A history's file is an archive. At each of n recorded steps it has four figures, which make the
curves: `train_loss` (n,) and `train_accuracy` (n,) over a fixed part of the training images,
`validation_loss` (n,) and `validation_accuracy` (n,); losses are mean cross-entropies in nats. And
it has W and b: `frames` (n, 784, 10) are int8 and `scales` (n,) what they are to be multiplied
with; `biases` (n, 10). That is W to within half a step of 127 to the largest weight, 0.4 % of it;
W at the last step is also there as it was, in `last_weights` (784, 10). `steps` (n,) are int32, the
other numbers float32.

What the last step shows is what the model answers: all W and b of a finished history have been
divided by the temperature on its card, as the served ones were, and the last are the served ones,
bit for bit. The curves are from before that.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from server.regression.shapes import DIGITS, PIXELS, Floats
from server.regression.training_settings import Settings
from server.storage.archive import (
    FILE_SUFFIX,
    ArchiveError,
    Arrays,
    Layout,
    pack,
    read_content,
    unpack,
)
from server.storage.atomic_write import write_atomically
from server.storage.model_file import check_name

# Where a models directory has the histories of its models, and those of trainings that are under
# way or have left no model.
HISTORIES = "history"
TRAININGS = "training"

# What a training that is alive is at.
Phase = Literal["preparing", "training", "evaluating"]

# How it ended. A training that was killed has had no time to say so: it is "running" in its file.
Outcome = Literal["running", "finished", "diverged", "interrupted", "failed"]

_LARGEST = 127

_LAYOUT: Layout = {
    "steps": (("n",), np.int32),
    "train_loss": (("n",), np.float32),
    "train_accuracy": (("n",), np.float32),
    "validation_loss": (("n",), np.float32),
    "validation_accuracy": (("n",), np.float32),
    "frames": (("n", PIXELS, DIGITS), np.int8),
    "scales": (("n",), np.float32),
    "biases": (("n", DIGITS), np.float32),
    "last_weights": ((PIXELS, DIGITS), np.float32),
}


class HistoryCard(Settings, frozen=True, kw_only=True):
    """What a training is, and how far it has come.

    `run` tells two trainings under one name apart. `step` is the last one done of `steps`, after
    `seconds`. `reason` says in words why there is no model. `model` is the digest of the model that
    it made.
    """

    run: str
    outcome: Outcome
    phase: Phase
    step: int
    seconds: float
    created: str
    reason: str | None = None
    temperature: float = 1.0
    model: str | None = None


@dataclass(frozen=True, eq=False)
class History:
    """The curves of a training, and W and b as they were learned; the file's arrays by their names.

    `digest` is the hexadecimal SHA-256 of the file.
    """

    name: str
    card: HistoryCard
    steps: NDArray[np.int32]
    train_loss: Floats
    train_accuracy: Floats
    validation_loss: Floats
    validation_accuracy: Floats
    frames: NDArray[np.int8]
    scales: Floats
    biases: Floats
    last_weights: Floats
    digest: str = ""

    @property
    def last_bias(self) -> Floats:
        """The bias (10,) at the last step, 0 before the first."""
        return self.biases[-1] if len(self.biases) else np.zeros(DIGITS, np.float32)

    def blob(self) -> bytes:
        """Give all W and b as one run of numbers, little-endian, for a page to replay.

        They are, of n steps, `scales` (n) float32, `biases` (n, 10) float32, `last_weights`
        (784, 10) float32 and `frames` (n, 784, 10) int8: 31,360 + 7,884 n bytes.
        """
        numbers = (self.scales, self.biases, self.last_weights)
        floats = b"".join(array.astype("<f4").tobytes() for array in numbers)
        return floats + self.frames.tobytes()


def quantize(weights: Floats) -> tuple[NDArray[np.int8], np.float32]:
    """Return int8 of W's shape, and the scale that turns them back into W, nearly."""
    largest = np.abs(weights).max()
    if largest == 0:
        return np.zeros(weights.shape, np.int8), np.float32(0)
    # In double precision, since the largest of all float32 divided by 127 and back overflows.
    scale = np.float32(float(largest) / _LARGEST)
    return np.rint(weights / np.float64(largest) * _LARGEST).astype(np.int8), scale


def load_history(path: Path) -> History:
    """Read a history's file; it is named as the file is.

    :raise ArchiveError: the file cannot be read, is damaged, or does not hold a history
    """
    try:
        content = read_content(path)
        return _unpack(path.stem, content)
    except ArchiveError as error:
        raise ArchiveError(f"{path.name}: {error}") from error


def save_history(directory: Path, history: History, *, passing: bool = False) -> Path:
    """Write a history's file whole or not at all, and return its path.

    :param passing: it is soon written anew, and so neither compressed nor waited for
    :raise ArchiveError: what `load_history` would refuse
    :raise OSError: the disk is full or the directory cannot be written
    """
    content = pack_history(history, compressed=not passing)
    return write_atomically(directory / (history.name + FILE_SUFFIX), content, durable=not passing)


def pack_history(history: History, *, compressed: bool = True) -> bytes:
    """Make the content of a history's file; compressed, it is some half as large.

    :raise ArchiveError: what `load_history` would refuse
    """
    arrays: Arrays = {key: getattr(history, key) for key in _LAYOUT}
    content = pack(arrays, history.card, compressed=compressed)
    _unpack(check_name(history.name), content)
    return content


def _unpack(name: str, content: bytes) -> History:
    """Check every array of a file's content and make the history.

    :raise ArchiveError: what is wrong with it
    """
    check_name(name)
    arrays, card = unpack(content, _LAYOUT, HistoryCard)
    steps = arrays["steps"]
    if (np.diff(steps) <= 0).any() or (steps < 0).any() or (steps > card.step).any():
        raise ArchiveError("steps do not ascend from 0 to the card's")
    if card.outcome == "finished" and (len(steps) == 0 or steps[-1] != card.step):
        raise ArchiveError("steps do not reach the end")
    return History(name=name, card=card, digest=hashlib.sha256(content).hexdigest(), **arrays)
