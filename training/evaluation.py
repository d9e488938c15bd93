"""How well W and b do, in NumPy, as the server answers."""

import numpy as np
from numpy.typing import NDArray

from server.model import softmax
from server.shapes import DIGITS, Floats
from training.data import Images

# Calibration is told over bins of probability this wide, as is usual.
BINS = 15

# Temperatures that a calibration chooses from.
TEMPERATURES = np.geomspace(0.25, 4, 401)


def evidence_for(images: Images, weights: Floats, bias: Floats) -> Floats:
    """Weigh normalised images: evidence (n, 10)."""
    evidence: Floats = images.intensities @ weights + bias
    return evidence


def correct(images: Images, weights: Floats, bias: Floats) -> NDArray[np.bool_]:
    """Tell for each image (n,) whether its label has the most evidence."""
    matches: NDArray[np.bool_] = evidence_for(images, weights, bias).argmax(axis=1) == images.labels
    return matches


def accuracy(images: Images, weights: Floats, bias: Floats) -> float:
    """Return the fraction of images answered right."""
    return float(correct(images, weights, bias).mean())


def digit_accuracy(images: Images, weights: Floats, bias: Floats) -> list[float]:
    """Return the fraction answered right of each digit's images (10,), 0 where there are none."""
    right = np.bincount(images.labels[correct(images, weights, bias)], minlength=DIGITS)
    total = np.bincount(images.labels, minlength=DIGITS)
    return [float(rate) for rate in right / np.maximum(total, 1)]


def calibration_error(images: Images, weights: Floats, bias: Floats) -> float:
    """Return the expected calibration error: how far probability is from the fraction right.

    It is the mean, over images, of the distance between both in an image's bin of top probability.
    Source: C. Guo et al., "On calibration of modern neural networks", 2017.
    """
    top = softmax(evidence_for(images, weights, bias)).max(axis=1)
    right = correct(images, weights, bias)
    bins = np.minimum((top * BINS).astype(np.intp), BINS - 1)
    gaps = np.bincount(bins, weights=top - right, minlength=BINS)
    return float(np.abs(gaps).sum() / len(top))


def fit_temperature(images: Images, weights: Floats, bias: Floats) -> float:
    """Return by what to divide all evidence, so that the model is as often right as it says.

    It is the temperature at which, over images that W has not seen, the mean top probability is the
    fraction right. (That of the least cross-entropy leaves a larger calibration error here.)
    """
    evidence = evidence_for(images, weights, bias)
    right = accuracy(images, weights, bias)

    def overconfidence(temperature: float) -> float:
        return float(softmax(evidence / np.float32(temperature)).max(axis=1).mean()) - right

    return float(min(TEMPERATURES, key=lambda temperature: abs(overconfidence(temperature))))
