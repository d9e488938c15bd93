"""Features, distances from the training examples, and their limits."""

import numpy as np
import pytest

from server.regression.familiarity import (
    AXES,
    FEATURES,
    MAX_INK,
    SLASHED_ZERO,
    VARIANTS,
    Familiarity,
    features,
    residual,
)
from server.regression.prediction import predict
from server.regression.rasterizer import rasterize
from server.regression.regression import Regression, softmax
from server.regression.shapes import DIGITS, PIXELS, SIDE, Floats
from server.storage.model_file import MODELS, load_model
from training.data.mnist import Images
from training.data.synthetic_digits import synthesize_digits
from training.fitting.evaluation import TEMPERATURES, accuracy, calibration_error, fit_temperature
from training.fitting.familiarity import (
    SURE_FRACTION,
    fit_familiarity,
    fit_limit,
    learn_variants,
    sure_fraction,
    variants_of,
)

SYNTHETIC = synthesize_digits(1200, seed=0)
EXAMPLES = Images(SYNTHETIC.pixels[:800], SYNTHETIC.labels[:800])
UNSEEN = Images(SYNTHETIC.pixels[800:], SYNTHETIC.labels[800:])


def centroid_model(images: Images) -> Regression:
    """Return a nearest-mean classifier: evidence x·m − |m|²/2."""
    means = np.stack([images.intensities[images.labels == digit].mean(0) for digit in range(10)])
    return Regression(means.T.copy(), (-np.square(means).sum(axis=1) / 2).astype(np.float32))


@pytest.fixture(scope="module")
def fitted() -> tuple[Regression, Familiarity]:
    regression = centroid_model(EXAMPLES)
    return regression, fit_familiarity(learn_variants(EXAMPLES), UNSEEN, regression)


def test_ink_is_averaged_over_two_by_two_pixels() -> None:
    image = np.random.default_rng(0).random((SIDE, SIDE)).astype(np.float32)
    ink = features(image.reshape(PIXELS))[:196].reshape(14, 14)
    assert ink[2, 5] == pytest.approx(image[4:6, 10:12].mean(), rel=1e-5)


@pytest.mark.parametrize(("turns", "direction"), [(0, 4), (1, 0)])
def test_an_edge_counts_for_its_direction_alone(turns: int, direction: int) -> None:
    image = np.zeros((SIDE, SIDE), np.float32)
    image[14:] = 1
    found = features(np.rot90(image, turns).reshape(PIXELS))
    edges = np.abs(found[196:].reshape(8, 7, 7)[:, 1:-1, 1:-1]).sum(axis=(1, 2))
    assert edges.argmax() == direction
    assert edges[direction] == pytest.approx(edges.sum(), rel=1e-4)


def ramp(degrees: float) -> tuple[Floats, float]:
    """Return pixels (784,) that grow along a direction, and their change over two pixels."""
    rows, columns = np.mgrid[:SIDE, :SIDE] - SIDE // 2
    slope = np.cos(np.radians(degrees)) * columns + np.sin(np.radians(degrees)) * rows
    height = np.ptp(slope)
    return ((slope - slope.min()) / height).astype(np.float32).reshape(PIXELS), 2 / height


def inner_edges(pixels: Floats) -> Floats:
    """Return the mean feature (8,) of each direction, away from the border."""
    edges: Floats = features(pixels)[196:].reshape(8, 7, 7)[:, 2:5, 2:5].mean(axis=(1, 2))
    return edges


@pytest.mark.parametrize("degrees", [0, 5, 11.25, 22.5, 100, 160, 175, 185, 300])
def test_an_edge_is_the_sum_of_its_shares_in_the_two_nearest_directions(degrees: float) -> None:
    pixels, change = ramp(degrees)
    shares = inner_edges(pixels)
    # Edges count twice.
    gradient = 2 * change * np.exp(1j * np.radians(degrees))
    directions = np.exp(1j * np.pi / 8 * np.arange(9))
    first = int(degrees % 180 // 22.5)
    # The direction after the last one is the first one, reversed.
    total = shares[first] * directions[first] + shares[(first + 1) % 8] * directions[first + 1]
    assert total == pytest.approx(gradient if degrees < 180 else -gradient, rel=2e-3)
    others = np.delete(shares, [first, (first + 1) % 8])
    assert np.allclose(others, 0, atol=1e-4)


def test_features_of_many_are_those_of_each() -> None:
    intensities = EXAMPLES.intensities[:5]
    each = np.stack([features(image) for image in intensities])
    assert np.allclose(features(intensities), each)
    assert each.shape == (5, FEATURES)


def test_a_residual_is_the_distance_from_the_axes() -> None:
    axes = np.array([[1], [0], [0]], np.float32)
    differences = np.array([[5, 3, 4], [2, 0, 0]], np.float32)
    assert residual(differences, differences @ axes).tolist() == [5, 0]


def test_axes_are_orthonormal_and_rounded_as_in_the_file(
    fitted: tuple[Regression, Familiarity],
) -> None:
    axes = fitted[1].axes
    for variant in range(VARIANTS):
        assert np.allclose(axes[variant].T @ axes[variant], np.eye(AXES), atol=0.01)
    assert np.array_equal(axes, axes.astype(np.float16).astype(np.float32))


def test_the_target_fraction_of_digits_is_answered_surely(
    fitted: tuple[Regression, Familiarity],
) -> None:
    assert sure_fraction(UNSEEN, *fitted) == pytest.approx(SURE_FRACTION, abs=0.005)


@pytest.mark.parametrize(
    ("probable", "limit"), [(1000, 972), (980, 972), (972, 972), (900, 900), (1, 1), (0, 1)]
)
def test_the_limit_ignores_images_that_are_not_probable(probable: int, limit: float) -> None:
    distances = np.arange(1, 1001, dtype=np.float64)
    assert fit_limit(distances, distances <= probable) == pytest.approx(limit, abs=1)


def test_noise_is_beyond_every_limit_and_digits_are_within(
    fitted: tuple[Regression, Familiarity],
) -> None:
    regression, familiarity = fitted
    random = np.random.default_rng(0)
    noise = random.integers(256, size=(50, PIXELS)).astype(np.uint8)
    assert sure_fraction(Images(noise, np.zeros(50, np.uint8)), regression, familiarity) == 0
    distances = [
        familiarity.distances(features(pixels), int(label))
        for pixels, label in zip(EXAMPLES.intensities, EXAMPLES.labels, strict=True)
    ]
    assert np.mean(np.array(distances) <= 1) > 0.95


def test_a_zero_with_ink_in_its_middle_is_another_variant() -> None:
    pixels = np.zeros((3, SIDE, SIDE), np.uint8)
    pixels[1:, 13:15] = 255
    images = Images(pixels.reshape(3, PIXELS), np.array([0, 0, 7], np.uint8))
    assert variants_of(images).tolist() == [0, SLASHED_ZERO, 7]


def two_zeros() -> tuple[Familiarity, Floats]:
    """Return variants without axes, and the mean features of the 0 with a slash: only edges."""
    slashed = np.zeros(FEATURES, np.float32)
    slashed[196:] = 5
    means = np.zeros((VARIANTS, FEATURES), np.float32)
    means[SLASHED_ZERO] = slashed
    axes = np.zeros((VARIANTS, FEATURES, AXES), np.float32)
    return Familiarity(means, axes, np.full(VARIANTS, 1e3, np.float32)), slashed


def test_the_distance_of_a_digit_is_that_of_its_nearest_variant() -> None:
    familiarity, slashed = two_zeros()
    paper = np.zeros(FEATURES, np.float32)
    assert familiarity.distances(paper, 0) == 0
    assert familiarity.distances(slashed, 0) == 0
    assert familiarity.distances(slashed, 1) > 0


def test_more_ink_than_any_digit_has_is_beyond_the_limit() -> None:
    familiarity, _ = two_zeros()
    vectors = np.stack(
        [features(np.full(PIXELS, ink, np.float32)) for ink in (MAX_INK - 0.01, MAX_INK + 0.01)]
    )
    distances = familiarity.distances(vectors, 0)
    assert distances[0] <= 1 < distances[1]
    assert familiarity.distances_one_by_one(vectors, [0, 0]) == pytest.approx(distances)


@pytest.mark.parametrize("name", sorted(path.stem for path in MODELS.glob("*.npz")))
def test_no_model_is_sure_what_a_dot_is(name: str) -> None:
    model = load_model(MODELS / f"{name}.npz")
    for x, y in [(0.5, 0.5), (0.2, 0.7)]:
        drawn = rasterize([[(x, y)]])
        assert drawn is not None
        assert not predict(model, drawn.astype(np.float32) / 255, frozenset()).sure


def test_without_examples_of_a_digit_all_limits_are_finite() -> None:
    ones = EXAMPLES.labels == 1
    only = Images(EXAMPLES.pixels[ones], EXAMPLES.labels[ones])
    familiarity = fit_familiarity(learn_variants(only), only, centroid_model(EXAMPLES))
    assert np.isfinite(familiarity.limits).all()
    assert (familiarity.limits > 0).all()


def test_with_fewer_examples_than_axes_all_limits_are_finite() -> None:
    few = Images(EXAMPLES.pixels[:50], EXAMPLES.labels[:50])
    familiarity = fit_familiarity(learn_variants(few), UNSEEN, centroid_model(EXAMPLES))
    assert np.isfinite(familiarity.limits).all()
    assert familiarity.limits.max() < 100


def overconfident_model(factor: float) -> tuple[Images, Regression]:
    """Make labels that follow a model's own probabilities, and that model's evidence × factor."""
    random = np.random.default_rng(0)
    pixels = random.integers(256, size=(4000, PIXELS)).astype(np.uint8)
    weights = np.zeros((PIXELS, DIGITS), np.float32)
    weights[:DIGITS] = np.eye(DIGITS) * 4
    chances = softmax(pixels / np.float32(255) @ weights)
    labels = (chances.cumsum(axis=1) > random.random((4000, 1))).argmax(axis=1)
    overconfident = Regression(weights * np.float32(factor), np.zeros(DIGITS, np.float32))
    return Images(pixels, labels.astype(np.uint8)), overconfident


@pytest.mark.parametrize("factor", [0.5, 1, 2])
def test_the_temperature_undoes_over_and_underconfidence(factor: float) -> None:
    images, regression = overconfident_model(factor)
    temperature = fit_temperature(images, regression)
    assert temperature == pytest.approx(factor, rel=0.1)
    calibrated = calibration_error(images, regression.divided_by(temperature))
    assert calibrated < 0.03
    if factor != 1:
        assert calibration_error(images, regression) > 3 * calibrated


@pytest.mark.parametrize("factor", [0.01, 0.7, 1.3, 100])
def test_no_other_temperature_is_better(factor: float) -> None:
    images, regression = overconfident_model(factor)
    evidence = images.intensities @ regression.weights
    target = accuracy(images, regression)

    def gap(temperature: float) -> float:
        tops = softmax(evidence / np.float32(temperature)).max(axis=1)
        return abs(float(tops.mean()) - target)

    assert fit_temperature(images, regression) == min(TEMPERATURES, key=gap)


def test_the_calibration_error_of_a_model_that_is_always_wrong_and_sure_is_one() -> None:
    images = Images(np.full((4, PIXELS), 255, np.uint8), np.ones(4, np.uint8))
    bias = np.zeros(DIGITS, np.float32)
    bias[0] = 100
    weights = np.zeros((PIXELS, DIGITS), np.float32)
    assert calibration_error(images, Regression(weights, bias)) == pytest.approx(1)
