"""Data preparation: everything computed from MNIST before TensorFlow is needed."""

import time
from dataclasses import dataclass
from pathlib import Path

from server.regression.familiarity import Familiarity
from training.data.examples import (
    add_synthetic,
    limit_images_per_digit,
    normalize_dataset,
    training_images_for,
)
from training.data.mnist import Dataset, Images, load_mnist
from training.fitting.familiarity import learn_variants
from training.settings.recipe import Recipe


@dataclass(frozen=True, eq=False)
class Preparation:
    """The data of one training.

    `original` is MNIST and `normalized` the same after the recipe's normalization; both have at
    most the training images that the `recipe` asks for. The regression is trained on
    `training_images`. `variants` describes the digits' features; its limits are fitted after the
    training. `seconds` is how long the preparation took.
    """

    recipe: Recipe
    original: Dataset
    normalized: Dataset
    training_images: Images
    variants: Familiarity
    seconds: float


def load_and_prepare(folder: Path | None, recipe: Recipe, seed: int) -> Preparation:
    """Load MNIST, from a local folder if one is given, and prepare it.

    :raise DataError: MNIST is unavailable
    """
    return prepare(load_mnist(folder), recipe, seed)


def prepare(original: Dataset, recipe: Recipe, seed: int) -> Preparation:
    """Prepare a dataset that is not normalized yet."""
    start = time.monotonic()
    original, recipe = limit_images_per_digit(original, recipe)
    normalized = normalize_dataset(original, recipe)
    examples = add_synthetic(normalized.train, recipe, seed)
    return Preparation(
        recipe=recipe,
        original=original,
        normalized=normalized,
        training_images=training_images_for(original.train, examples, recipe, seed),
        variants=learn_variants(examples),
        seconds=time.monotonic() - start,
    )
