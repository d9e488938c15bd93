"""Generated training images."""

import numpy as np

from server.regression.shapes import DIGITS, PIXELS
from training.data.mnist import Images


def make_images(count: int, seed: int) -> Images:
    """Return images that are easy to classify: noise, and one white row at a height per label."""
    random = np.random.default_rng(seed)
    labels = random.integers(DIGITS, size=count).astype(np.uint8)
    pixels = random.integers(64, size=(count, 28, 28)).astype(np.uint8)
    pixels[np.arange(count), 2 * labels + 4] = 255
    return Images(pixels.reshape(count, PIXELS), labels)
