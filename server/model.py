"""One softmax regression, y = softmax(xW + b), and the file that it is kept in.

A model's file is an uncompressed NumPy archive (.npz, read without pickle, so that reading runs no
code) of three arrays: `weights` (784, 10) and `bias` (10,), both float32, and `card`, the UTF-8
bytes of a JSON object with all that a reader must know of the training. The archive's checksums
tell a damaged file from a whole one.
"""

import hashlib
import io
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np

from server.normalization import NORMALIZATIONS
from server.shapes import DIGITS, PIXELS, Floats

FILE_SUFFIX = ".npz"

# Where the models that come with the demo are kept.
MODELS = Path(__file__).parent / "models"

Rate = Annotated[float, msgspec.Meta(ge=0, le=1)]

_ARRAYS = {"weights": (PIXELS, DIGITS), "bias": (DIGITS,)}
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


class ModelError(ValueError):
    """A model's file, name or numbers are not what they must be; the message says what is wrong."""


class ModelCard(msgspec.Struct, frozen=True, kw_only=True):
    """How a model came to be and how well it does.

    `normalization` names what every image went through. `learning_rate` is None where the
    optimiser's own default was used. Accuracies are fractions of the MNIST split that they name.
    `data_sha256` maps each data file to its checksum.
    """

    recipe: str
    normalization: str
    optimizer: str
    learning_rate: float | None
    steps: int
    batch_size: int
    seed: int
    train_accuracy: Rate
    validation_accuracy: Rate
    test_accuracy: Rate
    digit_accuracy: Annotated[list[Rate], msgspec.Meta(min_length=DIGITS, max_length=DIGITS)]
    seconds: float
    data_sha256: dict[str, str]
    versions: dict[str, str]
    created: str


@dataclass(frozen=True, eq=False)
class Model:
    """W and b, ready to answer.

    `weights` (784, 10) and `bias` (10,) are finite float32, pixels in row-major order; `digest` is
    the hexadecimal SHA-256 of the file, so that equal digests mean equal answers.
    """

    name: str
    weights: Floats
    bias: Floats
    card: ModelCard
    digest: str

    def normalize(self, pixels: Floats) -> Floats:
        """Make of drawn pixels (…, 784) in [0, 1] what the weights are for, in the same shape."""
        return NORMALIZATIONS[self.card.normalization](pixels)

    def evidence(self, pixels: Floats) -> Floats:
        """Weigh normalised pixels (…, 784): the evidence, or logits, (…, 10) for each digit."""
        return pixels @ self.weights + self.bias

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


def check_name(name: str) -> str:
    """Return the name if a model can have it.

    :raise ModelError: it is not 1 to 64 of a-z, 0-9, '_', '-' and '.', beginning with a letter or
        a digit
    """
    if not _NAME.fullmatch(name):
        raise ModelError(
            f"{name!r} cannot name a model: use 1 to 64 of a-z, 0-9, '_', '-' and '.', "
            "beginning with a letter or a digit"
        )
    return name


def load_model(path: Path) -> Model:
    """Read a model's file; the model is named as the file is.

    :raise ModelError: the file cannot be read, is damaged, or does not hold a model
    """
    try:
        return _unpack(path.stem, path.read_bytes())
    except OSError as error:
        raise ModelError(f"{path.name}: {error.strerror}") from error
    except ModelError as error:
        raise ModelError(f"{path.name}: {error}") from error


def save_model(directory: Path, name: str, weights: Floats, bias: Floats, card: ModelCard) -> Path:
    """Write a model's file whole or not at all, and return its path.

    It is written beside the old one and takes its place in one step: whatever happens on the way,
    the old file is still there.

    :raise ModelError: what `load_model` would refuse
    :raise OSError: the disk is full or the directory cannot be written
    """
    archive = io.BytesIO()
    np.savez(
        archive,
        weights=weights,
        bias=bias,
        card=np.frombuffer(msgspec.json.encode(card), np.uint8),
    )
    content = archive.getvalue()
    _unpack(check_name(name), content)
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / (name + FILE_SUFFIX)
    # The process's number keeps two trainings under one name out of each other's way.
    unfinished = directory / f".{name}.{os.getpid()}.unfinished"
    try:
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def _unpack(name: str, content: bytes) -> Model:
    """Check every array of a file's content and make the model.

    :raise ModelError: what is wrong with it
    """
    check_name(name)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
    except Exception as error:
        # zipfile, zlib and NumPy raise a dozen unrelated kinds for a damaged archive.
        raise ModelError(f"not a whole .npz file ({error})") from error
    expected = {*_ARRAYS, "card"}
    if arrays.keys() != expected:
        raise ModelError(f"holds {sorted(arrays)}, not {sorted(expected)}")
    for key, shape in _ARRAYS.items():
        array = arrays[key]
        if array.shape != shape:
            raise ModelError(f"{key} has shape {array.shape}, not {shape}")
        if array.dtype != np.float32:
            raise ModelError(f"{key} is {array.dtype}, not float32")
        if not np.isfinite(array).all():
            raise ModelError(f"{key} is not finite everywhere")
    try:
        card = msgspec.json.decode(arrays["card"].tobytes(), type=ModelCard)
    except msgspec.DecodeError as error:
        raise ModelError(f"card: {error}") from error
    if card.normalization not in NORMALIZATIONS:
        raise ModelError(f"this server knows no normalization {card.normalization!r}")
    digest = hashlib.sha256(content).hexdigest()
    return Model(name, arrays["weights"], arrays["bias"], card, digest)
