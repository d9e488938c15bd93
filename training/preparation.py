"""What a training begins with: all that is made of MNIST before TensorFlow is needed."""

import time
from dataclasses import dataclass
from pathlib import Path

from server.regression.familiarity import Familiarity
from training.data import Dataset, Images, load_mnist
from training.examples import (
    add_synthetic,
    choose_examples,
    normalize_dataset,
    select_training_images,
)
from training.familiarity import learn_variants
from training.recipe import Recipe


@dataclass(frozen=True, eq=False)
class Preparation:
    """MNIST for one training.

    `drawn` is as people drew it and `dataset` the same as the model will see it, both with no more
    training images than the `recipe` asks for; `learned` is what the regression learns from. Of
    `ways` the limits are still to be fitted. All of it took `seconds`.
    """

    recipe: Recipe
    drawn: Dataset
    dataset: Dataset
    learned: Images
    variants: Familiarity
    seconds: float


def load_and_prepare(folder: Path | None, recipe: Recipe, seed: int) -> Preparation:
    """Find MNIST, in a folder that someone brought if there is one, and prepare it.

    :raise DataError: no source has it
    """
    return prepare(load_mnist(folder), recipe, seed)


def prepare(drawn: Dataset, recipe: Recipe, seed: int) -> Preparation:
    """Prepare a dataset as it was drawn."""
    start = time.monotonic()
    drawn, recipe = choose_examples(drawn, recipe)
    dataset = normalize_dataset(drawn, recipe)
    examples = add_synthetic(dataset.train, recipe, seed)
    return Preparation(
        recipe=recipe,
        drawn=drawn,
        dataset=dataset,
        learned=select_training_images(drawn.train, examples, recipe, seed),
        variants=learn_variants(examples),
        seconds=time.monotonic() - start,
    )
