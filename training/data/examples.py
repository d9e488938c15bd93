"""The examples of a recipe: MNIST's images, normalized, and synthetic digits."""

from dataclasses import replace
from functools import partial

import numpy as np

from server.regression.normalization import NORMALIZATIONS
from server.system.child_call import call_for_halves
from training.data.mnist import Bytes, Dataset, Images
from training.data.synthetic_digits import synthesize_digits
from training.settings.recipe import Recipe

# Images that are normalized at a time: few enough for the processor's cache, enough to make the
# overhead of NumPy's calls small.
CHUNK = 128


def keep_few(images: Images, per_digit: int) -> Images:
    """Return the first `per_digit` images of each digit, or all if there are fewer, in order."""
    is_selected = np.zeros(len(images.labels), bool)
    for digit in np.unique(images.labels):
        is_selected[np.nonzero(images.labels == digit)[0][:per_digit]] = True
    return images.select(is_selected)


def limit_images_per_digit(dataset: Dataset, recipe: Recipe) -> tuple[Dataset, Recipe]:
    """Return the dataset with at most `images_per_digit` training images, and the recipe for it.

    The number of synthetic digits is reduced in the same proportion.
    """
    if recipe.images_per_digit is None:
        return dataset, recipe
    few = keep_few(dataset.train, recipe.images_per_digit)
    synthetic = recipe.synthetic * len(few.labels) // len(dataset.train.labels)
    return replace(dataset, train=few), replace(recipe, synthetic=synthetic)


def normalize_dataset(dataset: Dataset, recipe: Recipe) -> Dataset:
    """Return all parts of a dataset after the recipe's normalization."""
    return replace(
        dataset,
        train=normalize_images(dataset.train, recipe.normalization),
        validation=normalize_images(dataset.validation, recipe.normalization),
        test=normalize_images(dataset.test, recipe.normalization),
    )


def add_synthetic(images: Images, recipe: Recipe, seed: int) -> Images:
    """Return normalized images, followed by the recipe's synthetic digits, also normalized."""
    if recipe.synthetic == 0:
        return images
    synthetic = normalize_images(synthesize_digits(recipe.synthetic, seed), recipe.normalization)
    return Images(
        np.concatenate([images.pixels, synthetic.pixels]),
        np.concatenate([images.labels, synthetic.labels]),
    )


def training_images_for(original: Images, examples: Images, recipe: Recipe, seed: int) -> Images:
    """Return the images that the regression is trained on.

    They are the examples. With `augmented` they are the same images before normalization, because
    augmentation comes first.

    :param original: training images that are not normalized
    :param examples: the same, normalized, followed by synthetic digits
    """
    if not recipe.augmented:
        return examples
    return add_synthetic(original, replace(recipe, normalization="none"), seed)


def normalize_images(images: Images, normalization: str) -> Images:
    """Return the images after the server's normalization of that name."""
    if normalization == "none":
        return images
    normalize = partial(normalize_pixels, normalization=normalization)
    return Images(np.concatenate(call_for_halves(normalize, images.pixels)), images.labels)


def normalize_pixels(original: Bytes, normalization: str) -> Bytes:
    """Return pixels (n, 784), ink = 255, after the server's normalization of that name."""
    if normalization == "none":
        return original
    normalize = NORMALIZATIONS[normalization]
    pixels = np.empty_like(original)
    for start in range(0, len(pixels), CHUNK):
        part = slice(start, start + CHUNK)
        intensities = np.divide(original[part], 255, dtype=np.float32)
        pixels[part] = np.rint(normalize(intensities) * 255)
    return pixels
