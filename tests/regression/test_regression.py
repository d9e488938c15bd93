"""The arithmetic of softmax regression, with and without transformations."""

import numpy as np
import pytest

from server.regression.regression import Regression, softmax
from server.regression.shapes import DIGITS, PIXELS, SIDE, Floats
from server.regression.transformations import (
    TRANSFORMATIONS,
    Transformation,
    TransformationSet,
)

SMALL = TRANSFORMATIONS["small"]


def in_corner(values: list[list[float]]) -> Floats:
    """Return an array (784, 10) of zeros with these values in its first rows and columns."""
    array = np.zeros((PIXELS, DIGITS), np.float32)
    array[: len(values), : len(values[0])] = values
    return array


# Weights of four pixels and two digits: few enough to check by hand.
BY_HAND = Regression(
    in_corner([[1, -1], [2, 0], [0, 3], [-1, 1]]),
    in_corner([[0.5, -0.5]])[0],
)
IMAGE = in_corner([[1], [0.5], [0.25]])[:, 0]


@pytest.fixture(scope="module")
def pooled() -> Regression:
    random = np.random.default_rng(0)
    weights = random.normal(size=(PIXELS, DIGITS)).astype(np.float32)
    return Regression(weights, random.normal(size=DIGITS).astype(np.float32), "small")


@pytest.fixture(scope="module")
def images() -> Floats:
    """Seven smooth random images (7, 784)."""
    coarse = np.random.default_rng(1).random((7, 7, 7)).astype(np.float32)
    return coarse.repeat(4, axis=1).repeat(4, axis=2).reshape(7, PIXELS)


def test_evidence_is_a_weighted_sum_and_the_bias() -> None:
    # 1·1 + 0.5·2 + 0.5 = 2.5 and 1·(−1) + 0.25·3 − 0.5 = −0.75
    assert BY_HAND.evidence(IMAGE)[:2].tolist() == [2.5, -0.75]


def test_without_transformations_every_digit_gets_the_pixels_as_they_are() -> None:
    assert (BY_HAND.inputs(IMAGE) == IMAGE).all()


def test_with_transformations_the_evidence_is_the_most_of_all(
    pooled: Regression, images: Floats
) -> None:
    every = SMALL.transform(images[0], range(75))
    expected = (every @ pooled.weights).max(axis=0) + pooled.bias
    assert pooled.evidence(images[0]) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("transformations", ["none", "small"])
def test_products_of_inputs_and_weights_add_up_to_the_evidence(
    pooled: Regression, images: Floats, transformations: str
) -> None:
    regression = Regression(pooled.weights, pooled.bias, transformations)
    for image in images:
        products = regression.inputs(image) * regression.weights.T
        total = products.sum(axis=1) + regression.bias
        assert total == pytest.approx(regression.evidence(image), rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("transformations", ["none", "small"])
def test_evidence_is_the_same_bit_for_bit_alone_and_in_any_batch(
    pooled: Regression, images: Floats, transformations: str
) -> None:
    regression = Regression(pooled.weights, pooled.bias, transformations)
    alone = np.stack([regression.evidence(image) for image in images])
    for count in range(1, 8):
        assert np.array_equal(regression.evidence(images[:count]), alone[:count])
        assert np.array_equal(regression.evidence(images[-count:]), alone[-count:])
    assert np.allclose(regression.evidence_of_batch(images), alone, rtol=1e-4)


def test_division_divides_all_evidence(pooled: Regression, images: Floats) -> None:
    expected = pooled.evidence(images) / 2
    assert pooled.divided_by(2).evidence(images) == pytest.approx(expected, rel=1e-5)


def test_each_digit_chooses_for_itself() -> None:
    image = np.zeros((SIDE, SIDE), np.float32)
    image[10:12, 14] = 1
    weights = np.zeros((SIDE, SIDE, DIGITS), np.float32)
    weights[10:12, 16, 3] = 1
    weights[8:10, 14, 4] = 1
    regression = Regression(weights.reshape(PIXELS, DIGITS), np.zeros(DIGITS, np.float32), "small")
    chosen = [SMALL.transformations[number] for number in regression.chosen(image.ravel())]
    assert (chosen[3].right, chosen[4].down) == (2, -2)
    # Where all give the same evidence, the image stays as it is.
    assert chosen[0] == Transformation()


def test_small_transformations_are_all_combinations_and_begin_with_none() -> None:
    assert len(set(SMALL.transformations)) == 75
    assert SMALL.transformations[0] == Transformation()
    for name, values in [
        ("right", {-2, -1, 0, 1, 2}),
        ("down", {-2, -1, 0, 1, 2}),
        ("rotation", {-8, 0, 8}),
    ]:
        assert {getattr(one, name) for one in SMALL.transformations} == values


def transform(image: Floats, rotation: float = 0, right: int = 0, down: int = 0) -> Floats:
    choices = TransformationSet((0, rotation), (0, right, down))
    wanted = Transformation(rotation=rotation, right=right, down=down)
    number = choices.transformations.index(wanted)
    return choices.transform(image.reshape(PIXELS), [number]).reshape(SIDE, SIDE)


def test_shifts_are_to_the_right_and_down() -> None:
    image = np.zeros((SIDE, SIDE), np.float32)
    image[5, 7] = 1
    assert np.argwhere(transform(image, right=2, down=3)).tolist() == [[8, 9]]
    assert np.argwhere(transform(image, right=-7, down=-5)).tolist() == [[0, 0]]
    # What leaves the image is lost.
    assert transform(image, right=-8).sum() == transform(image, down=23).sum() == 0


def test_a_rotation_is_clockwise() -> None:
    image = np.zeros((SIDE, SIDE), np.float32)
    image[13:15, 20:22] = 1
    turned = transform(image, rotation=90)
    assert turned[20:22, 13:15] == pytest.approx(np.ones((2, 2)), abs=1e-5)
    assert turned.sum() == pytest.approx(4, abs=1e-4)


def test_a_rotation_is_interpolated_and_leaves_the_corners_empty() -> None:
    turned = transform(np.ones((SIDE, SIDE), np.float32), rotation=8)
    assert turned[4:24, 4:24] == pytest.approx(np.ones((20, 20)), abs=1e-5)
    assert turned[0, 0] == turned[-1, -1] == 0


def test_transformed_weights_give_the_products_with_transformed_pixels(
    pooled: Regression, images: Floats
) -> None:
    products = (images[2] @ pooled.transformed_weights).reshape(75, DIGITS)
    expected = SMALL.transform(images[2], range(75)) @ pooled.weights
    assert products == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_without_transformations_the_weights_stay_the_same_bits(pooled: Regression) -> None:
    plain = Regression(pooled.weights, pooled.bias)
    assert np.array_equal(plain.transformed_weights, plain.weights)


def test_softmax_turns_one_more_unit_of_evidence_into_odds_of_e() -> None:
    probabilities = softmax(np.array([3, 2], np.float32))
    assert probabilities.sum() == pytest.approx(1)
    assert probabilities[0] / probabilities[1] == pytest.approx(np.e, rel=1e-6)


def test_softmax_survives_evidence_whose_exponential_overflows() -> None:
    assert softmax(np.array([1000, 0], np.float32)).tolist() == [1, 0]
