"""The examples of a recipe: how many of MNIST's images, their normalization and rotations."""

from dataclasses import replace
from functools import partial

import numpy as np

from server.regression.normalization import NORMALIZATIONS
from server.regression.shapes import PIXELS
from server.regression.transformations import TRANSFORMATIONS
from server.system.child_call import call_for_halves
from training.data.mnist import Bytes, Dataset, Images
from training.settings.recipe import Recipe

# Images that are normalized or rotated at a time: few enough for the processor's cache, enough to
# make the overhead of NumPy's calls small.
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


def append(images: Images, more: Images) -> Images:
    """Return images, followed by more."""
    return Images(
        np.concatenate([images.pixels, more.pixels]), np.concatenate([images.labels, more.labels])
    )


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


def rotate_images(original: Bytes, transformations: str) -> Bytes:
    """Return pixels (n, 784), ink = 255, after each of r rotations, (n, r, 784).

    :param transformations: the name of the server's transformations whose rotations are meant
    """
    choices = TRANSFORMATIONS[transformations]
    if choices.rotations == (0,):
        return original[:, np.newaxis]
    rotated = np.empty((len(original), len(choices.rotations), PIXELS), np.uint8)

    for number, (sources, shares) in enumerate(zip(*choices.rotation_samples, strict=True)):
        for start in range(0, len(original), CHUNK):
            part = slice(start, start + CHUNK)
            columns = original[part].T.astype(np.float32)
            samples = (columns[sources[tap]] * shares[tap, :, np.newaxis] for tap in range(4))
            rotated[part, number] = np.rint(sum(samples)).T
    return rotated
