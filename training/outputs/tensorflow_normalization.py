"""The server's normalization, implemented again with TensorFlow operations.

A SavedModel contains these operations, so it needs no other code. Both implementations compute
moments in float64 and the rest in float32, but sum in a different order, so a value halfway between
two byte values may be rounded differently.
"""

import tensorflow as tf

from server.regression.normalization import (
    EDGE_DEVIATIONS,
    EPSILON,
    FROM_MIDDLE,
    IS_BEFORE_MIDDLE,
    MIN_SPREAD,
    MONOMIALS,
    PEN_VARIANCE,
    PIXEL_CENTRES,
    PIXEL_X,
    PIXEL_Y,
    SIDE_WEIGHT,
    SLANT_DAMPING,
)
from server.regression.shapes import PIXELS, SIDE


def keep_unchanged(pixels: tf.Tensor) -> tf.Tensor:
    """Return pixels (n, 784) unchanged."""
    return pixels


def normalize_by_moments(pixels: tf.Tensor) -> tf.Tensor:
    """Normalize pixels (n, 784) in [0, 1] as the server's function of this name does."""
    sums = tf.cast(tf.matmul(tf.cast(pixels, tf.float64), MONOMIALS), tf.float32)
    moments = sums / tf.maximum(sums[:, :1], EPSILON)
    x, y = moments[:, 1:2], moments[:, 2:3]
    covariance = moments[:, 4:5] - x * y
    variance_y = moments[:, 5:6] - y * y
    slant = covariance / (variance_y + SLANT_DAMPING)
    variance_x = moments[:, 3:4] - x * x + slant * (slant * variance_y - 2 * covariance)
    below = PIXEL_Y - y
    across = PIXEL_X - x - slant * below
    rows = y + _sample_offsets(pixels, below, variance_y)
    columns = (
        _sample_offsets(pixels, across, variance_x)[:, tf.newaxis]
        + (x + slant * (rows - y))[:, :, tf.newaxis]
    )
    images = tf.reshape(pixels, [-1, SIDE, SIDE])
    return tf.reshape(_resample(images, rows, columns), [-1, PIXELS])


def _sample_offsets(ink: tf.Tensor, offsets: tf.Tensor, variance: tf.Tensor) -> tf.Tensor:
    after = tf.maximum(offsets, 0)
    before = after - offsets
    variances = tf.concat([_side_variance(ink, before), _side_variance(ink, after)], axis=1)
    total = tf.maximum(variance, 0) + PEN_VARIANCE
    sides = ((variances + PEN_VARIANCE) / total) ** (SIDE_WEIGHT / 2)
    reaches = sides * (EDGE_DEVIATIONS * tf.maximum(tf.sqrt(total), MIN_SPREAD))
    return FROM_MIDDLE * tf.where(IS_BEFORE_MIDDLE, reaches[:, :1], reaches[:, 1:])


def _side_variance(ink: tf.Tensor, distances: tf.Tensor) -> tf.Tensor:
    mass = tf.reduce_sum(ink * tf.sign(distances), axis=1, keepdims=True)
    squares = tf.reduce_sum(ink * distances * distances, axis=1, keepdims=True)
    return squares / tf.maximum(mass, EPSILON)


def _resample(images: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    row_weights = tf.maximum(0.0, 1 - tf.abs(rows[:, :, tf.newaxis] - PIXEL_CENTRES))
    padded = tf.pad(tf.matmul(row_weights, images), [[0, 0], [0, 0], [1, 1]])
    positions = tf.clip_by_value(columns + 0.5, 0, SIDE + 1)
    left = tf.minimum(tf.floor(positions), SIDE)
    first = tf.cast(left, tf.int32)
    left_ink = tf.gather(padded, first, batch_dims=2)
    right_ink = tf.gather(padded, first + 1, batch_dims=2)
    return tf.math.rint((left_ink + (right_ink - left_ink) * (positions - left)) * 255) / 255


NORMALIZATIONS = {"none": keep_unchanged, "moments": normalize_by_moments}
