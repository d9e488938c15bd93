"""What can go wrong with a room."""


class RoomError(ValueError):
    """The file is not a room, or cannot be opened."""


class RoomClosedError(Exception):
    """The presenter has closed the room."""


class RoomFullError(Exception):
    """The room has as many drawings, or as many bytes of strokes, as it may have."""


class RoomBusyError(Exception):
    """Other writers took longer than BUSY_SECONDS."""


class RoomStorageError(Exception):
    """The file cannot be written: the disk is full, or the file was moved or deleted."""


class NoDrawingError(LookupError):
    """The room has no drawing with that ID."""
