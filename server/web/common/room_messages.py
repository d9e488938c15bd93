"""What the routes of the room take and return."""

from typing import Annotated

import msgspec

from server.web.common.contribution import Digit

# JavaScript has no larger integers.
Number = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]


class RoomQuery(msgspec.Struct, forbid_unknown_fields=True):
    """`device`: a random ID of a page that wants to be counted as joined."""

    device: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{8,64}$(?!\n)")] | None = None


class WallQuery(msgspec.Struct, forbid_unknown_fields=True):
    """`after`: an ID, for later drawings; or `since`: a revision, for all later changes."""

    after: Number | None = None
    since: Number | None = None


class ReadingsQuery(msgspec.Struct, forbid_unknown_fields=True):
    """`model`: the name of the model; `after`: an ID, for later drawings."""

    model: str | None = None
    after: Number = 0


class QrQuery(msgspec.Struct, forbid_unknown_fields=True):
    """`v`: anything, so that the browser loads the picture again."""

    v: str | None = None


class JoinChoice(msgspec.Struct):
    """A URL that phones may open, and the network adapter that it leads to.

    `is_virtual` if the adapter belongs to a VPN, a container or a virtual machine.
    """

    url: str
    interface: str
    is_virtual: bool


class PresenterAnswer(msgspec.Struct):
    """What only the presenter sees.

    `waiting` is the number of drawings that wait for approval, `command` trains on the room.
    """

    waiting: int
    file: str
    command: str
    addresses: list[JoinChoice]


class RoomAnswer(msgspec.Struct):
    """The state of the room.

    `drawings` is the number of those shown, `digest` changes whenever anything does, `revision`
    grows with every change of a drawing or a setting, `devices` is the number of pages that have
    joined, `approval` tells whether drawings are shown only after the presenter has approved them,
    `join` is the URL that phones open, and `is_local` tells whether only this machine can open it.
    """

    open: bool
    drawings: int
    digest: str
    revision: int
    devices: int
    approval: bool
    join: str
    is_local: bool
    presenter: PresenterAnswer | None


class RoomChange(msgspec.Struct, forbid_unknown_fields=True):
    """Settings of the room; those that are left out stay as they are.

    `join` is one of the addresses that the presenter gets.
    """

    open: bool | None = None
    approval: bool | None = None
    join: str | None = None


class DrawingChange(msgspec.Struct, forbid_unknown_fields=True):
    """Whether a drawing is shown on the wall."""

    shown: bool


class DrawingAnswer(msgspec.Struct):
    """Whether a drawing is shown on the wall, or waits for approval."""

    shown: bool


class Given(msgspec.Struct):
    """A stored drawing: its ID, the token that withdraws it, and the model's answer.

    `shown` is false while it waits for approval.
    """

    id: int
    token: str
    digit: int
    sure: bool
    shown: bool


class WallDrawing(msgspec.Struct):
    """A drawing of the room: `digit` and `sure` are the answer of the model with that digest.

    `strokes` are lists of points [x, y], fractions of the pad's side; `minute` is in UTC.
    """

    id: int
    strokes: msgspec.Raw
    label: int
    digit: int
    sure: bool
    model: str
    shown: bool
    minute: str


class Wall(msgspec.Struct):
    """Drawings, oldest first, and the IDs of those that are not shown any more.

    If `is_complete`, all other drawings that a client knows are obsolete. If `has_more`, more
    follow: after the last drawing, or since `revision`.
    """

    drawings: list[WallDrawing]
    removed: list[int]
    revision: int
    is_complete: bool
    has_more: bool


class Readings(msgspec.Struct):
    """What the model with the digest `model` reads in the drawings `ids`."""

    model: str
    ids: list[int]
    digits: list[Digit]
    sure: list[bool]
    has_more: bool
