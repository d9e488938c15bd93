"""Data preparation: everything computed from MNIST before TensorFlow is needed."""

import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from server.regression.familiarity import Familiarity
from training.data.examples import (
    append,
    limit_images_per_digit,
    normalize_dataset,
    normalize_images,
)
from training.data.mnist import Dataset, Images, load_mnist
from training.data.room import RoomImages, load_room
from training.data.synthetic_digits import synthesize_digits
from training.fitting.familiarity import learn_variants
from training.fitting.room import Room, check_room, repeat_drawings
from training.settings.recipe import Recipe


@dataclass(frozen=True, eq=False)
class Preparation:
    """The data of one training.

    `original` is MNIST and `normalized` the same after the recipe's normalization; both have at
    most the training images that the `recipe` asks for. The regression is trained on
    `training_images`: `other_count` images, then those of the `room`, if there is one. `familiar`
    are the same, normalized in any case: what looks like them is familiar. `seconds` is how long
    the preparation took.
    """

    recipe: Recipe
    original: Dataset
    normalized: Dataset
    training_images: Images
    room: Room | None
    other_count: int
    familiar: Images
    seconds: float

    @property
    def other_images(self) -> Images:
        """The training images without those of the room."""
        return self.training_images.select(slice(self.other_count))


def load_and_prepare(
    folder: Path | None, recipe: Recipe, seed: int, room: Path | None = None
) -> Generator[Preparation, None, Familiarity]:
    """Load MNIST, from a local folder if one is given, and a room's drawings, and prepare them.

    Yield the preparation, and return the variants of the familiar images. They are needed only
    after the training, so they can be learned during it.

    :param room: the room's file
    :raise DataError: MNIST is unavailable
    :raise RoomError: the room cannot be read, or has no drawings
    """
    drawings = None if room is None else load_room(room)
    preparation = prepare(load_mnist(folder), recipe, seed, drawings)
    yield preparation
    return learn_variants(preparation.familiar)


def prepare(
    original: Dataset, recipe: Recipe, seed: int, drawings: RoomImages | None = None
) -> Preparation:
    """Prepare a dataset that is not normalized yet, and a room's drawings.

    The examples are MNIST's training images, then the recipe's synthetic digits.
    """
    start = time.monotonic()
    original, recipe = limit_images_per_digit(original, recipe)
    # First, because one process draws the digits: another one imports TensorFlow meanwhile.
    synthetic = synthesize_digits(recipe.synthetic, seed)
    normalized = normalize_dataset(original, recipe)
    examples = append(normalized.train, normalize_images(synthetic, recipe.normalization))
    # Augmentation comes before normalization.
    images = append(original.train, synthetic) if recipe.augmented else examples
    other_count = len(images.labels)
    room = None
    familiar = examples
    if drawings is not None:
        variants = learn_variants(examples)
        room = check_room(drawings, recipe.normalization, variants, normalized.validation)
        repeated = repeat_drawings(room, examples.labels)
        own = drawings.train if recipe.augmented else room.train
        images = append(images, own.select(repeated))
        familiar = append(examples, room.train.select(repeated))
    return Preparation(
        recipe=recipe,
        original=original,
        normalized=normalized,
        training_images=images,
        room=room,
        other_count=other_count,
        familiar=familiar,
        seconds=time.monotonic() - start,
    )
