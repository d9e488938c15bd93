"""Out-of-distribution detection: features of the training examples, and limits for distances."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from server.regression.familiarity import (
    AXES,
    FEATURES,
    SLASHED_ZERO,
    VARIANTS,
    VARIANTS_OF,
    Familiarity,
    features,
    residual,
)
from server.regression.prediction import SURE_PROBABILITY
from server.regression.regression import Regression, softmax
from server.regression.shapes import SIDE, Floats
from training.data.mnist import Images
from training.fitting.evaluation import compute_evidence

# A 0 whose mean intensity in the middle is above this has a slash through it.
MIN_SLASH_INK = 0.25

# Factor on the limits of the two variants of 0: squares, hearts and clouds are loops, too.
ZERO_STRICTNESS = 0.8

# The fraction of a variant's training examples whose distance is within its scale.
WITHIN_SCALE = 0.97

# The target fraction of validation images that are answered surely.
SURE_FRACTION = 0.972

# A lower bound: the scale of a variant with fewer examples than axes would be about 0.
MIN_SCALE = 0.1

# Images whose features are computed at a time: few enough for the processor's cache.
CHUNK = 32


def learn_variants(examples: Images) -> Familiarity:
    """Return each variant's mean, axes (PCA) and scale, learned from normalized examples.

    The scale takes the place of the limit until `fit_familiarity`. W and b are not needed.
    """
    variants = variants_of(examples)
    means = np.zeros((VARIANTS, FEATURES), np.float32)
    axes = np.zeros((VARIANTS, FEATURES, AXES), np.float32)
    scales = np.ones(VARIANTS, np.float32)
    for variant in np.unique(variants):
        found = compute_features(examples.select(variants == variant))
        means[variant] = found.mean(axis=0)
        differences = found - means[variant]
        # Eigenvalues are in ascending order: the last vectors are the principal axes.
        _, eigenvectors = np.linalg.eigh(differences.T @ differences)
        # Rounded as in the model's file, so that the limits are fitted to the loaded values.
        axes[variant] = eigenvectors[:, : -AXES - 1 : -1].astype(np.float16)
        scales[variant] = np.quantile(
            residual(differences, differences @ axes[variant]), WITHIN_SCALE
        )
    scales[list(VARIANTS_OF[0])] *= ZERO_STRICTNESS
    return Familiarity(means, axes, np.maximum(scales, MIN_SCALE))


def fit_familiarity(
    variants: Familiarity, validation: Images, regression: Regression
) -> Familiarity:
    """Return the variants with limits fitted to normalized validation images.

    With them, SURE_FRACTION of these images are both familiar and probable enough.
    """
    limit = fit_limit(*probable_distances(validation, regression, variants))
    return replace(variants, limits=(variants.limits * np.float32(limit)).astype(np.float32))


def fit_limit(distances: NDArray[np.float64], probable: NDArray[np.bool_]) -> float:
    """Return a limit such that SURE_FRACTION of all images (n,) are probable and within it.

    If fewer are probable, the limit includes all of them.
    """
    if not probable.any():
        return 1
    return float(np.quantile(distances[probable], min(1, SURE_FRACTION / probable.mean())))


def variants_of(images: Images) -> NDArray[np.int64]:
    """Return each normalized image's variant (n,): its label, or SLASHED_ZERO."""
    half = SIDE // 2
    middle = slice(half - 3, half + 3)
    ink = images.pixels.reshape(-1, SIDE, SIDE)[:, middle, middle].mean(axis=(1, 2)) / 255
    slashed = (images.labels == 0) & (ink > MIN_SLASH_INK)
    return np.where(slashed, SLASHED_ZERO, images.labels)


def sure_fraction(images: Images, regression: Regression, familiarity: Familiarity) -> float:
    """Return the fraction of normalized images that the server answers surely."""
    distances, probable = probable_distances(images, regression, familiarity)
    return float((probable & (distances <= 1)).mean())


def probable_distances(
    images: Images, regression: Regression, familiarity: Familiarity
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return two arrays for normalized images: distances (n,), and if they are probable (n,).

    The distance is from the predicted digit. An image is probable if the digit's probability is at
    least SURE_PROBABILITY.
    """
    evidence = compute_evidence(images, regression)
    digits = evidence.argmax(axis=1)
    distances = np.empty(len(digits))
    for digit in np.unique(digits):
        is_digit = digits == digit
        found = compute_features(images.select(is_digit))
        distances[is_digit] = familiarity.distances(found, digit)
    return distances, softmax(evidence).max(axis=1) >= SURE_PROBABILITY


def compute_features(images: Images) -> Floats:
    """Return the features (n, FEATURES) of normalized images."""
    found = np.empty((len(images.labels), FEATURES), np.float32)
    for start in range(0, len(found), CHUNK):
        part = slice(start, start + CHUNK)
        found[part] = features(np.divide(images.pixels[part], 255, dtype=np.float32))
    return found
