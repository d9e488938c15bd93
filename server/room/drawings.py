"""The drawings and the state of a room, as other parts of the program get them."""

from dataclasses import dataclass

import msgspec

# Strokes as they are sent: lists of points (x, y), fractions of the pad's side.
Strokes = list[list[tuple[float, float]]]

_decode_strokes = msgspec.json.Decoder(Strokes).decode


@dataclass(frozen=True)
class Reading:
    """What a model answered: the digit, whether it was sure, and the model's digest."""

    digit: int
    is_sure: bool
    model: str


@dataclass(frozen=True)
class RoomDrawing:
    """A drawing of the room.

    `strokes` are JSON, `reading` is the answer when it was given, and `minute` is when, in UTC.
    """

    id: int
    strokes: bytes
    label: int
    reading: Reading
    is_shown: bool
    minute: str

    def parse_strokes(self) -> Strokes:
        """Return the strokes."""
        return _decode_strokes(self.strokes)


@dataclass(frozen=True)
class LabelledStrokes:
    """What the training uses of a drawing."""

    id: int
    label: int
    strokes: Strokes


@dataclass(frozen=True)
class RoomState:
    """The room's settings and totals.

    `join_url` is the address that the presenter has chosen, empty for none. `shown` and `waiting`
    are numbers of drawings, `devices` the number of pages that have joined.
    """

    key: str
    is_open: bool
    needs_approval: bool
    join_url: str
    revision: int
    shown: int
    waiting: int
    devices: int


@dataclass(frozen=True)
class Changes:
    """What has changed after a revision.

    `removed` are IDs of drawings that are not shown any more. If `is_complete`, the drawings are
    all there are, and what the client knows is obsolete. If `has_more`, more follow after
    `revision`.
    """

    drawings: list[RoomDrawing]
    removed: list[int]
    revision: int
    is_complete: bool
    has_more: bool
