"""Model files: how a model is checked, read and written.

A model's file is an archive, not compressed, of `weights` (784, 10) and `bias` (10,); of what tells
familiar pictures from strange ones, `means` (11, 588), `axes` (11, 588, 45) and `limits` (11,); and
of a card with all that a reader must know of the training. Numbers are float32, but for `axes`,
which are float16.
"""

import hashlib
import re
from pathlib import Path

import numpy as np

from server.regression.familiarity import AXES, FEATURES, VARIANTS, Familiarity
from server.regression.model import Model, ModelCard
from server.regression.normalization import NORMALIZATIONS
from server.regression.shapes import DIGITS, PIXELS, Floats
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

# Where the models that come with the demo are kept.
MODELS = Path(__file__).parent.parent / "models"

_LAYOUT: Layout = {
    "weights": ((PIXELS, DIGITS), np.float32),
    "bias": ((DIGITS,), np.float32),
    "means": ((VARIANTS, FEATURES), np.float32),
    "axes": ((VARIANTS, FEATURES, AXES), np.float16),
    "limits": ((VARIANTS,), np.float32),
}

# Beyond these, evidence and distances may leave the finite numbers; no trained model comes near.
_LARGEST = 1e6
_LEAST_LIMIT = 1e-6

_NAME = re.compile(r"[a-z0-9]([a-z0-9_.-]{0,62}[a-z0-9_-])?")

# Windows keeps these for devices, with any extension too.
# Source: https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")


class ModelError(ArchiveError):
    """A model's file, name or numbers are not what they must be; the message says what is wrong."""


def check_name(name: str) -> str:
    """Return the name if a model can have it.

    Every system can store it, and no two differ in case alone, which Windows and macOS ignore.

    :raise ModelError: it is not 1 to 64 of a-z, 0-9, '_', '-' and '.', beginning with a letter or
        a digit and not ending in '.', or Windows keeps it for a device
    """
    if not _NAME.fullmatch(name):
        raise ModelError(
            f"{name!r} cannot name a model: use 1 to 64 of a-z, 0-9, '_', '-' and '.', "
            "beginning with a letter or a digit and not ending in '.'"
        )
    if _DEVICE.fullmatch(name):
        raise ModelError(
            f"{name!r} cannot name a model: Windows keeps con, prn, aux, nul, com0 to com9 and "
            "lpt0 to lpt9 for devices, with any extension too. Begin with another word"
        )
    return name


def load_model(path: Path) -> Model:
    """Read a model's file; the model is named as the file is.

    :raise ModelError: the file cannot be read, is damaged, or does not hold a model
    """
    try:
        return unpack_model(path.stem, read_content(path))
    except ArchiveError as error:
        raise ModelError(f"{path.name}: {error}") from error


def save_model(
    directory: Path,
    name: str,
    weights: Floats,
    bias: Floats,
    familiarity: Familiarity,
    card: ModelCard,
) -> Path:
    """Write a model's file whole or not at all, and return its path.

    :raise ModelError: what `load_model` would refuse
    :raise OSError: the disk is full or the directory cannot be written
    """
    content = pack_model(weights, bias, familiarity, card)
    unpack_model(name, content)
    return write_atomically(directory / (name + FILE_SUFFIX), content)


def pack_model(weights: Floats, bias: Floats, familiarity: Familiarity, card: ModelCard) -> bytes:
    """Make the content of a model's file."""
    arrays: Arrays = {
        "weights": weights,
        "bias": bias,
        "means": familiarity.means,
        "axes": familiarity.axes.astype(np.float16),
        "limits": familiarity.limits,
    }
    return pack(arrays, card)


def unpack_model(name: str, content: bytes) -> Model:
    """Check every array of a file's content and make the model.

    :raise ModelError: what is wrong with it
    """
    check_name(name)
    try:
        arrays, card = unpack(content, _LAYOUT, ModelCard)
    except ArchiveError as error:
        raise ModelError(str(error)) from error
    for key in ("weights", "bias", "means"):
        if np.abs(arrays[key]).max() > _LARGEST:
            raise ModelError(f"{key} is not within ±{_LARGEST:g} everywhere")
    if not (arrays["limits"] >= _LEAST_LIMIT).all():
        raise ModelError(f"limits are not at least {_LEAST_LIMIT:g} everywhere")
    if card.normalization not in NORMALIZATIONS:
        raise ModelError(f"this server knows no normalization {card.normalization!r}")
    axes = arrays["axes"].astype(np.float32)
    return Model(
        name=name,
        weights=arrays["weights"],
        bias=arrays["bias"],
        familiarity=Familiarity(arrays["means"], axes, arrays["limits"]),
        card=card,
        digest=hashlib.sha256(content).hexdigest(),
    )
