"""The real digits that come with the demo: chosen from MNIST, and averaged."""

import base64
from pathlib import Path

import numpy as np

from server.regression.normalization import NORMALIZATIONS
from server.storage.sample_digits import load_digits, save_digits
from training.data.mnist import Images
from training.data.sample_digits import EXAMPLES, first_of_each, mean_digits


def test_the_first_images_of_each_label_are_chosen_by_label() -> None:
    labels = np.tile(np.arange(10, dtype=np.uint8)[::-1], EXAMPLES + 1)
    pixels = np.arange(len(labels), dtype=np.uint8)[:, np.newaxis]
    chosen = first_of_each(Images(pixels, labels))
    assert chosen.labels.tolist() == sorted([*range(10)] * EXAMPLES)
    assert chosen.pixels[:EXAMPLES, 0].tolist() == [9, 19, 29, 39, 49]


def test_a_mean_digit_is_the_mean_of_its_labels_images() -> None:
    labels = np.repeat(np.arange(10, dtype=np.uint8), 2)
    pixels = np.array([[label, 3 * label] for label in labels], np.uint8)
    pixels[1::2] += 2
    expected = [[label + 1, 3 * label + 1] for label in range(10)]
    assert mean_digits(Images(pixels, labels)).tolist() == expected


def test_the_file_keeps_every_byte(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    pixels = random.integers(256, size=(3, 784), dtype=np.uint8)
    means = {name: random.integers(256, size=(10, 784), dtype=np.uint8) for name in NORMALIZATIONS}
    save_digits(pixels, np.array([7, 2, 1], np.uint8), means, tmp_path / "digits.npz")
    found = load_digits(tmp_path / "digits.npz")
    assert [digit.label for digit in found.digits] == [7, 2, 1]
    assert [base64.b64decode(digit.pixels) for digit in found.digits] == [
        image.tobytes() for image in pixels
    ]
    assert [base64.b64decode(mean) for mean in found.means["moments"]] == [
        image.tobytes() for image in means["moments"]
    ]
