"""Model files: validation, loading and packing.

A model file is an uncompressed archive of `weights` (784, 10) and `bias` (10,), of the `means`
(11, 588), `axes` (11, 588, 45) and `limits` (11,) of its Familiarity, and of a card about the
training. Numbers are float32, except `axes`, which are float16.
"""

import hashlib
from pathlib import Path

import numpy as np

from server.regression.familiarity import AXES, FEATURES, VARIANTS, Familiarity
from server.regression.model import Model, ModelCard
from server.regression.normalization import NORMALIZATIONS
from server.regression.regression import Regression
from server.regression.shapes import DIGITS, PIXELS
from server.regression.transformations import TRANSFORMATIONS
from server.storage.archive import (
    ArchiveError,
    Arrays,
    Layout,
    load_archive,
    pack,
    unpack,
)
from server.storage.model_name import check_name

# The directory of the models that come with the demo.
MODELS = Path(__file__).parent.parent / "models"

_LAYOUT: Layout = {
    "weights": ((PIXELS, DIGITS), np.float32),
    "bias": ((DIGITS,), np.float32),
    "means": ((VARIANTS, FEATURES), np.float32),
    "axes": ((VARIANTS, FEATURES, AXES), np.float16),
    "limits": ((VARIANTS,), np.float32),
}

# Bounds that keep evidence and distances finite; trained models are far within them.
_MAX_MAGNITUDE = 1e6
_MIN_LIMIT = 1e-6


def load_model(path: Path) -> Model:
    """Return the model of a file, named after the file, ready to predict.

    :raise ArchiveError: the file cannot be read, is damaged, or is not a model
    """
    model = load_archive(path, unpack_model)
    # Computed now, so that the first prediction does not wait for it.
    _ = model.regression.transformed_weights
    return model


def pack_model(regression: Regression, familiarity: Familiarity, card: ModelCard) -> bytes:
    """Return the bytes of a model file, unchecked.

    :param card: names the transformations of the regression
    """
    arrays: Arrays = {
        "weights": regression.weights,
        "bias": regression.bias,
        "means": familiarity.means,
        "axes": familiarity.axes.astype(np.float16),
        "limits": familiarity.limits,
    }
    return pack(arrays, card)


def unpack_model(name: str, content: bytes) -> Model:
    """Return the model of a file's bytes.

    :raise ArchiveError: an array or the card is invalid
    :raise ModelNameError: the name is invalid
    """
    check_name(name)
    arrays, card = unpack(content, _LAYOUT, ModelCard)
    for key in ("weights", "bias", "means"):
        if np.abs(arrays[key]).max() > _MAX_MAGNITUDE:
            raise ArchiveError(f"{key} is not within ±{_MAX_MAGNITUDE:g} everywhere")
    if not (arrays["limits"] >= _MIN_LIMIT).all():
        raise ArchiveError(f"limits are not at least {_MIN_LIMIT:g} everywhere")
    if card.normalization not in NORMALIZATIONS:
        raise ArchiveError(f"unknown normalization {card.normalization!r}")
    if card.transformations not in TRANSFORMATIONS:
        raise ArchiveError(f"unknown transformations {card.transformations!r}")
    axes = arrays["axes"].astype(np.float32)
    return Model(
        name=name,
        regression=Regression(arrays["weights"], arrays["bias"], card.transformations),
        familiarity=Familiarity(arrays["means"], axes, arrays["limits"]),
        card=card,
        digest=hashlib.sha256(content).hexdigest(),
    )
