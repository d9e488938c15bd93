"""Synthetic digits: handwriting styles of different countries, generated at random.

MNIST's writers were Americans of the 1980s and 1990s. Other people slash zeros, cross sevens, and
write ones with a flag and a foot. Each digit is a prototype, bent, sheared and stretched at random,
and drawn with a round pen as on the page.
"""

import numpy as np

from server.regression.shapes import DIGITS, PIXELS
from training.data.mnist import Images
from training.data.prototypes import PROTOTYPES
from training.data.strokes import deform, draw

# The range of the pen's width, as a fraction of the digit's longer side. On the page the pen is 8 %
# of the pad, and people's digits fill 40 to 100 % of the pad.
PEN_WIDTHS = (0.08, 0.2)


def synthesize_digits(count: int, seed: int) -> Images:
    """Return `count` digits, 0 to 9 in turn; the same seed gives the same digits."""
    random = np.random.default_rng(seed)
    labels = np.arange(count, dtype=np.uint8) % DIGITS
    pixels = np.empty((count, PIXELS), np.uint8)
    for row, label in zip(pixels, labels, strict=True):
        row[:] = draw(deform(PROTOTYPES[label](random), random), random.uniform(*PEN_WIDTHS))
    return Images(pixels, labels)
