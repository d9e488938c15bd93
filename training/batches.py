"""The batches of a training: which examples each step sees, and digits made anew for every step."""

from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from server.regression.shapes import DIGITS, PIXELS, SIDE
from training.data import Bytes
from training.examples import normalize_pixels
from training.recipe import Recipe
from training.schedule import chunks

# How much a digit is changed at most, either way: moved to the right and down, in pixels; turned,
# in radians; slanted, in pixels a row; stretched in x and in y, as logarithms.
MAX_CHANGES = np.array([2, 2, 0.15, 0.25, 0.15, 0.15], np.float32)

# Batches that are made ahead of the step that takes them.
PREFETCHED_BATCHES = 16


def batch_indices(labels: Bytes, recipe: Recipe, seed: int) -> Iterator[NDArray[np.int64]]:
    """Yield the examples of as many steps as are taken at a time: indices (steps, batch size).

    As in the tutorial's loader, every example comes once before any comes again.
    """
    random = np.random.default_rng(seed)
    size = recipe.examples_per_step(len(labels))
    order = np.empty(0, np.int64)
    for steps in chunks(recipe, len(labels)):
        wanted = steps * size
        while len(order) < wanted:
            order = np.concatenate([order, shuffle(labels, random)])
        yield order[:wanted].reshape(steps, size)
        order = order[wanted:]


def shuffle(labels: Bytes, random: np.random.Generator) -> NDArray[np.int64]:
    """Return the examples (n,) in random order, each digit spread evenly over it.

    A batch then has the digits in the data's own proportions, and the last steps' luck weighs less:
    over 40 seeds the tutorial's recipe ends at 0.9188 ± 0.0017, and at 0.9173 ± 0.0023 without.
    """
    place = np.empty(len(labels))
    for digit in np.unique(labels):
        examples = np.nonzero(labels == digit)[0]
        steps = np.arange(len(examples)) + random.random()
        place[random.permutation(examples)] = steps / len(examples)
    return np.argsort(place)


def batch_source(
    pixels: Bytes, labels: Bytes, recipe: Recipe, seed: int, share: slice
) -> Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
    """Return what makes, of a batch's indices, its pixels (n, 784) and truth (n, 10), one-hot.

    It is called with the batches of `batch_indices`, each once and in their order.

    :param share: the part of each batch that is wanted
    """
    if recipe.augmented:
        # It goes through the same batches by itself, ahead of the steps.
        stream = iter(augmented_batches(pixels, labels, recipe, seed, share))
        return lambda _batch: next(stream)
    # The images go to TensorFlow once, as bytes: a quarter of what floats take.
    images = tf.constant(pixels)
    truth = tf.one_hot(labels, DIGITS)
    return lambda batch: (tf.gather(images, batch[share]), tf.gather(truth, batch[share]))


def augmented_batches(
    pixels: Bytes, labels: Bytes, recipe: Recipe, seed: int, share: slice
) -> tf.data.Dataset:
    """Stream a batch for each step: pixels (n, 784), ink = 255, normalised, and one-hot (n, 10).

    They are the examples of `batch_indices`, each changed by chance. The same seed makes the same
    ones, however many there are; no more than PREFETCHED_BATCHES batches are held.

    :param pixels: as drawn
    :param share: the part of each batch that is wanted
    """
    images = tf.constant(pixels.reshape(-1, SIDE, SIDE, 1))
    truth = tf.one_hot(labels, DIGITS)

    def make(step: tf.Tensor, batch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        changes = tf.random.stateless_uniform(
            (tf.shape(batch)[0], len(MAX_CHANGES)), tf.stack([seed, step]), minval=-1, maxval=1
        )
        batch = batch[share]
        made = tf.reshape(augment(tf.gather(images, batch), changes[share]), (-1, PIXELS))
        if recipe.normalization != "none":
            made = tf.numpy_function(
                lambda drawn: normalize_pixels(drawn, recipe.normalization), [made], tf.uint8
            )
        return tf.ensure_shape(made, (None, PIXELS)), tf.gather(truth, batch)

    batches = tf.data.Dataset.from_generator(
        lambda: batch_indices(labels, recipe, seed),
        output_signature=tf.TensorSpec((None, None), tf.int64),
    )
    return batches.unbatch().enumerate().map(make).prefetch(PREFETCHED_BATCHES)


def augment(images: tf.Tensor, changes: tf.Tensor) -> tf.Tensor:
    """Move, turn, slant and stretch images (n, 28, 28, 1), in bytes, about their middle.

    :param changes: (n, 6) in [-1, 1]: to the right, down, turn, slant, and stretch in x and y
    """
    right, down, turn, slant, wide, high = tf.unstack(changes * MAX_CHANGES, axis=1)
    sine, cosine = tf.sin(turn), tf.cos(turn)
    across, along = tf.exp(-wide), tf.exp(-high)
    # Each row takes an output pixel's place, from the middle, to one in the input.
    x_x, x_y = cosine * across, (cosine * slant - sine) * along
    y_x, y_y = sine * across, (sine * slant + cosine) * along
    middle = (SIDE - 1) / 2
    x, y = middle + right, middle + down
    none = tf.zeros_like(x)
    places = [x_x, x_y, middle - x_x * x - x_y * y, y_x, y_y, middle - y_x * x - y_y * y]
    moved = tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.cast(images, tf.float32),
        transforms=tf.stack([*places, none, none], axis=1),
        output_shape=[SIDE, SIDE],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )
    return tf.cast(tf.round(moved), tf.uint8)
