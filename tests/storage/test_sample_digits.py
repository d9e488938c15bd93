"""The real digits that come with the demo: chosen from MNIST, and averaged."""

import base64
import errno
import sys
from pathlib import Path

import numpy as np
import pytest

from server.regression.normalization import NORMALIZATIONS
from server.storage.sample_digits import load_digits, save_digits
from tests.support.limits import no_room_beyond
from tests.training.images import make_images
from training.data import sample_digits
from training.data.mnist import Dataset, Images
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


def test_on_a_full_disk_the_old_file_stays(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    path = tmp_path / "digits.npz"
    means = {name: np.zeros((10, 784), np.uint8) for name in NORMALIZATIONS}
    save_digits(np.zeros((1, 784), np.uint8), np.array([7], np.uint8), means, path)
    before = path.read_bytes()
    many = random.integers(256, size=(100, 784), dtype=np.uint8)
    with no_room_beyond(50_000), pytest.raises(OSError, match="File too large"):
        save_digits(many, np.zeros(100, np.uint8), means, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_the_command_reports_a_file_that_cannot_be_written_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    images = make_images(100, 1)
    dataset = Dataset(images, images, images, {})

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "sample_digits.npz")

    monkeypatch.setattr(sample_digits, "load_or_exit", lambda _folder: dataset)
    monkeypatch.setattr(sample_digits, "save_digits", refuse)
    monkeypatch.setattr(sys, "argv", ["sample_digits"])
    with pytest.raises(SystemExit) as stop:
        sample_digits.main()
    assert isinstance(stop.value.code, str)
    assert len(stop.value.code.splitlines()) == 1
    assert "No space left on device" in stop.value.code
