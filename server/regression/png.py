"""PNG files of 8-bit pixels.

An answer with all images has eleven small ones. Encoding them with Pillow takes three times as
long.
Source: https://www.w3.org/TR/png-3/
"""

import struct
import zlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"

# Bits per pixel, and the two colour types that are needed.
_DEPTH = 8
_GREYSCALE = 0
_INDEXED = 3

# Of the levels that compress, the fastest: higher ones make a heatmap smaller by less than 1 %.
_LEVEL = 1

# An image of no more pixels is not compressed. For 28 × 28 pixels that would take ten times as long
# as the rest of the encoding, and make the file a quarter smaller.
_SMALL = 32 * 32


def encode_png(pixels: NDArray[np.uint8], palette: NDArray[np.uint8] | None = None) -> bytes:
    """Return pixels (height, width) as a PNG.

    :param palette: the colours (n, 3) whose numbers the pixels are; without it, the pixels are
        intensities, 0 black and 255 white
    """
    height, width = pixels.shape
    colours = None if palette is None else palette.tobytes()
    # Each row begins with the number of its filter: 0, none.
    rows = np.zeros((height, width + 1), np.uint8)
    rows[:, 1:] = pixels
    level = 0 if pixels.size <= _SMALL else _LEVEL
    content = _chunk(b"IDAT", zlib.compress(rows.tobytes(), level))
    return _beginning(width, height, colours) + content + _END


# The heatmaps of an answer differ only in their pixels.
@lru_cache(maxsize=16)
def _beginning(width: int, height: int, colours: bytes | None) -> bytes:
    """Return what a file has before its pixels."""
    colour_type = _GREYSCALE if colours is None else _INDEXED
    header = struct.pack(">2I5B", width, height, _DEPTH, colour_type, 0, 0, 0)
    palette = b"" if colours is None else _chunk(b"PLTE", colours)
    return _SIGNATURE + _chunk(b"IHDR", header) + palette


def _chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(content, zlib.crc32(name))
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


_END = _chunk(b"IEND", b"")
