"""The evidence with the server's transformations, in TensorFlow: for training and for export.

A transformation is a rotation, then a shift. The rotations do not depend on W, so a training
computes them once, before its steps. To shift pixels is the same as to shift W in the opposite
direction, which takes less time.
"""

from collections.abc import Callable
from itertools import product

import numpy as np
import tensorflow as tf

from server.regression.shapes import DIGITS, PIXELS, SIDE
from server.regression.transformations import TransformationSet

# Returns what each digit gets from the transformation it chooses, (T x) · W_d (n, 10), for pixels x
# after each of r rotations (n, r, 784), and W (784, 10).
BestProducts = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def make_best_products(choices: TransformationSet, sharpness: float | None = None) -> BestProducts:
    """Return a function to the best products (T x) · W_d, without the bias.

    :param sharpness: the recipe's `pooling_sharpness`; None for the server's maximum
    """
    count = len(choices.transformations)

    def best_products(rotated: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        rows = tf.reshape(rotated, (-1, PIXELS))
        if count == 1:
            return tf.matmul(rows, weights)
        shifted = shift_weights(tf.convert_to_tensor(weights), choices.shifts)
        products = tf.reshape(tf.matmul(rows, shifted), (-1, count, DIGITS))
        if sharpness is None:
            return tf.reduce_max(products, axis=1)
        sums = tf.reduce_logsumexp(products * sharpness, axis=1)
        return (sums - np.float32(np.log(count))) / sharpness

    return best_products


def shift_weights(weights: tf.Tensor, shifts: tuple[int, ...]) -> tf.Tensor:
    """Return W (784, 10) shifted against all shifts down and to the right, (784, s² × 10)."""
    reach = max(map(abs, shifts))
    maps = tf.reshape(weights, (SIDE, SIDE, DIGITS))
    padded = tf.pad(maps, [[reach, reach], [reach, reach], [0, 0]])
    shifted = [
        padded[reach + down : reach + down + SIDE, reach + right : reach + right + SIDE]
        for down, right in product(shifts, repeat=2)
    ]
    return tf.reshape(tf.stack(shifted, axis=2), (PIXELS, -1))


def rotate_pixels(pixels: tf.Tensor, choices: TransformationSet) -> tf.Tensor:
    """Return pixels (n, 784) after each of r rotations, (n, r, 784)."""
    matrices = choices.rotation_matrices.reshape(-1, PIXELS)
    rotated = tf.matmul(pixels, matrices, transpose_b=True)
    return tf.reshape(rotated, (-1, len(choices.rotations), PIXELS))
