"""What a recipe makes of MNIST: every image normalised, and invented digits beside it."""

from dataclasses import replace

import numpy as np

from server.regression.normalization import NORMALIZATIONS
from training.data import Bytes, Dataset, Images
from training.recipe import Recipe
from training.synthetic_digits import synthesize_digits

# Few enough images at a time to stay in the processor's cache, many enough to share NumPy's costs.
CHUNK = 128


def keep_few(images: Images, per_digit: int) -> Images:
    """Return the first so many images of each digit, or all that there are, in their order."""
    kept = np.zeros(len(images.labels), bool)
    for digit in np.unique(images.labels):
        kept[np.nonzero(images.labels == digit)[0][:per_digit]] = True
    return images.select(kept)


def choose_examples(dataset: Dataset, recipe: Recipe) -> tuple[Dataset, Recipe]:
    """Return the dataset and the recipe with no more training images than the recipe asks for.

    Written digits remain in proportion to MNIST's.
    """
    if recipe.images_per_digit is None:
        return dataset, recipe
    few = keep_few(dataset.train, recipe.images_per_digit)
    written = recipe.synthetic * len(few.labels) // len(dataset.train.labels)
    return replace(dataset, train=few), replace(recipe, synthetic=written)


def normalize_dataset(dataset: Dataset, recipe: Recipe) -> Dataset:
    """Return all of MNIST as the recipe's model will see it."""
    return replace(
        dataset,
        train=normalize_images(dataset.train, recipe.normalization),
        validation=normalize_images(dataset.validation, recipe.normalization),
        test=normalize_images(dataset.test, recipe.normalization),
    )


def add_synthetic(images: Images, recipe: Recipe, seed: int) -> Images:
    """Return normalised images and, behind them, the recipe's written digits, normalised too."""
    if recipe.synthetic == 0:
        return images
    written = normalize_images(synthesize_digits(recipe.synthetic, seed), recipe.normalization)
    return Images(
        np.concatenate([images.pixels, written.pixels]),
        np.concatenate([images.labels, written.labels]),
    )


def select_training_images(drawn: Images, examples: Images, recipe: Recipe, seed: int) -> Images:
    """Return what the regression learns from: the examples, or, to be augmented, them as drawn.

    :param drawn: MNIST's training images as they were drawn
    """
    if not recipe.augmented:
        return examples
    return add_synthetic(drawn, replace(recipe, normalization="none"), seed)


def normalize_images(images: Images, normalization: str) -> Images:
    """Return the images as the server's normalisation of that name leaves them."""
    return Images(normalize_pixels(images.pixels, normalization), images.labels)


def normalize_pixels(drawn: Bytes, normalization: str) -> Bytes:
    """Return the same of pixels (n, 784), ink = 255."""
    if normalization == "none":
        return drawn
    normalize = NORMALIZATIONS[normalization]
    pixels = np.empty_like(drawn)
    for start in range(0, len(pixels), CHUNK):
        part = slice(start, start + CHUNK)
        intensities = np.divide(drawn[part], 255, dtype=np.float32)
        pixels[part] = np.rint(normalize(intensities) * 255)
    return pixels
