"""Transformations: the small changes of a drawing from which each digit of a model may choose.

Before a digit weighs the drawing, it may shift, rotate and shear it a little. Its evidence is the
maximum over all transformations T of (T x) · W_d + b_d. T is linear in x, so (T x) · W_d equals
x · (Tᵀ W_d). The transformed weights Tᵀ W are computed once for a model. After that, the evidence
for all digits and transformations is a single matrix product.

Sources: P. Felzenszwalb et al., "Object detection with discriminatively trained part-based models",
2010, where the transformation is a latent variable; D. Laptev et al., "TI-POOLING", 2016.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import product

import msgspec
import numpy as np
from numpy.typing import NDArray

from server.regression.shapes import DIGITS, PIXELS, SIDE, Floats


class Transformation(msgspec.Struct, frozen=True, kw_only=True):
    """A shear and then a rotation about the centre of an image, and then a shift.

    `right` and `down` are in pixels, `rotation` is in degrees clockwise, and `shear` is in pixels
    to the right per pixel down.
    """

    right: float = 0
    down: float = 0
    rotation: float = 0
    shear: float = 0


@dataclass(frozen=True, eq=False)
class TransformationSet:
    """Transformations of images (28, 28), and how they are sampled bilinearly.

    The first one changes nothing: it is chosen if others give the same evidence. Pixels outside the
    image are 0.
    """

    transformations: tuple[Transformation, ...]

    @cached_property
    def sampling(self) -> tuple[NDArray[np.int64], Floats]:
        """The four pixels that each pixel is interpolated from, and their weights: (t, 784, 4)."""
        points = np.array([_sample_points(one) for one in self.transformations])
        first = np.floor(points).astype(np.int64)
        after = points - first
        pixels, weights = [], []
        for down, right in product((0, 1), repeat=2):
            row, column = first[:, 0] + down, first[:, 1] + right
            weight = np.abs(1 - down - after[:, 0]) * np.abs(1 - right - after[:, 1])
            is_inside = (row >= 0) & (row < SIDE) & (column >= 0) & (column < SIDE)
            pixels.append(np.where(is_inside, row * SIDE + column, 0))
            weights.append(np.where(is_inside, weight, 0).astype(np.float32))
        return np.stack(pixels, axis=-1), np.stack(weights, axis=-1)

    def transform(self, pixels: Floats, number: int) -> Floats:
        """Return pixels (784,) after the transformation of that number."""
        sources, weights = self.sampling
        transformed: Floats = (pixels[sources[number]] * weights[number]).sum(axis=-1)
        return transformed

    def transform_weights(self, weights: Floats) -> Floats:
        """Return Tᵀ W (784, t × 10) for all transformations, of weights W (784, 10)."""
        sources, shares = self.sampling
        count = len(self.transformations)
        places = (sources + PIXELS * np.arange(count)[:, np.newaxis, np.newaxis]).ravel()
        sums = [
            np.bincount(places, (shares * column[:, np.newaxis]).ravel(), count * PIXELS)
            for column in weights.T
        ]
        by_transformation = np.stack(sums, axis=-1).reshape(count, PIXELS, DIGITS)
        return by_transformation.swapaxes(0, 1).reshape(PIXELS, -1).astype(np.float32)


def _sample_points(transformation: Transformation) -> tuple[Floats, Floats]:
    """Return the row and the column (784,) that each pixel of the result is sampled from."""
    middle = (SIDE - 1) / 2
    row, column = np.divmod(np.arange(PIXELS), SIDE)
    x, y = column - middle - transformation.right, row - middle - transformation.down
    angle = np.deg2rad(transformation.rotation)
    # The inverse of the rotation, then that of the shear.
    x, y = np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
    return y + middle, x - transformation.shear * y + middle


TRANSFORMATIONS = {
    "none": TransformationSet((Transformation(),)),
    "small": TransformationSet(
        tuple(
            Transformation(rotation=rotation, shear=shear, right=right, down=down)
            for rotation, shear, right, down in product(
                (0.0, -10.0, 10.0), (0.0, -0.2, 0.2), (0.0, -1.5, 1.5), (0.0, -1.5, 1.5)
            )
        )
    ),
}
