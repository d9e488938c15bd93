"""Drawings in requests: validation, and conversion to pixels."""

import json
from codecs import BOM_UTF8
from collections.abc import Callable
from typing import Annotated, Never, TypeVar

import msgspec
import numpy as np

from server.regression.shapes import PIXELS, Floats

JSON = "application/json"
BYTES = "application/octet-stream"

ACCEPTED = (
    f'{{"pixels": [{PIXELS} numbers in 0…1, row-major, ink = 1], "model": NAME?}} as {JSON}, '
    f"or {PIXELS} bytes (0 = paper, 255 = ink) as {BYTES}"
)

# The JSON schema of a drawing as bytes.
BYTES_SCHEMA = {"type": "string", "minLength": PIXELS, "maxLength": PIXELS, "format": "binary"}

Decoded = TypeVar("Decoded")

Intensity = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Drawing(msgspec.Struct, forbid_unknown_fields=True):
    """A drawing as JSON: row-major intensities, ink = 1, and the name of the model."""

    pixels: Annotated[list[Intensity], msgspec.Meta(min_length=PIXELS, max_length=PIXELS)]
    model: str | None = None


class MalformedDrawingError(ValueError):
    """The body is not what its content type says."""


class NotADrawingError(ValueError):
    """The body is well-formed, but not a drawing."""


_decode = msgspec.json.Decoder(Drawing).decode


def parse_json(body: bytes) -> tuple[Floats, str | None]:
    """Return pixels (784,) in [0, 1] and the model's name, if given, from JSON.

    :raise MalformedDrawingError: the body is not JSON
    :raise NotADrawingError: the count, a type or a range is wrong
    """
    drawing = decode_json(_decode, body, ACCEPTED)
    return np.array(drawing.pixels, np.float32), drawing.model


def decode_json(decode: Callable[[bytes], Decoded], body: bytes, accepted: str) -> Decoded:
    """Return what a decoder of msgspec makes of a body.

    :param accepted: for the error messages
    :raise MalformedDrawingError: the body is not JSON
    :raise NotADrawingError: the count, a type or a range is wrong
    """
    # RFC 8259 lets a parser ignore a byte-order mark, which some programs on Windows write.
    body = body.removeprefix(BOM_UTF8)
    try:
        return decode(body)
    except msgspec.ValidationError as error:
        raise NotADrawingError(f"{error}. Accepted: {accepted}.") from error
    # Msgspec raises UnicodeDecodeError for text that is not UTF-8.
    except UnicodeDecodeError as error:
        raise MalformedDrawingError(f"The text is not UTF-8. Accepted: {accepted}.") from error
    except msgspec.DecodeError as error:
        _refuse_nan(body, accepted)
        raise MalformedDrawingError(f"{error}. Accepted: {accepted}.") from error


def parse_bytes(body: bytes) -> Floats:
    """Return pixels (784,) in [0, 1] from 784 bytes.

    :raise NotADrawingError: there are more or fewer
    """
    if len(body) != PIXELS:
        raise NotADrawingError(f"Got {len(body)} bytes. Accepted: {ACCEPTED}.")
    return scale_bytes(body)


def scale_bytes(body: bytes) -> Floats:
    """Return one number in [0, 1] for each byte."""
    return np.divide(np.frombuffer(body, np.uint8), 255, dtype=np.float32)


def _refuse_nan(body: bytes, accepted: str) -> None:
    """Raise an error if only NaN or an infinity, as Python writes them, makes the JSON invalid.

    :raise NotADrawingError: the body holds NaN or an infinity
    """

    def refuse(constant: str) -> Never:
        raise NotADrawingError(f"{constant} is not a finite number. Accepted: {accepted}.")

    try:
        json.loads(body, parse_constant=refuse)
    except NotADrawingError:
        raise
    except (ValueError, RecursionError):
        return
