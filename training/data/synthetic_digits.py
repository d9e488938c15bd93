"""Synthetic digits: handwriting styles of different countries, generated at random.

MNIST's writers were Americans of the 1980s and 1990s. Other people slash zeros, cross sevens, and
write ones with a flag and a foot. Each digit is a prototype, bent, sheared and stretched at random,
and drawn with a round pen as on the page.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from server.regression.rasterizer import PEN_WIDTH, rasterize_all
from server.regression.shapes import DIGITS, PIXELS
from server.system.child_call import call_for_halves
from training.data.mnist import Bytes, Images
from training.data.prototypes import PROTOTYPES
from training.data.strokes import Points, deform, place_on_pad

# The range of the pen's width, as a fraction of the digit's longer side: with the thinnest one, the
# digit is just as large as the pad, and with the thickest one it fills half of it.
PEN_WIDTHS = (PEN_WIDTH / (1 - PEN_WIDTH), 0.2)


def synthesize_digits(count: int, seed: int) -> Images:
    """Return `count` digits, 0 to 9 in turn; the same seed gives the same digits."""
    labels = np.arange(count, dtype=np.uint8) % DIGITS
    drawings = list(draw_digits(labels, np.random.default_rng(seed)))
    return Images(np.concatenate(call_for_halves(rasterize_digits, drawings)), labels)


def rasterize_digits(drawings: Sequence[list[Points]]) -> Bytes:
    """Return the pixels (n, 784) of digits, ink = 255."""
    pixels = np.empty((len(drawings), PIXELS), np.uint8)
    for row, drawing in zip(pixels, rasterize_all(drawings), strict=True):
        # None only without ink on the pad.
        assert drawing is not None
        row[:] = drawing
    return pixels


def draw_digits(labels: NDArray[np.uint8], random: np.random.Generator) -> Iterator[list[Points]]:
    """Yield the strokes of a random digit for each label, in fractions of the pad's side."""
    for label in labels:
        strokes = deform(PROTOTYPES[label](random), random)
        yield place_on_pad(strokes, random.uniform(*PEN_WIDTHS))
