"""Batches: the examples of each step, in a stratified shuffle and, if requested, augmented."""

from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from server.regression.shapes import DIGITS, PIXELS, SIDE
from server.regression.transformations import TRANSFORMATIONS
from training.data.examples import normalize_pixels, rotate_images
from training.data.mnist import Bytes
from training.settings.recipe import Recipe
from training.settings.schedule import chunks

# The largest change of an augmented digit, positive or negative: shift to the right and down, in
# pixels; rotation, in radians; shear, in pixels per row; logarithm of the scale in x and in y.
MAX_CHANGES = np.array([2, 2, 0.15, 0.25, 0.15, 0.15], np.float32)

# How many augmented batches are computed ahead of the training step.
PREFETCHED_BATCHES = 16

# Returns pixels after each of r rotations (n, r, 784), and one-hot labels (n, 10), for a batch's
# indices.
BatchSource = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


def batch_indices(labels: Bytes, recipe: Recipe, seed: int) -> Iterator[NDArray[np.int64]]:
    """Yield the indices (steps, batch size) of the examples, for each chunk of the schedule.

    As in the tutorial's loader, every example is used once before any is used again.
    """
    random = np.random.default_rng(seed)
    size = recipe.batch_size_for(len(labels))
    order = np.empty(0, np.int64)
    for steps in chunks(recipe, len(labels)):
        count = steps * size
        while len(order) < count:
            order = np.concatenate([order, shuffle(labels, random)])
        yield order[:count].reshape(steps, size)
        order = order[count:]


def shuffle(labels: Bytes, random: np.random.Generator) -> NDArray[np.int64]:
    """Return indices (n,) of a stratified shuffle: random, with each digit spread evenly.

    Each batch then has the digits in the proportions of the data, which reduces the variance of the
    result: over 40 seeds the tutorial's test accuracy is 0.9188 ± 0.0017, and 0.9173 ± 0.0023 with
    a plain shuffle.
    """
    position = np.empty(len(labels))
    for digit in np.unique(labels):
        examples = np.nonzero(labels == digit)[0]
        ranks = np.arange(len(examples)) + random.random()
        position[random.permutation(examples)] = ranks / len(examples)
    return np.argsort(position)


def batch_source(
    pixels: Bytes, labels: Bytes, recipe: Recipe, seed: int, share: slice
) -> BatchSource:
    """Return a function from a batch's indices to its pixels and one-hot labels (n, 10).

    The pixels (n, r, 784), ink = 255, are those after each of the recipe's r rotations. Call the
    function with the batches of `batch_indices`, once each and in order.

    :param share: the part of each batch that this worker computes
    """
    if recipe.augmented:
        # The stream has the same batches in the same order, so the indices are not needed.
        stream = iter(augmented_batches(pixels, labels, recipe, seed, share))
        return lambda _batch: next(stream)
    # TensorFlow gets all images once, as bytes: a quarter of the memory of float32.
    images = tf.constant(rotate_images(pixels, recipe.transformations))
    one_hot = tf.one_hot(labels, DIGITS)
    return lambda batch: (tf.gather(images, batch[share]), tf.gather(one_hot, batch[share]))


def augmented_batches(
    pixels: Bytes, labels: Bytes, recipe: Recipe, seed: int, share: slice
) -> tf.data.Dataset:
    """Stream each step's pixels (n, r, 784), ink = 255, and one-hot labels (n, 10).

    The pixels are augmented and normalized, and then rotated as `batch_source` says.

    The examples are those of `batch_indices`, each changed at random. The stream depends only on
    the seed, not on its length. At most PREFETCHED_BATCHES batches are in memory.

    :param pixels: not normalized
    :param share: the part of each batch that this worker computes
    """
    images = tf.constant(pixels.reshape(-1, SIDE, SIDE, 1))
    one_hot = tf.one_hot(labels, DIGITS)

    rotations = len(TRANSFORMATIONS[recipe.transformations].rotations)

    def prepare(augmented: Bytes) -> Bytes:
        normalized = normalize_pixels(augmented, recipe.normalization)
        return rotate_images(normalized, recipe.transformations)

    def make(step: tf.Tensor, batch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        changes = tf.random.stateless_uniform(
            (tf.shape(batch)[0], len(MAX_CHANGES)), tf.stack([seed, step]), minval=-1, maxval=1
        )
        batch = batch[share]
        augmented = tf.reshape(augment(tf.gather(images, batch), changes[share]), (-1, PIXELS))
        prepared = tf.numpy_function(prepare, [augmented], tf.uint8)
        return tf.ensure_shape(prepared, (None, rotations, PIXELS)), tf.gather(one_hot, batch)

    batches = tf.data.Dataset.from_generator(
        lambda: batch_indices(labels, recipe, seed),
        output_signature=tf.TensorSpec((None, None), tf.int64),
    )
    return batches.unbatch().enumerate().map(make).prefetch(PREFETCHED_BATCHES)


def augment(images: tf.Tensor, changes: tf.Tensor) -> tf.Tensor:
    """Shift, rotate, shear and scale images (n, 28, 28, 1) of bytes about their centre.

    :param changes: (n, 6) in [-1, 1], in units of MAX_CHANGES: shift to the right and down,
        rotation, shear, and scale in x and y
    """
    shift_x, shift_y, rotation, shear, scale_x, scale_y = tf.unstack(changes * MAX_CHANGES, axis=1)
    sine, cosine = tf.sin(rotation), tf.cos(rotation)
    inverse_x, inverse_y = tf.exp(-scale_x), tf.exp(-scale_y)
    # The inverse affine map: from an output pixel, relative to the centre, to an input pixel.
    x_x, x_y = cosine * inverse_x, (cosine * shear - sine) * inverse_y
    y_x, y_y = sine * inverse_x, (sine * shear + cosine) * inverse_y
    middle = (SIDE - 1) / 2
    x, y = middle + shift_x, middle + shift_y
    zero = tf.zeros_like(x)
    coefficients = [x_x, x_y, middle - x_x * x - x_y * y, y_x, y_y, middle - y_x * x - y_y * y]
    moved = tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.cast(images, tf.float32),
        transforms=tf.stack([*coefficients, zero, zero], axis=1),
        output_shape=[SIDE, SIDE],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )
    return tf.cast(tf.round(moved), tf.uint8)
