"""The history of one training, and its file.

A history file is an archive of n recorded `steps` (n,), int32, and of four metrics at each:
`train_loss` (n,) and `train_accuracy` (n,) on a fixed subset of the training images,
`validation_loss` (n,) and `validation_accuracy` (n,); losses are mean cross-entropies in nats. It
also has W and b at each step: W is `frames` (n, 784, 10), int8, times `scales` (n,), and b is
`biases` (n, 10). The quantization error of W is at most 1/254, or 0.4 %, of the largest weight; the
last W is also stored exactly, as `last_weights` (784, 10). All but `steps` and `frames` is float32.

In a finished history all W and b are divided by the temperature on its card, and the last ones
equal the model's, bit for bit. The metrics are from before that division.
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
    load_archive,
    pack,
    unpack,
)
from server.storage.model_name import check_name
from server.system.atomic_write import write_atomically

# The subdirectories of a models directory for the histories of its models, and for those of the
# latest trainings: in progress, or ended with or without a model.
HISTORIES = "history"
TRAININGS = "training"

# What a running training is doing; "comparing" is the same training without a room's drawings.
Phase = Literal["preparing", "training", "comparing", "evaluating"]

# The state of a training in its file: running, or how it ended. The file of a killed training still
# says "running"; `training_monitor` finds that it died.
Outcome = Literal["running", "finished", "diverged", "interrupted", "failed"]

_MAX_INT8 = 127

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
    """The settings of a training, and its progress.

    `run` is a unique ID, since trainings can share a name. `step` of `steps` were completed after
    `seconds`. `reason` explains why there is no model. `model` is the digest of the model that the
    training produced; it is informative, and nothing depends on it.
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
    """The metrics, W and b of a training at its recorded steps: the file's arrays by name.

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
        """The bias (10,) at the last recorded step, or zeros if there is none."""
        return self.biases[-1] if len(self.biases) else np.zeros(DIGITS, np.float32)


def quantize(weights: Floats) -> tuple[NDArray[np.int8], np.float32]:
    """Return W as int8 of the same shape, and the scale by which they approximate W."""
    largest = np.abs(weights).max()
    if largest == 0:
        return np.zeros(weights.shape, np.int8), np.float32(0)
    # In float64: in float32, dividing the largest number by 127 and multiplying again overflows.
    scale = np.float32(float(largest) / _MAX_INT8)
    return np.rint(weights / np.float64(largest) * _MAX_INT8).astype(np.int8), scale


def load_history(path: Path) -> History:
    """Return the history of a file, named after the file.

    :raise ArchiveError: the file cannot be read, is damaged, or is not a history
    """
    return load_archive(path, _unpack)


def save_history(directory: Path, history: History, *, durable: bool = True) -> Path:
    """Write a history file atomically, and return its path.

    :param durable: compress and sync it; False for a snapshot that is soon overwritten
    :raise ArchiveError: `load_history` would refuse it
    :raise ModelNameError: its name is invalid
    :raise OSError: the disk is full or the directory is not writable
    """
    content = pack_history(history, compressed=durable)
    return write_atomically(directory / (history.name + FILE_SUFFIX), content, durable=durable)


def pack_history(history: History, *, compressed: bool = True) -> bytes:
    """Return the bytes of a history file; compression about halves them.

    :raise ArchiveError: `load_history` would refuse them
    :raise ModelNameError: the history's name is invalid
    """
    arrays: Arrays = {key: getattr(history, key) for key in _LAYOUT}
    content = pack(arrays, history.card, compressed=compressed)
    _unpack(history.name, content)
    return content


def _unpack(name: str, content: bytes) -> History:
    """Return the history of a file's bytes.

    :raise ArchiveError: an array or the card is invalid
    :raise ModelNameError: the name is invalid
    """
    check_name(name)
    arrays, card = unpack(content, _LAYOUT, HistoryCard)
    steps = arrays["steps"]
    if (np.diff(steps) <= 0).any() or (steps < 0).any() or (steps > card.step).any():
        raise ArchiveError(f"steps are not increasing numbers from 0 to {card.step}")
    if card.outcome == "finished" and (len(steps) == 0 or steps[-1] != card.step):
        raise ArchiveError("the last step is not recorded")
    return History(name=name, card=card, digest=hashlib.sha256(content).hexdigest(), **arrays)
