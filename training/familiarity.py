"""What a model is to take for familiar: learned from what it was trained on."""

import numpy as np
from numpy.typing import NDArray

from server.familiarity import (
    AXES,
    FEATURES,
    SLASHED_ZERO,
    WAYS,
    WAYS_OF,
    Familiarity,
    features,
    residual,
)
from server.model import softmax
from server.prediction import SURE_PROBABILITY
from server.shapes import SIDE, Floats
from training.data import Images
from training.evaluation import evidence_for

# A 0 with more ink than this in its middle has a slash through it.
SLASH_INK = 0.25

# What a 0's distance may be beside that of other digits: squares, hearts and clouds are loops too.
ZERO_STRICTNESS = 0.8

# The fraction of a way's training pictures that lie within its scale.
WITHIN_SCALE = 0.97

# The fraction of unseen digits that shall be answered surely.
SURE_FRACTION = 0.973

# Farther than any picture: stands for infinity, which has no quantiles.
LARGE = 1e9

# Pictures whose features are computed at a time.
CHUNK = 1024


def fit_familiarity(
    examples: Images, validation: Images, weights: Floats, bias: Floats
) -> Familiarity:
    """Learn each way's mean and axes from normalised examples, and the limits from validation.

    Limits are such that the model is unsure, for whatever reason, of 1 − SURE_FRACTION of the
    validation images.
    """
    found = features_of(examples)
    ways = ways_of(examples)
    means = np.zeros((WAYS, FEATURES), np.float32)
    axes = np.zeros((WAYS, FEATURES, AXES), np.float32)
    scales = np.ones(WAYS, np.float32)
    for way in np.unique(ways):
        own = found[ways == way]
        means[way] = own.mean(axis=0)
        differences = own - means[way]
        # In ascending order of variance: the last ones are the main ways to differ.
        _, vectors = np.linalg.eigh(differences.T @ differences)
        # As precise as they are kept, so that limits fit what is loaded.
        axes[way] = vectors[:, : -AXES - 1 : -1].astype(np.float16)
        scales[way] = np.quantile(residual(differences, axes[way]), WITHIN_SCALE)
    scales[list(WAYS_OF[0])] *= ZERO_STRICTNESS
    # Scales never become 0, be there no example of a way or only one.
    scaled = Familiarity(means, axes, np.maximum(scales, np.finfo(np.float32).tiny))
    limit = np.quantile(distances(validation, weights, bias, scaled), SURE_FRACTION)
    return Familiarity(means, axes, (scaled.limits * limit).astype(np.float32))


def ways_of(images: Images) -> NDArray[np.int64]:
    """Tell which way each normalised image (n,) is written."""
    half = SIDE // 2
    middle = slice(half - 3, half + 3)
    ink = images.pixels.reshape(-1, SIDE, SIDE)[:, middle, middle].mean(axis=(1, 2)) / 255
    slashed = (images.labels == 0) & (ink > SLASH_INK)
    return np.where(slashed, SLASHED_ZERO, images.labels)


def sure_fraction(images: Images, weights: Floats, bias: Floats, familiarity: Familiarity) -> float:
    """Return the fraction of normalised images that the server would answer surely."""
    return float((distances(images, weights, bias, familiarity) <= 1).mean())


def distances(
    images: Images, weights: Floats, bias: Floats, familiarity: Familiarity
) -> NDArray[np.float64]:
    """Return how far each image (n,) lies from the digit that it is read as.

    Where no probability is high enough, the answer is unsure anyway: the distance is LARGE.
    """
    evidence = evidence_for(images, weights, bias)
    answers = evidence.argmax(axis=1)
    found = features_of(images)
    result = np.empty(len(answers))
    for digit in np.unique(answers):
        own = answers == digit
        result[own] = familiarity.distances(found[own], digit)
    result[softmax(evidence).max(axis=1) < SURE_PROBABILITY] = LARGE
    return result


def features_of(images: Images) -> Floats:
    """Return the features (n, FEATURES) of normalised images."""
    found = np.empty((len(images.labels), FEATURES), np.float32)
    for start in range(0, len(found), CHUNK):
        part = slice(start, start + CHUNK)
        found[part] = features(images.intensities[part])
    return found
