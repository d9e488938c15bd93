"""Pictures of numbers: red is negative, blue is positive, white is zero."""

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from server.regression.shapes import Floats

NEGATIVE = (202, 0, 32)
POSITIVE = (5, 93, 190)

# 127 shades on either side of white: a heatmap's PNG then needs one byte a pixel.
_SHADES = 127


def heatmap(values: Floats, limit: float, scale: int = 1) -> bytes:
    """Draw values (height, width) as a PNG in which −limit is full red and +limit full blue.

    Maps drawn with the same limit can be compared; what lies beyond it is shown as the limit. A
    value becomes a square of scale × scale pixels.
    """
    return _png(heatmap_image(values, limit, scale))


def heatmap_image(values: Floats, limit: float, scale: int = 1) -> Image.Image:
    """Draw the same as a picture in memory."""
    shades = np.zeros(values.shape) if limit == 0 else values / limit * _SHADES
    indices = (np.rint(shades).clip(-_SHADES, _SHADES) + _SHADES).astype(np.uint8)
    image = Image.fromarray(indices)
    image.putpalette(_PALETTE)
    if scale != 1:
        image = image.resize((image.width * scale, image.height * scale), Image.Resampling.NEAREST)
    return image


def picture(pixels: Floats) -> bytes:
    """Draw pixels (height, width) in [0, 1] as a grey PNG: 0 black, 1 white, as in MNIST."""
    return _png(Image.fromarray(np.rint(pixels * 255).astype(np.uint8)))


def data_uri(png: bytes) -> str:
    """Wrap a PNG so that it can stand in JSON and in an image's src."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def _palette() -> bytes:
    shades = np.arange(-_SHADES, _SHADES + 1)[:, np.newaxis] / _SHADES
    full = np.where(shades < 0, NEGATIVE, POSITIVE)
    colours: NDArray[np.float64] = 255 + np.abs(shades) * (full - 255)
    return np.rint(colours).astype(np.uint8).tobytes()


_PALETTE = _palette()


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()
