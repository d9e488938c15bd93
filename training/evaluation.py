"""How well W and b do, in NumPy, as the server answers."""

import numpy as np
from numpy.typing import NDArray

from server.shapes import DIGITS, Floats
from training.data import Images


def correct(images: Images, weights: Floats, bias: Floats) -> NDArray[np.bool_]:
    """Tell for each image (n,) whether its label has the most evidence."""
    evidence = images.intensities @ weights + bias
    matches: NDArray[np.bool_] = evidence.argmax(axis=1) == images.labels
    return matches


def accuracy(images: Images, weights: Floats, bias: Floats) -> float:
    """Return the fraction of images answered right."""
    return float(correct(images, weights, bias).mean())


def digit_accuracy(images: Images, weights: Floats, bias: Floats) -> list[float]:
    """Return the fraction answered right of each digit's images (10,), 0 where there are none."""
    right = np.bincount(images.labels[correct(images, weights, bias)], minlength=DIGITS)
    total = np.bincount(images.labels, minlength=DIGITS)
    return [float(rate) for rate in right / np.maximum(total, 1)]
