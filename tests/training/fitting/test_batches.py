"""Augmented batches: digits changed at random for every step."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import tensorflow as tf

from server.regression.shapes import DIGITS, PIXELS, SIDE
from server.regression.transformations import TRANSFORMATIONS
from tests.training.images import make_images
from training.data.examples import normalize_images
from training.data.mnist import Images
from training.fitting.batches import (
    MAX_CHANGES,
    augment,
    augmented_batches,
    batch_indices,
    batch_source,
)
from training.settings.recipe import RECIPES, Recipe

WHOLE = slice(None)
STREAMED = replace(RECIPES["tutorial"], steps=6, batch_size=50, augmented=True)


@pytest.fixture(scope="module")
def images() -> Images:
    return make_images(200, 1)


def take(images: Images, recipe: Recipe, seed: int = 0, share: slice = WHOLE) -> list[Images]:
    """Return the first batches of a stream, at most six."""
    stream = augmented_batches(images.pixels, images.labels, recipe, seed, share)
    return [
        Images(pixels[:, 0], truth.argmax(axis=1).astype(np.uint8))
        for pixels, truth in islice(stream.as_numpy_iterator(), 6)
    ]


def test_augmentation_does_not_change_which_examples_are_in_a_batch(
    images: Images,
) -> None:
    rows = np.concatenate(list(batch_indices(images.labels, STREAMED, 0)))
    batches = take(images, STREAMED)
    assert len(batches) == len(rows)
    for batch, row in zip(batches, rows, strict=True):
        assert np.array_equal(batch.labels, images.labels[row])
        assert batch.pixels.shape == (50, PIXELS)
        # Changed, but each image is still more similar to its original than to another image.
        ink = images.pixels[row]
        own, other = (
            np.corrcoef(batch.pixels.ravel(), pictures.ravel())[0, 1]
            for pictures in (ink, np.roll(ink, 1, axis=0))
        )
        assert other + 0.05 < own < 0.95


def test_the_same_seed_gives_the_same_images_and_no_image_is_repeated(images: Images) -> None:
    pixels = np.concatenate([batch.pixels for batch in take(images, STREAMED)])
    again = np.concatenate([batch.pixels for batch in take(images, STREAMED)])
    other = np.concatenate([batch.pixels for batch in take(images, STREAMED, seed=1)])
    assert np.array_equal(pixels, again)
    assert not np.array_equal(pixels, other)
    assert len(np.unique(pixels, axis=0)) == len(pixels) == 300


def test_the_workers_shares_make_up_the_batch(images: Images) -> None:
    shares = [take(images, STREAMED, share=slice(worker, None, 3)) for worker in range(3)]
    for batch, *parts in zip(take(images, STREAMED), *shares, strict=True):
        for worker, part in enumerate(parts):
            assert np.array_equal(part.pixels, batch.pixels[worker::3])
            assert np.array_equal(part.labels, batch.labels[worker::3])


def test_augmented_images_have_the_servers_normalization(images: Images) -> None:
    normalized = take(images, replace(STREAMED, normalization="moments"))
    for drawn, batch in zip(take(images, STREAMED), normalized, strict=True):
        assert np.array_equal(batch.pixels, normalize_images(drawn, "moments").pixels)


def test_a_stream_starts_without_delay_whatever_its_length(images: Images) -> None:
    assert len(take(images, replace(STREAMED, steps=10**9))) == 6


def changed(picture: np.ndarray, **by: float) -> np.ndarray:
    """Change a picture (28, 28) by amounts, in units of `MAX_CHANGES`."""
    names = ("right", "down", "turn", "slant", "wide", "high")
    changes = np.array([[by.get(name, 0) for name in names]], np.float32) / MAX_CHANGES
    result = augment(tf.constant(picture[np.newaxis, :, :, np.newaxis]), tf.constant(changes))
    return np.asarray(result).reshape(SIDE, SIDE)


def spread(picture: np.ndarray) -> np.ndarray:
    """Return the covariance of x and y over a picture's ink."""
    y, x = np.indices(picture.shape)
    return np.cov(np.stack([x.ravel(), y.ravel()]), aweights=picture.ravel().astype(float))


def test_each_change_of_an_image_matches_its_name() -> None:
    picture = np.zeros((SIDE, SIDE), np.uint8)
    picture[9:19, 11:17] = 200
    before = spread(picture)
    assert np.array_equal(changed(picture), picture)
    assert np.array_equal(changed(picture, right=2), np.roll(picture, 2, axis=1))
    assert np.array_equal(changed(picture, down=1), np.roll(picture, 1, axis=0))
    wide, high = changed(picture, wide=0.15), changed(picture, high=0.15)
    assert spread(wide)[0, 0] / before[0, 0] == pytest.approx(np.exp(0.3), rel=0.1)
    assert spread(high)[1, 1] / before[1, 1] == pytest.approx(np.exp(0.3), rel=0.1)
    # Sheared to the right at the top, where y is small.
    slanted = spread(changed(picture, slant=0.25))
    assert slanted[0, 1] / slanted[1, 1] == pytest.approx(-0.25, rel=0.1)
    turned = np.linalg.eigh(spread(changed(picture, turn=0.15)))[1][:, 1]
    assert abs(turned[0] / turned[1]) == pytest.approx(np.tan(0.15), rel=0.1)


def test_the_digits_of_a_stream_are_those_of_the_images(images: Images) -> None:
    labels = np.concatenate([batch.labels for batch in take(images, STREAMED)])
    expected = 300 * np.bincount(images.labels, minlength=DIGITS) / len(images.labels)
    assert np.abs(np.bincount(labels, minlength=DIGITS) - expected).max() <= 6


@pytest.mark.parametrize("augmented", [False, True])
def test_batches_have_each_image_after_each_rotation(images: Images, *, augmented: bool) -> None:
    recipe = replace(STREAMED, augmented=augmented, transformations="small", steps=1)
    source = batch_source(images.pixels, images.labels, recipe, 0, slice(None))
    (batch,) = next(batch_indices(images.labels, recipe, 0))
    pixels, _ = source(tf.constant(batch))
    choices = TRANSFORMATIONS["small"]
    assert pixels.shape == (50, len(choices.rotations), PIXELS)
    first = pixels.numpy()[0].astype(np.float32)
    if not augmented:
        assert np.array_equal(first[0], images.pixels[batch[0]])
    expected = choices.rotation_matrices @ first[0]
    assert np.abs(first - expected).max() <= 0.5001
