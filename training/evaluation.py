"""How well W and b do, in NumPy, as the server answers."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from server.regression.model import Model, softmax
from server.regression.shapes import DIGITS, Floats
from server.storage.evaluation import BINS, Evaluation, EvaluationCard
from training.data import Images

# How many of the training images are enough to follow what is learned: as many as for validation.
MONITORED_IMAGES = 5_000

# The mean cross-entropy of ten equal chances.
GUESSING_LOSS = float(np.log(DIGITS))

# Of each digit, how many test images that are read right are kept as examples; and of those that
# are misread, how many in all.
MAX_CORRECT_EXAMPLES = 12
MAX_MISREAD_EXAMPLES = 1_000

# Temperatures that a calibration chooses from.
TEMPERATURES = np.geomspace(0.25, 4, 401)


def compute_evidence(images: Images, weights: Floats, bias: Floats) -> Floats:
    """Weigh normalised images: evidence (n, 10)."""
    return np.concatenate([part.intensities @ weights + bias for part in images.chunks])


def correct(images: Images, weights: Floats, bias: Floats) -> NDArray[np.bool_]:
    """Tell for each image (n,) whether its label has the most evidence."""
    matches: NDArray[np.bool_] = (
        compute_evidence(images, weights, bias).argmax(axis=1) == images.labels
    )
    return matches


def accuracy(images: Images, weights: Floats, bias: Floats) -> float:
    """Return the fraction of images answered right."""
    return float(correct(images, weights, bias).mean())


def digit_accuracy(images: Images, weights: Floats, bias: Floats) -> list[float]:
    """Return the fraction answered right of each digit's images (10,), 0 where there are none."""
    right = np.bincount(images.labels[correct(images, weights, bias)], minlength=DIGITS)
    total = np.bincount(images.labels, minlength=DIGITS)
    return [float(rate) for rate in right / np.maximum(total, 1)]


class Metrics(NamedTuple):
    """How well W and b do; losses are mean cross-entropies in nats."""

    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float


def monitored_images(train: Images) -> Images:
    """Return the part of the training images that is followed while W and b are learned."""
    return train.select(slice(MONITORED_IMAGES))


def measure(followed: Images, validation: Images, weights: Floats, bias: Floats) -> Metrics:
    """Tell how well W and b do on training images that are followed, and on validation."""
    figures: list[float] = []
    for images in (followed, validation):
        evidence = compute_evidence(images, weights, bias)
        figures.append(float(cross_entropies(evidence, images.labels).mean()))
        figures.append(float((evidence.argmax(axis=1) == images.labels).mean()))
    return Metrics(*figures)


def cross_entropies(evidence: Floats, labels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return each image's cross-entropy (n,) in nats, from evidence (n, 10) and labels (n,)."""
    above = evidence - evidence.max(axis=1, keepdims=True).astype(np.float64)
    own = above[np.arange(len(labels)), labels]
    losses: NDArray[np.float64] = np.log(np.exp(above).sum(axis=1)) - own
    return losses


def evaluate(model: Model, drawn: Images, seen: Images) -> Evaluation:
    """Tell what a model makes of test images.

    :param drawn: the images as they were drawn, which is how examples are kept
    :param seen: the same, normalised
    """
    evidence = compute_evidence(seen, model.weights, model.bias)
    probabilities = softmax(evidence)
    labels, digits, top = seen.labels, evidence.argmax(axis=1), probabilities.max(axis=1)
    right = digits == labels
    losses = cross_entropies(evidence, labels)
    confusion = np.zeros((DIGITS, DIGITS), np.int32)
    np.add.at(confusion, (labels, digits), 1)
    bins = bin_indices(top)
    counts = np.bincount(bins, minlength=BINS)
    some = np.maximum(counts, 1)
    kept = np.concatenate(
        [misread_examples(labels, digits, losses), correct_examples(labels, right)]
    )
    return Evaluation(
        name=model.name,
        card=EvaluationCard(
            model=model.digest,
            accuracy=model.card.test_accuracy,
            digit_accuracy=model.card.digit_accuracy,
            calibration_error=model.card.calibration_error,
            loss=float(losses.mean()),
        ),
        confusion=confusion,
        bin_counts=counts.astype(np.int32),
        bin_probability=(np.bincount(bins, top, BINS) / some).astype(np.float32),
        bin_right=(np.bincount(bins, right, BINS) / some).astype(np.float32),
        index=kept.astype(np.int32),
        label=labels[kept],
        digit=digits[kept].astype(np.uint8),
        probability=top[kept],
        loss=losses[kept].astype(np.float32),
        pixels=drawn.pixels[kept],
    )


def misread_examples(
    labels: NDArray[np.uint8], digits: NDArray[np.int64], losses: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return which images are misread, the worst first, MAX_MISREAD_EXAMPLES at most.

    Where there are more, each pair of label and answer gives its worst, then each its second worst,
    and so on: every kind of mistake is among them.
    """
    worst_first = np.argsort(-losses, kind="stable")
    misread: NDArray[np.int64] = worst_first[(digits != labels)[worst_first]]
    pairs = labels[misread].astype(np.int64) * DIGITS + digits[misread]
    rank = np.empty(len(misread), np.int64)
    for pair in np.unique(pairs):
        own = pairs == pair
        rank[own] = np.arange(own.sum())
    kept: NDArray[np.int64] = misread[
        np.sort(np.argsort(rank, kind="stable")[:MAX_MISREAD_EXAMPLES])
    ]
    return kept


def correct_examples(labels: NDArray[np.uint8], right: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the first MAX_CORRECT_EXAMPLES images of each digit that are read right."""
    return np.concatenate(
        [np.nonzero(right & (labels == digit))[0][:MAX_CORRECT_EXAMPLES] for digit in range(DIGITS)]
    )


def bin_indices(top: Floats) -> NDArray[np.intp]:
    """Tell in which of the BINS each top probability (n,) lies."""
    return np.minimum((top * BINS).astype(np.intp), BINS - 1)


def calibration_error(images: Images, weights: Floats, bias: Floats) -> float:
    """Return the expected calibration error: how far probability is from the fraction right.

    It is the mean, over images, of the distance between both in an image's bin of top probability.
    Source: C. Guo et al., "On calibration of modern neural networks", 2017.
    """
    top = softmax(compute_evidence(images, weights, bias)).max(axis=1)
    right = correct(images, weights, bias)
    gaps = np.bincount(bin_indices(top), weights=top - right, minlength=BINS)
    return float(np.abs(gaps).sum() / len(top))


def fit_temperature(images: Images, weights: Floats, bias: Floats) -> float:
    """Return by what to divide all evidence, so that the model is as often right as it says.

    It is the temperature at which, over images that W has not seen, the mean top probability is the
    fraction right. (That of the least cross-entropy leaves a larger calibration error here.)
    """
    evidence = compute_evidence(images, weights, bias)
    right = accuracy(images, weights, bias)

    def overconfidence(temperature: float) -> float:
        return float(softmax(evidence / np.float32(temperature)).max(axis=1).mean()) - right

    return float(min(TEMPERATURES, key=lambda temperature: abs(overconfidence(temperature))))
