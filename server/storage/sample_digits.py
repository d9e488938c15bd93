"""MNIST digits for the page: some test images, and the mean image of each digit.

They are stored in one NumPy archive, which `python -m training.data.sample_digits` writes: `pixels`
(n, 784) and `labels` (n,) of test images as drawn, and for each normalization NAME `mean_NAME`
(10, 784), the mean of each digit's normalized training images. All are bytes, ink = 255.
"""

import base64
import io
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from server.regression.normalization import NORMALIZATIONS
from server.system.atomic_write import write_atomically

FILE = Path(__file__).parent / "sample_digits.npz"

Bytes = NDArray[np.uint8]


class Digit(msgspec.Struct):
    """One of MNIST's test images: its label, and its 784 bytes (ink = 255) in base64."""

    label: int
    pixels: str


class SampleDigits(msgspec.Struct):
    """Some of MNIST's test images, and the mean training image of each digit.

    `means` has, for each normalization, ten images of 784 bytes (ink = 255) in base64.
    """

    digits: list[Digit]
    means: dict[str, list[str]]


def load_digits(path: Path = FILE) -> SampleDigits:
    """Return the file's images, encoded for JSON."""
    with np.load(path, allow_pickle=False) as archive:
        pixels, labels = archive["pixels"], archive["labels"]
        means = {name: archive[f"mean_{name}"] for name in NORMALIZATIONS}
    return SampleDigits(
        digits=[
            Digit(int(label), _encode(image)) for label, image in zip(labels, pixels, strict=True)
        ],
        means={name: [_encode(image) for image in images] for name, images in means.items()},
    )


def save_digits(pixels: Bytes, labels: Bytes, means: dict[str, Bytes], path: Path = FILE) -> None:
    """Write the file that `load_digits` reads.

    :param pixels: (n, 784) as drawn
    :param labels: (n,)
    :param means: (10, 784) for each normalization, by name
    :raise OSError: the file cannot be written; the old one stays
    """
    mean_arrays: dict[str, Any] = {f"mean_{name}": images for name, images in means.items()}
    archive = io.BytesIO()
    np.savez_compressed(archive, pixels=pixels, labels=labels, **mean_arrays)
    # The server does not start with a truncated file.
    write_atomically(path, archive.getvalue())


def _encode(image: Bytes) -> str:
    return base64.b64encode(image.tobytes()).decode("ascii")
