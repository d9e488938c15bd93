"""Transformations: the small changes of a drawing from which each digit of a model may choose.

Before a digit weighs the drawing, it may rotate and shift it a little. Its evidence is the maximum
over all transformations T of (T x) · W_d + b_d. T is linear in x, so (T x) · W_d equals
x · (Tᵀ W_d). The transformed weights Tᵀ W are computed once for a model. After that, the evidence
for all digits and transformations is a single matrix product.

Sources: P. Felzenszwalb et al., "Object detection with discriminatively trained part-based models",
2010, where the transformation is a latent variable; D. Laptev et al., "TI-POOLING", 2016.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import msgspec
import numpy as np
from numpy.typing import NDArray

from server.regression.shapes import PIXELS, SIDE, Floats

_MIDDLE = (SIDE - 1) / 2


class Transformation(msgspec.Struct, frozen=True, kw_only=True):
    """A rotation about the centre of an image, and then a shift.

    `rotation` is in degrees clockwise, `right` and `down` are in pixels.
    """

    rotation: float = 0
    right: int = 0
    down: int = 0


@dataclass(frozen=True)
class TransformationSet:
    """All combinations of r rotations and of shifts down and to the right, s each.

    The first of both must be 0. So the first transformation changes nothing, and it is chosen if
    others give the same evidence.
    """

    rotations: tuple[float, ...] = (0,)
    shifts: tuple[int, ...] = (0,)

    @cached_property
    def transformations(self) -> tuple[Transformation, ...]:
        """All t = r · s · s transformations."""
        return tuple(
            Transformation(rotation=rotation, down=down, right=right)
            for rotation, down, right in product(self.rotations, self.shifts, self.shifts)
        )

    @cached_property
    def rotation_samples(self) -> tuple[NDArray[np.intp], Floats]:
        """For each rotation and pixel the four pixels it is interpolated from, and their shares.

        Both are (r, 4, 784).
        """
        sources, shares = zip(*map(_sample_rotation, self.rotations), strict=True)
        return np.stack(sources), np.stack(shares)

    @property
    def rotation_matrices(self) -> Floats:
        """The rotations as matrices (r, 784, 784), by which pixels are multiplied.

        They are made from the samples each time, because they take 2.5 MB each.
        """
        matrices = np.zeros((len(self.rotations), PIXELS, PIXELS), np.float32)
        results = np.arange(PIXELS)
        for matrix, *samples in zip(matrices, *self.rotation_samples, strict=True):
            for sources, shares in zip(*samples, strict=True):
                matrix[results, sources] += shares
        return matrices

    def transform(self, pixels: Floats, numbers: Iterable[int]) -> Floats:
        """Return pixels (784,) after the transformations of these n numbers, (n, 784)."""
        numbers = list(numbers)
        shifts = len(self.shifts) ** 2
        rotations = {number // shifts for number in numbers}
        rotated = {rotation: self._rotate(pixels, rotation) for rotation in rotations}
        transformed = {}
        for number in set(numbers):
            chosen = self.transformations[number]
            transformed[number] = _shift(rotated[number // shifts], chosen.down, chosen.right)
        return np.stack([transformed[number] for number in numbers]).reshape(-1, PIXELS)

    def _rotate(self, pixels: Floats, rotation: int) -> Floats:
        """Return pixels (784,) after the rotation of that number, (28, 28)."""
        # The first one is by 0.
        if rotation > 0:
            sources, shares = self.rotation_samples
            pixels = (pixels[sources[rotation]] * shares[rotation]).sum(axis=0)
        return pixels.reshape(SIDE, SIDE)

    def transform_weights(self, weights: Floats) -> Floats:
        """Return Tᵀ W (784, t × 10) for all transformations, of weights W (784, 10)."""
        maps = weights.reshape(SIDE, SIDE, -1)
        # To shift pixels is the same as to shift the weights in the opposite direction.
        shifted = [_shift(maps, -down, -right) for down, right in product(self.shifts, repeat=2)]
        columns = np.stack(shifted, axis=2).reshape(PIXELS, -1)
        # The first rotation is by 0.
        rotated = [matrix.T @ columns for matrix in self.rotation_matrices[1:]]
        return np.concatenate([columns, *rotated], axis=1)


def _sample_rotation(degrees: float) -> tuple[NDArray[np.intp], Floats]:
    """Return the four pixels that each one is interpolated from, and their shares (4, 784).

    What would be sampled outside the image has a share of 0.
    """
    angle = np.deg2rad(degrees)
    y, x = np.divmod(np.arange(PIXELS), SIDE) - np.array(_MIDDLE)
    # Each pixel of the result is sampled where the inverse rotation moves it.
    places = np.stack(
        [
            np.cos(angle) * y - np.sin(angle) * x + _MIDDLE,
            np.cos(angle) * x + np.sin(angle) * y + _MIDDLE,
        ]
    )
    sources, shares = [], []
    for step in product((0, 1), repeat=2):
        neighbours = np.floor(places).astype(np.intp) + np.array(step)[:, np.newaxis]
        is_inside = ((neighbours >= 0) & (neighbours < SIDE)).all(axis=0)
        share = (1 - np.abs(places - neighbours)).prod(axis=0)
        sources.append(np.where(is_inside, neighbours[0] * SIDE + neighbours[1], 0))
        shares.append(np.where(is_inside, share, 0).astype(np.float32))
    return np.stack(sources), np.stack(shares)


def _shift(image: Floats, down: int, right: int) -> Floats:
    """Return an image (28, 28, …) shifted by whole pixels. What it does not cover is 0."""
    shifted = np.zeros_like(image)
    rows, from_rows = _overlap(down)
    columns, from_columns = _overlap(right)
    shifted[rows, columns] = image[from_rows, from_columns]
    return shifted


def _overlap(shift: int) -> tuple[slice, slice]:
    """Return where shifted rows or columns go, and where they come from."""
    return (
        slice(max(0, shift), SIDE + min(0, shift)),
        slice(max(0, -shift), SIDE - max(0, shift)),
    )


TRANSFORMATIONS = {
    "none": TransformationSet(),
    "small": TransformationSet(rotations=(0, -8, 8), shifts=(0, -2, -1, 1, 2)),
}
