"""What a model is to take for familiar: learned from what it was trained on."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from server.regression.familiarity import (
    AXES,
    FEATURES,
    SLASHED_ZERO,
    WAYS,
    WAYS_OF,
    Familiarity,
    features,
    residual,
)
from server.regression.model import softmax
from server.regression.prediction import SURE_PROBABILITY
from server.regression.shapes import SIDE, Floats
from training.data import Images
from training.evaluation import compute_evidence

# A 0 with more ink than this in its middle has a slash through it.
MIN_SLASH_INK = 0.25

# What a 0's distance may be beside that of other digits: squares, hearts and clouds are loops too.
ZERO_STRICTNESS = 0.8

# The fraction of a way's training pictures that lie within its scale.
WITHIN_SCALE = 0.97

# The fraction of unseen digits that shall be answered surely.
SURE_FRACTION = 0.972

# A way's least scale: a way with no more examples than axes explains each of them wholly.
MIN_SCALE = 0.1

# Pictures whose features are computed at a time: few enough to stay in the processor's cache.
CHUNK = 32


def learn_variants(examples: Images) -> Familiarity:
    """Learn each way's mean, axes and scale, which stands for its limit, from normalised examples.

    What W and b make of them has no part in it.
    """
    ways = variants_of(examples)
    means = np.zeros((WAYS, FEATURES), np.float32)
    axes = np.zeros((WAYS, FEATURES, AXES), np.float32)
    scales = np.ones(WAYS, np.float32)
    for way in np.unique(ways):
        own = compute_features(examples.select(ways == way))
        means[way] = own.mean(axis=0)
        differences = own - means[way]
        # In ascending order of variance: the last ones are the main ways to differ.
        _, vectors = np.linalg.eigh(differences.T @ differences)
        # As precise as they are kept, so that limits fit what is loaded.
        axes[way] = vectors[:, : -AXES - 1 : -1].astype(np.float16)
        scales[way] = np.quantile(residual(differences, axes[way]), WITHIN_SCALE)
    scales[list(WAYS_OF[0])] *= ZERO_STRICTNESS
    return Familiarity(means, axes, np.maximum(scales, MIN_SCALE))


def fit_familiarity(
    ways: Familiarity, validation: Images, weights: Floats, bias: Floats
) -> Familiarity:
    """Set the limits of the ways that have been learned by normalised validation images.

    They are such that the model is unsure, for whatever reason, of 1 − SURE_FRACTION of them.
    """
    limit = fit_limit(*probable_distances(validation, weights, bias, ways))
    return replace(ways, limits=(ways.limits * np.float32(limit)).astype(np.float32))


def fit_limit(distances: NDArray[np.float64], probable: NDArray[np.bool_]) -> float:
    """Return the distance within which SURE_FRACTION of all images (n,) lie and are probable.

    Where fewer are probable, those shall all be answered surely.
    """
    if not probable.any():
        return 1
    return float(np.quantile(distances[probable], min(1, SURE_FRACTION / probable.mean())))


def variants_of(images: Images) -> NDArray[np.int64]:
    """Tell which way each normalised image (n,) is written."""
    half = SIDE // 2
    middle = slice(half - 3, half + 3)
    ink = images.pixels.reshape(-1, SIDE, SIDE)[:, middle, middle].mean(axis=(1, 2)) / 255
    slashed = (images.labels == 0) & (ink > MIN_SLASH_INK)
    return np.where(slashed, SLASHED_ZERO, images.labels)


def sure_fraction(images: Images, weights: Floats, bias: Floats, familiarity: Familiarity) -> float:
    """Return the fraction of normalised images that the server would answer surely."""
    distances, probable = probable_distances(images, weights, bias, familiarity)
    return float((probable & (distances <= 1)).mean())


def probable_distances(
    images: Images, weights: Floats, bias: Floats, familiarity: Familiarity
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return how far images (n,) lie from what each is read as, and if that is probable enough."""
    evidence = compute_evidence(images, weights, bias)
    answers = evidence.argmax(axis=1)
    distances = np.empty(len(answers))
    for digit in np.unique(answers):
        own = answers == digit
        distances[own] = familiarity.distances(compute_features(images.select(own)), digit)
    return distances, softmax(evidence).max(axis=1) >= SURE_PROBABILITY


def compute_features(images: Images) -> Floats:
    """Return the features (n, FEATURES) of normalised images."""
    found = np.empty((len(images.labels), FEATURES), np.float32)
    for start in range(0, len(found), CHUNK):
        part = slice(start, start + CHUNK)
        found[part] = features(np.divide(images.pixels[part], 255, dtype=np.float32))
    return found
