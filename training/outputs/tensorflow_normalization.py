"""The server's normalization, implemented again with TensorFlow operations.

A SavedModel contains these operations, so it needs no other code. The two implementations round
differently, so a value halfway between two byte values may differ by one.
"""

import tensorflow as tf

from server.regression.normalization import (
    AFTER_MIDDLE,
    BEFORE_MIDDLE,
    EDGE_DEVIATIONS,
    EPSILON,
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
    sums = tf.matmul(tf.cast(pixels, tf.float64), MONOMIALS)
    mass = sums[:, :1]
    moments = sums / tf.maximum(mass, EPSILON)
    x, y = moments[:, 1:2], moments[:, 2:3]
    covariance = moments[:, 4:5] - x * y
    variance_y = tf.maximum(moments[:, 5:6] - y * y, 0)
    slant = covariance / (variance_y + SLANT_DAMPING)
    variance_x = moments[:, 3:4] - x * x + slant * (slant * variance_y - 2 * covariance)
    below = PIXEL_Y - y
    across = PIXEL_X - x - slant * below
    rows = y + _sample_offsets(pixels, below, mass, variance_y)
    columns = (
        _sample_offsets(pixels, across, mass, tf.maximum(variance_x, 0))[:, tf.newaxis]
        + (x + slant * (rows - y))[:, :, tf.newaxis]
    )
    images = tf.reshape(pixels, [-1, SIDE, SIDE])
    normalized = _resample(images, tf.cast(rows, tf.float32), tf.cast(columns, tf.float32))
    return tf.reshape(normalized, [-1, PIXELS])


def _sample_offsets(
    pixels: tf.Tensor, offsets: tf.Tensor, mass: tf.Tensor, variance: tf.Tensor
) -> tf.Tensor:
    after = tf.maximum(offsets, 0)
    ink = tf.cast(pixels, tf.float64)
    mass_after = tf.reduce_sum(ink * tf.sign(after), axis=1, keepdims=True)
    squares_after = tf.reduce_sum(ink * after * after, axis=1, keepdims=True)
    squares_before = tf.maximum(mass * variance - squares_after, 0)
    total = variance + PEN_VARIANCE
    reach = EDGE_DEVIATIONS * tf.maximum(tf.sqrt(total), MIN_SPREAD)

    def side_reach(squares: tf.Tensor, side_mass: tf.Tensor) -> tf.Tensor:
        own = squares / tf.maximum(side_mass, EPSILON) + PEN_VARIANCE
        return reach * (own / total) ** (SIDE_WEIGHT / 2)

    before = side_reach(squares_before, mass - mass_after)
    return BEFORE_MIDDLE * before + AFTER_MIDDLE * side_reach(squares_after, mass_after)


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
