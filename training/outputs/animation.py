"""The animation of W during a training, as a WebP file.

Heatmaps are large squares of few colours, so lossless files are small. WebP needs a third of
the size of PNG.
"""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from server.regression.heatmap import PALETTE, shades_of
from server.regression.shapes import DIGITS, SIDE, Floats
from server.storage.history import History

# Pixels per weight, in x and in y.
SCALE = 4

COLUMNS = 5
GAP = 12
CAPTION = 28
FONT_SIZE = 18

FRAME_MILLISECONDS = 160
LAST_FRAME_MILLISECONDS = 3_000

_CELL = SIDE * SCALE + GAP
_SIZE = (COLUMNS * _CELL + GAP, DIGITS // COLUMNS * (_CELL + CAPTION) + GAP + CAPTION)


def animate(history: History) -> bytes:
    """Return an animated WebP with a frame per recorded step: ten heatmaps and the step's number.

    Red is negative, blue is positive. All frames have the colour scale of the last step.
    """
    limit = float(np.abs(history.last_weights).max())
    frames = [
        _draw(frame.astype(np.float32) * scale, limit, f"step {step:,}")
        for frame, scale, step in zip(history.frames, history.scales, history.steps, strict=True)
    ]
    file = io.BytesIO()
    frames[0].save(
        file,
        "WEBP",
        lossless=True,
        # Only the first frame is a key frame: trying key frames takes three times as long.
        kmin=len(frames),
        kmax=len(frames) + 1,
        save_all=True,
        append_images=frames[1:],
        duration=[FRAME_MILLISECONDS] * (len(frames) - 1) + [LAST_FRAME_MILLISECONDS],
        loop=0,
    )
    return file.getvalue()


def _draw(weights: Floats, limit: float, caption: str) -> Image.Image:
    """Return an image of weights (784, 10) as ten heatmaps with a caption."""
    sheet = Image.new("RGB", _SIZE, "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(FONT_SIZE)
    draw.text((GAP, GAP / 2), caption, "black", font)
    for digit in range(DIGITS):
        row, column = divmod(digit, COLUMNS)
        left, top = GAP + column * _CELL, CAPTION + GAP + row * (_CELL + CAPTION)
        draw.text((left + _CELL / 2 - GAP, top), str(digit), "black", font)
        shades = shades_of(weights[:, digit].reshape(SIDE, SIDE), limit)
        heatmap = Image.fromarray(shades.repeat(SCALE, 0).repeat(SCALE, 1))
        heatmap.putpalette(PALETTE.tobytes())
        sheet.paste(heatmap, (left, top + CAPTION - GAP // 2))
    return sheet
