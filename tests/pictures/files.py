"""The files of the pictures: small, and with sharp text."""

import io
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Colours that cover more of the frames than this share are exact: backgrounds, text, bars.
_COMMON_SHARE = 0.0005

# The others, which are edges of letters and shades of heatmaps, are rounded to multiples of this.
# With 8, greys have visible tints.
_COLOUR_STEP = 4

# The most colours of a picture, in Pillow's terms: all that there are.
_ALL = 1 << 24


def still_png(picture: Image.Image) -> bytes:
    """Return a picture as a PNG of at most 256 colours."""
    file = io.BytesIO()
    picture.quantize(dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


def animated_webp(frames: Sequence[Image.Image], durations: Sequence[int]) -> bytes:
    """Return an animation, repeated without end, in which each frame lasts so many ms.

    It is lossless but for rare colours, so text is sharp. With fewer colours, the file is smaller
    by a sixth.
    """
    first, *others = reduce_colours(frames)
    file = io.BytesIO()
    first.save(
        file,
        "WEBP",
        lossless=True,
        # Pillow's default, 0, is four times as large.
        method=4,
        # Only the first frame is a key frame: the others hold what differs from the one before.
        kmin=len(frames),
        kmax=len(frames) + 1,
        save_all=True,
        append_images=others,
        duration=list(durations),
        loop=0,
    )
    return file.getvalue()


def reduce_colours(frames: Sequence[Image.Image]) -> list[Image.Image]:
    """Return frames, in RGB, whose rare colours are rounded."""
    areas: Counter[tuple[int, int, int]] = Counter()
    for frame in frames:
        for area, colour in frame.getcolors(_ALL):
            areas[colour] += area
    least = _COMMON_SHARE * areas.total()
    common = np.array([colour for colour, area in areas.items() if area > least], np.uint8)
    return [_round_colours(np.asarray(frame), common) for frame in frames]


def _round_colours(pixels: NDArray[np.uint8], exact: NDArray[np.uint8]) -> Image.Image:
    """Round the colours of pixels (height, width, 3) that are not among the exact ones (n, 3)."""
    rounded = (np.rint(pixels / _COLOUR_STEP) * _COLOUR_STEP).clip(0, 255).astype(np.uint8)
    is_exact = np.isin(_numbers(pixels), _numbers(exact))
    return Image.fromarray(np.where(is_exact[..., np.newaxis], pixels, rounded))


def _numbers(colours: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return each colour (…, 3) as one number (…)."""
    return colours @ np.array([1, 1 << 8, 1 << 16])
