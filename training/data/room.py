"""The drawings of a room: images with the labels that people gave them.

A fifth of the drawings is held out: no training sees them, so they show whether the model reads the
room better.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from server.regression.rasterizer import Pixels, rasterize_all
from server.regression.shapes import PIXELS
from server.room.database import RoomDatabase, read_drawings
from server.room.errors import RoomBusyError, RoomError, RoomStorageError
from server.room.schema import check_room
from training.data.mnist import Images

# One of so many drawings is held out.
HELD_OUT_INTERVAL = 5


@dataclass(frozen=True, eq=False)
class RoomImages:
    """A room's drawings, not normalized: those to train on, and those that are held out."""

    train: Images
    held_out: Images


def check_has_drawings(path: Path) -> None:
    """Check that a file is a room with drawings, without reading them.

    :raise RoomError: it is not
    """
    check_room(path)
    try:
        shown = RoomDatabase(path).read_state().shown
    except (RoomBusyError, RoomStorageError) as error:
        raise RoomError(f"The room {str(path)!r} cannot be read: {error}") from error
    if shown == 0:
        raise no_drawings(path)


def no_drawings(path: Path) -> RoomError:
    """Return the error for a room without drawings."""
    return RoomError(f"The room {str(path)!r} has no drawings that are shown.")


def load_room(path: Path) -> RoomImages:
    """Return all drawings of a room that are shown.

    :raise RoomError: the file is missing or is not a room, or there are no drawings
    """
    drawings = read_drawings(path)
    pictures = rasterize_all(drawing.strokes for drawing in drawings)
    # The server refuses drawings without ink.
    inked = [
        (pixels, drawing.label)
        for drawing, pixels in zip(drawings, pictures, strict=True)
        if pixels is not None
    ]
    if not inked:
        raise no_drawings(path)
    images = Images(
        np.array([pixels for pixels, _ in inked], np.uint8).reshape(-1, PIXELS),
        np.array([label for _, label in inked], np.uint8),
    )
    held_out = np.array([is_held_out(pixels) for pixels in images.pixels])
    return RoomImages(images.select(~held_out), images.select(held_out))


def is_held_out(pixels: Pixels) -> bool:
    """Tell whether a drawing is held out, given its pixels (784,).

    It depends on nothing else. So it does not change when the room grows, and two copies of a
    drawing, whatever their labels, are never on both sides.
    """
    digest = hashlib.sha256(pixels.tobytes()).digest()
    return int.from_bytes(digest[:8], "big") % HELD_OUT_INTERVAL == 0
