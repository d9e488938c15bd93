"""Softmax regression, y = softmax(xW + b), in which each digit may first transform x."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from server.regression.shapes import DIGITS, Floats
from server.regression.transformations import TRANSFORMATIONS, TransformationSet


@dataclass(frozen=True, eq=False)
class Regression:
    """W and b, and the name of the transformations from which each digit chooses.

    `weights` are (784, 10), pixels in row-major order, and `bias` is (10,). A digit's evidence is
    the maximum over all transformations T of (T x) · W_d + b_d. With the transformations "none",
    that is the plain xW + b.
    """

    weights: Floats
    bias: Floats
    transformations: str = "none"

    @property
    def transformation_set(self) -> TransformationSet:
        """The transformations from which each digit chooses."""
        return TRANSFORMATIONS[self.transformations]

    @cached_property
    def transformed_weights(self) -> Floats:
        """Tᵀ W for all t transformations, (784, t × 10): the evidence is a product with it."""
        return self.transformation_set.transform_weights(self.weights)

    def evidence(self, pixels: Floats) -> Floats:
        """Return the evidence, or logits, (…, 10) of normalized pixels (…, 784).

        Each image's evidence is the same, bit for bit, alone and in any batch.
        """
        best: Floats = self._products(pixels).max(axis=-2)
        return best + self.bias

    def evidence_of_batch(self, pixels: Floats) -> Floats:
        """Return the evidence (n, 10) of normalized pixels (n, 784).

        It is faster than `evidence` for many images, but rounded differently in other batches.
        """
        products = pixels @ self.transformed_weights
        best: Floats = products.reshape(self._shape_of(pixels)).max(axis=1)
        return best + self.bias

    def chosen(self, pixels: Floats) -> NDArray[np.intp]:
        """Return the number of the transformation that each digit chooses, (…, 10)."""
        numbers: NDArray[np.intp] = self._products(pixels).argmax(axis=-2)
        return numbers

    def inputs(self, pixels: Floats) -> Floats:
        """Return normalized pixels (784,) as each digit transforms them, (10, 784).

        Each row, multiplied by the digit's weights and summed, gives with the bias its evidence.
        """
        return self.transformation_set.transform(pixels, self.chosen(pixels).tolist())

    def divided_by(self, divisor: float) -> "Regression":
        """Return the regression with all evidence divided by a number above 0."""
        by = np.float32(divisor)
        return Regression(self.weights / by, self.bias / by, self.transformations)

    def _products(self, pixels: Floats) -> Floats:
        """Return (T x) · W_d (…, t, 10) for all transformations T."""
        products = (pixels[..., np.newaxis, :] @ self.transformed_weights)[..., 0, :]
        return products.reshape(self._shape_of(pixels))

    def _shape_of(self, pixels: Floats) -> tuple[int, ...]:
        count = len(self.transformation_set.transformations)
        return (*pixels.shape[:-1], count, DIGITS)


def softmax(evidence: Floats) -> Floats:
    """Return probabilities (…, 10), which add up to 1, from evidence (…, 10).

    Subtracting the maximum first changes no result, but keeps exp from overflowing.
    """
    exponentials = np.exp(evidence - evidence.max(axis=-1, keepdims=True))
    probabilities: Floats = exponentials / exponentials.sum(axis=-1, keepdims=True)
    return probabilities
