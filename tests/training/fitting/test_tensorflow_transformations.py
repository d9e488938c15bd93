"""The evidence with transformations in TensorFlow is the server's, and its gradient NumPy's."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from server.regression.regression import Regression
from server.regression.shapes import DIGITS, PIXELS, Floats
from server.regression.transformations import TRANSFORMATIONS
from training.fitting.tensorflow_transformations import make_best_products, rotate_pixels

SMALL = TRANSFORMATIONS["small"]


@pytest.fixture(scope="module")
def weights() -> Floats:
    return np.random.default_rng(0).normal(0, 0.1, (PIXELS, DIGITS)).astype(np.float32)


@pytest.fixture(scope="module")
def pixels() -> Floats:
    coarse = np.random.default_rng(1).random((5, 7, 7)).astype(np.float32)
    return coarse.repeat(4, axis=1).repeat(4, axis=2).reshape(5, PIXELS)


@pytest.fixture(scope="module")
def versions(pixels: Floats) -> Floats:
    """Return the pixels after each transformation (5, t, 784)."""
    numbers = range(len(SMALL.transformations))
    return np.array([SMALL.transform(image, numbers) for image in pixels])


@pytest.mark.parametrize("transformations", sorted(TRANSFORMATIONS))
def test_the_maximum_is_the_servers(weights: Floats, pixels: Floats, transformations: str) -> None:
    choices = TRANSFORMATIONS[transformations]
    rotated = rotate_pixels(tf.constant(pixels), choices)
    found = make_best_products(choices)(rotated, tf.constant(weights))
    regression = Regression(weights, np.zeros(DIGITS, np.float32), transformations)
    assert np.allclose(found, regression.evidence(pixels), rtol=1e-4, atol=1e-4)


def soften(products: NDArray[np.float64], sharpness: float) -> NDArray[np.float64]:
    exponentials = np.exp(sharpness * products)
    softened: NDArray[np.float64] = np.log(exponentials.mean(axis=1)) / sharpness
    return softened


@pytest.mark.parametrize("sharpness", [2.0, 6.0])
def test_with_a_sharpness_the_maximum_is_softened(
    weights: Floats, pixels: Floats, versions: Floats, sharpness: float
) -> None:
    rotated = rotate_pixels(tf.constant(pixels), SMALL)
    found = make_best_products(SMALL, sharpness)(rotated, tf.constant(weights))
    products = versions.astype(float) @ weights
    assert np.allclose(found, soften(products, sharpness), rtol=1e-4, atol=1e-4)
    assert (found.numpy() < products.max(axis=1)).all()


@pytest.mark.parametrize("sharpness", [None, 6.0])
def test_the_gradient_is_that_of_the_chosen_versions(
    weights: Floats, pixels: Floats, versions: Floats, sharpness: float | None
) -> None:
    best_products = make_best_products(SMALL, sharpness)
    rotated = rotate_pixels(tf.constant(pixels), SMALL)
    W = tf.Variable(weights)
    factors = np.random.default_rng(2).normal(size=(len(pixels), DIGITS)).astype(np.float32)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(best_products(rotated, W) * factors)
    products = versions.astype(float) @ weights
    if sharpness is None:
        shares = (products == products.max(axis=1, keepdims=True)).astype(float)
    else:
        shares = np.exp(sharpness * (products - products.max(axis=1, keepdims=True)))
        shares /= shares.sum(axis=1, keepdims=True)
    expected = np.einsum("ntp,ntd,nd->pd", versions, shares, factors)
    assert np.allclose(tape.gradient(total, W), expected, rtol=1e-3, atol=1e-3)
