"""Evaluation of a regression in NumPy: loss, accuracy, calibration, confusion matrix, examples."""

import os
from bisect import bisect_left
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from server.regression.model import Model
from server.regression.regression import Regression, softmax
from server.regression.shapes import DIGITS, Floats
from server.storage.evaluation import BINS, Evaluation, EvaluationCard
from training.data.mnist import Images

# How many training images are evaluated during a training: as many as validation images.
MONITORED_IMAGES = 5_000

# The mean cross-entropy in nats of ten equal probabilities.
GUESSING_LOSS = float(np.log(DIGITS))

# How many test images are saved as examples: correct ones of each digit, and misread ones in total.
MAX_CORRECT_EXAMPLES = 12
MAX_MISREAD_EXAMPLES = 1_000

# The temperatures that calibration tries.
TEMPERATURES = np.geomspace(0.25, 4, 401)


def compute_evidence(images: Images, regression: Regression) -> Floats:
    """Return the evidence (n, 10) of normalized images, computed on all processors."""
    processors = os.cpu_count() or 1
    with ThreadPoolExecutor(processors) as threads:
        evidence = [
            part
            for chunk in images.chunks
            for part in threads.map(
                regression.evidence_of_batch, np.array_split(chunk.intensities, processors)
            )
        ]
    return np.concatenate(evidence)


def is_correct(images: Images, regression: Regression) -> NDArray[np.bool_]:
    """Tell for each normalized image (n,) whether its label has the most evidence."""
    matches: NDArray[np.bool_] = (
        compute_evidence(images, regression).argmax(axis=1) == images.labels
    )
    return matches


def accuracy(images: Images, regression: Regression) -> float:
    """Return the fraction of normalized images that are classified correctly."""
    return float(is_correct(images, regression).mean())


def digit_accuracy(images: Images, regression: Regression) -> list[float]:
    """Return the accuracy on each digit's normalized images (10,); 0 for a digit without images."""
    correct = np.bincount(images.labels[is_correct(images, regression)], minlength=DIGITS)
    total = np.bincount(images.labels, minlength=DIGITS)
    return [float(rate) for rate in correct / np.maximum(total, 1)]


class Metrics(NamedTuple):
    """Loss (mean cross-entropy in nats) and accuracy on training and validation images."""

    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float


def monitored_images(train: Images) -> Images:
    """Return the training images that are evaluated during a training."""
    return train.select(slice(MONITORED_IMAGES))


def measure(train: Images, validation: Images, regression: Regression) -> Metrics:
    """Return the metrics of a regression on normalized training and validation images."""
    metrics: list[float] = []
    for images in (train, validation):
        evidence = compute_evidence(images, regression)
        metrics.append(float(cross_entropies(evidence, images.labels).mean()))
        metrics.append(float((evidence.argmax(axis=1) == images.labels).mean()))
    return Metrics(*metrics)


def cross_entropies(evidence: Floats, labels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return each image's cross-entropy (n,) in nats, from evidence (n, 10) and labels (n,)."""
    shifted = evidence - evidence.max(axis=1, keepdims=True).astype(np.float64)
    of_label = shifted[np.arange(len(labels)), labels]
    losses: NDArray[np.float64] = np.log(np.exp(shifted).sum(axis=1)) - of_label
    return losses


def evaluate(model: Model, original: Images, normalized: Images) -> Evaluation:
    """Return a model's confusion matrix, reliability bins and example images.

    :param original: test images; the examples are saved in this form
    :param normalized: the same images, normalized, as the model gets them
    """
    evidence = compute_evidence(normalized, model.regression)
    probabilities = softmax(evidence)
    labels, digits, top = normalized.labels, evidence.argmax(axis=1), probabilities.max(axis=1)
    correct = digits == labels
    losses = cross_entropies(evidence, labels)
    confusion = np.zeros((DIGITS, DIGITS), np.int32)
    np.add.at(confusion, (labels, digits), 1)
    bins = bin_indices(top)
    counts = np.bincount(bins, minlength=BINS)
    divisors = np.maximum(counts, 1)
    selected = np.concatenate(
        [misread_examples(labels, digits, losses), correct_examples(labels, correct)]
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
        bin_probability=(np.bincount(bins, top, BINS) / divisors).astype(np.float32),
        bin_right=(np.bincount(bins, correct, BINS) / divisors).astype(np.float32),
        index=selected.astype(np.int32),
        label=labels[selected],
        digit=digits[selected].astype(np.uint8),
        probability=top[selected],
        loss=losses[selected].astype(np.float32),
        pixels=original.pixels[selected],
    )


def misread_examples(
    labels: NDArray[np.uint8], digits: NDArray[np.int64], losses: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return the indices of misread images, highest loss first, at most MAX_MISREAD_EXAMPLES.

    If there are more, they are selected in turn: from each pair of label and digit the one with the
    highest loss, then the second highest, and so on, so that every kind of mistake is included.

    :param labels: (n,), as are the predicted digits and the losses in nats
    """
    worst_first = np.argsort(-losses, kind="stable")
    misread: NDArray[np.int64] = worst_first[(digits != labels)[worst_first]]
    pairs = labels[misread].astype(np.int64) * DIGITS + digits[misread]
    rank = np.empty(len(misread), np.int64)
    for pair in np.unique(pairs):
        is_pair = pairs == pair
        rank[is_pair] = np.arange(is_pair.sum())
    selected: NDArray[np.int64] = misread[
        np.sort(np.argsort(rank, kind="stable")[:MAX_MISREAD_EXAMPLES])
    ]
    return selected


def correct_examples(labels: NDArray[np.uint8], correct: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the indices of the first MAX_CORRECT_EXAMPLES correct images of each digit."""
    return np.concatenate(
        [
            np.nonzero(correct & (labels == digit))[0][:MAX_CORRECT_EXAMPLES]
            for digit in range(DIGITS)
        ]
    )


def bin_indices(top: Floats) -> NDArray[np.intp]:
    """Return the bin, 0 to BINS − 1, of each top probability (n,)."""
    return np.minimum((top * BINS).astype(np.intp), BINS - 1)


def calibration_error(images: Images, regression: Regression) -> float:
    """Return the expected calibration error (ECE) on normalized images, in [0, 1].

    This is the mean over bins of |mean top probability − accuracy|, weighted by images in each bin.
    Source: C. Guo et al., "On calibration of modern neural networks", 2017.
    """
    top = softmax(compute_evidence(images, regression)).max(axis=1)
    correct = is_correct(images, regression)
    gaps = np.bincount(bin_indices(top), weights=top - correct, minlength=BINS)
    return float(np.abs(gaps).sum() / len(top))


def fit_temperature(images: Images, regression: Regression) -> float:
    """Return the temperature for temperature scaling: the divisor of all evidence.

    With this temperature, the mean top probability on normalized validation images equals their
    accuracy. Minimal cross-entropy, the usual criterion, gives a larger calibration error here.
    """
    evidence = compute_evidence(images, regression)
    target = accuracy(images, regression)

    def overconfidence(temperature: float) -> float:
        return float(softmax(evidence / np.float32(temperature)).max(axis=1).mean()) - target

    # Overconfidence falls as the temperature rises, so one of the two around its zero is the best.
    above = bisect_left(
        TEMPERATURES, True, key=lambda temperature: overconfidence(temperature) <= 0
    )
    nearest = TEMPERATURES[max(0, above - 1) : above + 1]
    return float(min(nearest, key=lambda temperature: abs(overconfidence(temperature))))
