"""PNG images: heatmaps (red negative, white zero, blue positive) and greyscale."""

import base64

import numpy as np
from numpy.typing import NDArray

from server.regression.png import encode_png
from server.regression.shapes import Floats

NEGATIVE = (202, 0, 32)
POSITIVE = (5, 93, 190)

# Stripes: pixels per side of a value's square; the distance from one diagonal line to the next, and
# their width, in pixels; how far a line is from the square's colour, 0, to white, 1. The page's
# stripes, in `static/components/heatmap.js`, have the same.
_STRIPED_SIDE = 6
_LINE_DISTANCE = 2 * _STRIPED_SIDE
_LINE_WIDTH = 4
_LINE_STRENGTH = 0.85

# 127 shades on either side of white: all fit into a palette, one byte per pixel.
_SHADES = 127


def heatmap(values: Floats, limit: float, scale: int = 1) -> bytes:
    """Return values (height, width) as a PNG in which −limit is full red and +limit full blue.

    Values beyond the limit are clipped. Each value becomes a square of scale × scale pixels.
    """
    return encode_png(shades_of(values, limit).repeat(scale, 0).repeat(scale, 1), PALETTE)


def shades_of(values: Floats, limit: float) -> NDArray[np.uint8]:
    """Return values of any shape as numbers of colours in PALETTE."""
    shades = np.zeros(values.shape) if limit == 0 else values / limit * _SHADES
    return (np.rint(shades).clip(-_SHADES, _SHADES) + _SHADES).astype(np.uint8)


def striped_heatmap(values: Floats, limit: float) -> bytes:
    """Return a heatmap whose negative values have white diagonal stripes.

    They can be told from positive ones without colours: red and blue of equal strength look the
    same in grey. Each value becomes a square of 6×6 pixels.
    """
    squares = values.clip(-limit, limit).repeat(_STRIPED_SIDE, 0).repeat(_STRIPED_SIDE, 1)
    y, x = np.indices(squares.shape)
    is_line = (x + y) % _LINE_DISTANCE < _LINE_WIDTH
    strength = np.where(is_line & (squares < 0), 1 - _LINE_STRENGTH, 1)
    return heatmap(squares * strength, limit)


def greyscale(pixels: Floats) -> bytes:
    """Return pixels (height, width) in [0, 1] as a grey PNG: 0 black, 1 white, as in MNIST."""
    return encode_png(np.rint(pixels * 255).astype(np.uint8))


def data_uri(png: bytes) -> str:
    """Return a PNG as a data URI, for JSON and for the `src` of an image."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def _palette() -> NDArray[np.uint8]:
    shades = np.arange(-_SHADES, _SHADES + 1)[:, np.newaxis] / _SHADES
    full = np.where(shades < 0, NEGATIVE, POSITIVE)
    colours: NDArray[np.float64] = 255 + np.abs(shades) * (full - 255)
    return np.rint(colours).astype(np.uint8)


# From full red through white to full blue.
PALETTE = _palette()
