"""What people give to the room: validation, and conversion to pixels."""

from functools import lru_cache
from typing import Annotated

import msgspec
import numpy as np

from server.regression.rasterizer import rasterize
from server.regression.shapes import DIGITS, Floats
from server.room.drawings import Strokes
from server.web.common.drawing import NotADrawingError, decode_json

MAX_CONTRIBUTION_BYTES = 64 * 1024
MAX_POINTS = 5_000

# Drawings whose pixels are kept, because the wall is read again by each new model.
_CACHED_DRAWINGS = 4_096

ACCEPTED_STROKES = (
    '{"strokes": [[[x, y], …], …], "label": 0…9, "model": NAME?, "token": TOKEN?} as JSON, x and y '
    f"fractions of the pad's side, at most {MAX_POINTS} points and {MAX_CONTRIBUTION_BYTES} bytes"
)

# A pen may leave the pad; the page clamps coordinates to this range.
Coordinate = Annotated[float, msgspec.Meta(ge=-0.5, le=1.5)]
Digit = Annotated[int, msgspec.Meta(ge=0, lt=DIGITS)]
# In Python's regular expressions, "$" also stands before a line break at the end.
Token = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{16,64}$(?!\n)")]


class Contribution(msgspec.Struct, forbid_unknown_fields=True):
    """A drawing for the room, and the digit that it shows.

    `model` is the name of the model that reads it. `token` is a random secret: who knows it can
    withdraw the drawing, and sending it again does not store the drawing twice.
    """

    strokes: list[list[tuple[Coordinate, Coordinate]]]
    label: Digit
    model: str | None = None
    token: Token | None = None


_decode = msgspec.json.Decoder(Contribution).decode


def parse_contribution(body: bytes) -> Contribution:
    """Return a contribution from JSON.

    :raise MalformedDrawingError: the body is not JSON
    :raise NotADrawingError: a type or a range is wrong, or there are too many points
    """
    contribution = decode_json(_decode, body, ACCEPTED_STROKES)
    points = sum(map(len, contribution.strokes))
    if points > MAX_POINTS:
        raise NotADrawingError(f"Got {points} points. Accepted: {ACCEPTED_STROKES}.")
    return contribution


def pixels_of(strokes: bytes) -> Floats:
    """Return the pixels (784,) in [0, 1] of strokes as JSON, cached.

    :raise NotADrawingError: they leave no ink on the pad
    """
    return np.divide(_rasterize(strokes), 255, dtype=np.float32)


@lru_cache(maxsize=_CACHED_DRAWINGS)
def _rasterize(strokes: bytes) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    pixels = rasterize(_decode_strokes(strokes))
    if pixels is None:
        raise NotADrawingError(f"There is no ink on the pad. Accepted: {ACCEPTED_STROKES}.")
    return pixels


_decode_strokes = msgspec.json.Decoder(Strokes).decode
