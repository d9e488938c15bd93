"""The evidence with the server's transformations, in TensorFlow: for training and for export."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from server.regression.shapes import DIGITS, PIXELS, Floats
from server.regression.transformations import TRANSFORMATIONS

# Returns what each digit gets from the transformation it chooses, (T x) · W_d (n, 10), for pixels x
# (n, 784) and W (784, 10).
BestProducts = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def make_best_products(transformations: str, sharpness: float | None = None) -> BestProducts:
    """Return a function to the best products (T x) · W_d, without the bias.

    :param transformations: a key of the server's TRANSFORMATIONS
    :param sharpness: the recipe's `pooling_sharpness`; None for the server's maximum
    """
    count = len(TRANSFORMATIONS[transformations].transformations)
    if count == 1:
        plain: BestProducts = tf.matmul
        return plain
    transform_weights = make_transform_weights(transformations)

    def best_products(pixels: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        transformed = transform_weights(tf.convert_to_tensor(weights))
        products = tf.reshape(tf.matmul(pixels, transformed), (-1, count, DIGITS))
        if sharpness is None:
            return tf.reduce_max(products, axis=1)
        sums = tf.reduce_logsumexp(products * sharpness, axis=1)
        return (sums - np.float32(np.log(count))) / sharpness

    return best_products


def make_transform_weights(transformations: str) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return a function from W (784, 10) to Tᵀ W (784, t × 10) for t transformations.

    It is a product with a sparse matrix. Its gradient is one with the transposed matrix:
    TensorFlow's own would also compute that of the matrix.
    """
    pixels, shares = TRANSFORMATIONS[transformations].sampling
    count = len(pixels)
    # Row (p, t) of the matrix adds up those weights whose pixels are sampled from pixel p.
    rows = (pixels * count + np.arange(count)[:, np.newaxis, np.newaxis]).ravel()
    columns = np.broadcast_to(np.arange(PIXELS)[:, np.newaxis], pixels.shape).ravel()
    matrix = _sparse(rows, columns, shares.ravel(), (PIXELS * count, PIXELS))
    transposed = _sparse(columns, rows, shares.ravel(), (PIXELS, PIXELS * count))

    @tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow ships no types
    def transform(weights: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            by_row = tf.reshape(upstream, (PIXELS * count, DIGITS))
            return tf.sparse.sparse_dense_matmul(transposed, by_row)

        by_row = tf.sparse.sparse_dense_matmul(matrix, weights)
        return tf.reshape(by_row, (PIXELS, count * DIGITS)), gradient

    transform_weights: Callable[[tf.Tensor], tf.Tensor] = transform
    return transform_weights


def _sparse(
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    values: Floats,
    shape: tuple[int, int],
) -> tf.SparseTensor:
    """Return a sparse matrix without zeros, in the order that TensorFlow expects."""
    order = np.lexsort((columns, rows))
    order = order[values[order] > 0]
    indices = np.stack([rows[order], columns[order]], axis=1).astype(np.int64)
    return tf.SparseTensor(indices, values[order], shape)
