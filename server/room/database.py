"""The drawings and settings of a room, in an SQLite database that several processes share.

A write waits for other writers: it begins with BEGIN IMMEDIATE, because a transaction that reads
first and writes later fails at once if another one has written in between, whatever the timeout.
A drawing is on the disk when `add` returns.
Source: https://sqlite.org/lang_transaction.html, https://sqlite.org/wal.html.
"""

import hashlib
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from server.room.drawings import (
    Changes,
    LabelledStrokes,
    Reading,
    RoomDrawing,
    RoomState,
)
from server.room.errors import (
    NoDrawingError,
    RoomBusyError,
    RoomClosedError,
    RoomError,
    RoomFullError,
    RoomStorageError,
)
from server.room.schema import check_room, ensure_room

# The limits of a room. Drawings have about 2 kB; the second limit is for others.
MAX_DRAWINGS = 20_000
MAX_ROOM_BYTES = 100_000_000
MAX_DEVICES = 20_000

# The limits of one list of changes: a second of work for a slow phone.
MAX_LISTED = 1_000
MAX_LISTED_BYTES = 2_000_000

# How long a writer waits for others, in seconds.
BUSY_SECONDS = 5.0


_COLUMNS = "id, strokes, label, digit, is_sure, model, is_shown, minute"

# The errors that another attempt may not have.
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


class RoomDatabase:
    """A room's file. It can be used by several threads, each with a connection of its own.

    :param create: whether to create the file if it is missing
    :raise RoomError: the file is not a room, or is missing, or cannot be created; it is left
        untouched
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        if create:
            ensure_room(path)
        else:
            check_room(path)
        self.path = path
        self._identity = _file_identity(path)
        self._local = threading.local()
        try:
            (mode,) = self._connection().execute("PRAGMA journal_mode = WAL").fetchone()
            self.read_state()
        except sqlite3.Error as error:
            raise RoomError(f"The room {str(path)!r} cannot be opened: {error}") from error
        if mode != "wal":
            raise RoomError(
                f"The room {str(path)!r} is on a file system that does not allow several "
                "programs to share it (SQLite's WAL mode). Accepted: a local disk."
            )

    def read_state(self) -> RoomState:
        """Return the settings and totals."""
        key, is_open, needs_approval, join_url, *numbers = self._fetch_one(
            "SELECT key, is_open, needs_approval, join_url, revision, shown, waiting, devices "
            "FROM room"
        )
        return RoomState(key, bool(is_open), bool(needs_approval), join_url, *numbers)

    def forget_devices(self) -> None:
        """Count devices from 0 again, and choose the address to join automatically."""
        with self._writing() as connection:
            connection.execute("DELETE FROM devices")
            connection.execute("UPDATE room SET devices = 0, join_url = ''")

    def has_device(self, device: str) -> bool:
        """Tell whether a device has been counted."""
        return self._fetch_one("SELECT 1 FROM devices WHERE id = ?", (device,)) is not None

    def add_device(self, device: str) -> None:
        """Count a device that has joined, once.

        :raise RoomBusyError: other writers took too long
        :raise RoomStorageError: the file cannot be written
        """
        if self.has_device(device) or self.read_state().devices >= MAX_DEVICES:
            return
        with self._writing() as connection:
            added = connection.execute("INSERT OR IGNORE INTO devices VALUES (?)", (device,))
            connection.execute("UPDATE room SET devices = devices + ?", (added.rowcount,))

    def add(self, strokes: bytes, label: int, token: str, reading: Reading) -> RoomDrawing:
        """Store a drawing, and return it; a second time for the same token, return the first.

        :param strokes: as JSON
        :param token: the secret with which the drawing can be removed
        :raise RoomClosedError: the room is closed
        :raise RoomFullError: a limit is reached
        :raise RoomBusyError: other writers took too long
        :raise RoomStorageError: the file cannot be written
        """
        digest = _digest(token)
        earlier = self._find(digest)
        if earlier:
            return earlier
        minute = datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ")
        with self._writing() as connection:
            is_shown = _check_can_add(connection, len(strokes))
            answer = (reading.digit, reading.is_sure, reading.model)
            row = (strokes.decode(), label, *answer, is_shown, minute, digest)
            added = connection.execute(
                "INSERT INTO drawings (strokes, label, digit, is_sure, model, is_shown, minute, "
                "token, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (token) DO NOTHING",
                (*row, _next_revision(connection)),
            )
            if added.rowcount:
                _count(connection, "shown" if is_shown else "waiting", 1, len(strokes))
        found = self._find(digest)
        if found is None:
            # It was removed in this moment.
            raise NoDrawingError
        return found

    def changes_since(self, revision: int, *, with_waiting: bool) -> Changes:
        """Return what has changed after a revision, in the order of the changes.

        :param with_waiting: include drawings that wait for approval
        """
        with self._reading() as connection:
            current, cleared = connection.execute("SELECT revision, cleared FROM room").fetchone()
            # A revision in the future belongs to another file.
            is_complete = not cleared <= revision <= current
            since = cleared if is_complete else revision
            found, has_more = _list(connection, "revision", since, with_waiting=with_waiting)
            until = found[-1][0] if has_more else current
            removed = []
            if not is_complete:
                removed = _ids(connection, "removed WHERE", since, until)
                if not with_waiting:
                    removed += _ids(connection, "drawings WHERE NOT is_shown AND", since, until)
        return Changes([drawing for _, drawing in found], removed, until, is_complete, has_more)

    def drawings_after(
        self, number: int, *, with_waiting: bool = False
    ) -> tuple[list[RoomDrawing], bool]:
        """Return the drawings with a higher ID, oldest first, and whether there are more.

        :param with_waiting: include drawings that wait for approval
        """
        with self._reading() as connection:
            found, has_more = _list(connection, "id", number, with_waiting=with_waiting)
        return [drawing for _, drawing in found], has_more

    def all_drawings(self, *, with_waiting: bool = False) -> Iterator[RoomDrawing]:
        """Yield all drawings, oldest first.

        :param with_waiting: include drawings that wait for approval
        """
        last, has_more = 0, True
        while has_more:
            drawings, has_more = self.drawings_after(last, with_waiting=with_waiting)
            yield from drawings
            last = drawings[-1].id if drawings else last

    def may_withdraw(self, number: int, token: str) -> bool:
        """Tell whether a token belongs to a drawing.

        :raise NoDrawingError: there is no such drawing
        """
        row = self._fetch_one("SELECT token FROM drawings WHERE id = ?", (number,))
        if row is None:
            raise NoDrawingError(number)
        return secrets.compare_digest(row[0], _digest(token))

    def is_shown(self, number: int) -> bool:
        """Tell whether a drawing is shown, or waits for approval.

        :raise NoDrawingError: there is no such drawing
        """
        row = self._fetch_one("SELECT is_shown FROM drawings WHERE id = ?", (number,))
        if row is None:
            raise NoDrawingError(number)
        return bool(row[0])

    def remove(self, number: int) -> None:
        """Remove a drawing.

        :raise NoDrawingError: there is no such drawing
        :raise RoomBusyError: other writers took too long
        :raise RoomStorageError: the file cannot be written
        """
        with self._writing() as connection:
            row = connection.execute(
                "DELETE FROM drawings WHERE id = ? RETURNING is_shown, strokes", (number,)
            ).fetchone()
            if row is None:
                raise NoDrawingError(number)
            revision = _next_revision(connection)
            connection.execute("INSERT INTO removed VALUES (?, ?)", (number, revision))
            is_shown, strokes = row
            _count(connection, "shown" if is_shown else "waiting", -1, -len(strokes))
        self.empty_log()

    def remove_all(self) -> None:
        """Remove all drawings.

        :raise RoomBusyError: other writers took too long
        :raise RoomStorageError: the file cannot be written
        """
        with self._writing() as connection:
            connection.execute("DELETE FROM drawings")
            connection.execute("DELETE FROM removed")
            connection.execute(
                "UPDATE room SET cleared = ?, shown = 0, waiting = 0, bytes = 0",
                (_next_revision(connection),),
            )
        self.empty_log()

    def empty_log(self) -> None:
        """Write SQLite's log into the file, and empty it: it still has what was removed.

        Does nothing if the disk fails or another program reads for too long: the next call does it.
        """
        with suppress(sqlite3.Error):
            self._connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def show(self, number: int, *, is_shown: bool) -> None:
        """Show a drawing, or let it wait for approval.

        :raise NoDrawingError: there is no such drawing
        :raise RoomBusyError: other writers took too long
        :raise RoomStorageError: the file cannot be written
        """
        with self._writing() as connection:
            row = connection.execute(
                "SELECT is_shown FROM drawings WHERE id = ?", (number,)
            ).fetchone()
            if row is None:
                raise NoDrawingError(number)
            if bool(row[0]) == is_shown:
                return
            connection.execute(
                "UPDATE drawings SET is_shown = ?, revision = ? WHERE id = ?",
                (is_shown, _next_revision(connection), number),
            )
            change = 1 if is_shown else -1
            connection.execute(
                "UPDATE room SET shown = shown + ?, waiting = waiting - ?", (change, change)
            )

    def change_settings(
        self,
        *,
        is_open: bool | None = None,
        needs_approval: bool | None = None,
        join_url: str | None = None,
    ) -> None:
        """Change those settings that are not None.

        :raise RoomBusyError: other writers took too long
        :raise RoomStorageError: the file cannot be written
        """
        with self._writing() as connection:
            connection.execute(
                "UPDATE room SET is_open = coalesce(?, is_open), "
                "needs_approval = coalesce(?, needs_approval), join_url = coalesce(?, join_url)",
                (is_open, needs_approval, join_url),
            )
            _next_revision(connection)

    def _find(self, token_digest: bytes) -> RoomDrawing | None:
        """Return the drawing with a token."""
        query = f"SELECT {_COLUMNS} FROM drawings WHERE token = ?"
        row = self._fetch_one(query, (token_digest,))
        return None if row is None else _to_drawing(row)

    def _fetch_one(self, query: str, parameters: tuple[object, ...] = ()) -> Any:
        """Return the first row of a query, or None."""
        with _translated():
            return self._connection().execute(query, parameters).fetchone()

    def _connection(self) -> sqlite3.Connection:
        """Return this thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            # Without `mode`, SQLite would create an empty database in place of a file that is gone.
            url = f"{self.path.absolute().as_uri()}?mode=rw"
            connection = sqlite3.connect(url, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
            # A drawing that was acknowledged also survives a power failure.
            connection.execute("PRAGMA synchronous = FULL")
            # What is withdrawn is overwritten.
            connection.execute("PRAGMA secure_delete = ON")
            self._local.connection = connection
        return connection

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """Run a read transaction: all its queries see the same state."""
        with _translated():
            connection = self._connection()
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("COMMIT")

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Run a write transaction.

        :raise RoomBusyError: other writers took too long
        :raise RoomStorageError: the file cannot be written
        """
        # SQLite would go on writing to a file that was deleted, and lose it at the end.
        if _file_identity(self.path) != self._identity:
            raise RoomStorageError("The room's file was moved, replaced or deleted.")
        with _translated():
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # A full disk may have rolled the transaction back already.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise


def read_drawings(path: Path) -> list[LabelledStrokes]:
    """Return the drawings of a room that are shown, oldest first.

    :raise RoomError: the file is missing, or is not a room
    """
    check_room(path)
    try:
        return [
            LabelledStrokes(drawing.id, drawing.label, drawing.parse_strokes())
            for drawing in RoomDatabase(path).all_drawings()
        ]
    except (RoomBusyError, RoomStorageError, sqlite3.Error) as error:
        raise RoomError(f"The room {str(path)!r} cannot be read: {error}") from error


@contextmanager
def _translated() -> Iterator[None]:
    """Raise SQLite's errors as RoomBusyError or RoomStorageError."""
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
        raise
    except sqlite3.DatabaseError as error:
        # The lower byte is the kind of error, the rest its details.
        if error.sqlite_errorcode & 0xFF in _BUSY:
            raise RoomBusyError(str(error)) from error
        raise RoomStorageError(f"SQLite: {error}.") from error


def _file_identity(path: Path) -> tuple[int, int] | None:
    """Return what distinguishes a file from others of its name; None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _check_can_add(connection: sqlite3.Connection, size: int) -> bool:
    """Return whether a new drawing would be shown at once.

    :param size: of its strokes, in bytes
    :raise RoomClosedError: the room is closed
    :raise RoomFullError: a limit is reached
    """
    is_open, needs_approval, count, total = connection.execute(
        "SELECT is_open, needs_approval, shown + waiting, bytes FROM room"
    ).fetchone()
    if not is_open:
        raise RoomClosedError
    if count >= MAX_DRAWINGS or total + size > MAX_ROOM_BYTES:
        raise RoomFullError
    return not needs_approval


def _list(
    connection: sqlite3.Connection, column: str, after: int, *, with_waiting: bool
) -> tuple[list[tuple[int, RoomDrawing]], bool]:
    """Return the drawings beyond a value of a column, with their values; and if there are more."""
    condition = "" if with_waiting else "AND is_shown"
    rows = connection.execute(
        f"SELECT {column}, {_COLUMNS} FROM drawings WHERE {column} > ? {condition} "
        f"ORDER BY {column} LIMIT ?",
        (after, MAX_LISTED + 1),
    )
    found: list[tuple[int, RoomDrawing]] = []
    size = 0
    for position, *values in rows:
        if len(found) == MAX_LISTED or size > MAX_LISTED_BYTES:
            return found, True
        found.append((position, _to_drawing(values)))
        size += len(found[-1][1].strokes)
    return found, False


def _ids(connection: sqlite3.Connection, source: str, since: int, until: int) -> list[int]:
    """Return the IDs of a table's rows with a revision in (since, until]."""
    query = f"SELECT id FROM {source} revision > ? AND revision <= ?"
    return [number for (number,) in connection.execute(query, (since, until))]


def _to_drawing(row: Sequence[Any]) -> RoomDrawing:
    """Return the drawing of a row with _COLUMNS."""
    number, strokes, label, digit, is_sure, model, is_shown, minute = row
    reading = Reading(digit, bool(is_sure), model)
    return RoomDrawing(number, strokes.encode(), label, reading, bool(is_shown), minute)


def _next_revision(connection: sqlite3.Connection) -> int:
    """Return the revision of a change."""
    query = "UPDATE room SET revision = revision + 1 RETURNING revision"
    # `fetchall`, because an update ends only when all its rows are fetched.
    ((revision,),) = connection.execute(query).fetchall()
    return int(revision)


def _count(connection: sqlite3.Connection, kind: str, change: int, size: int) -> None:
    """Change the number of drawings that are shown or waiting, and the bytes of all strokes."""
    connection.execute(f"UPDATE room SET {kind} = {kind} + ?, bytes = bytes + ?", (change, size))


def _digest(token: str) -> bytes:
    """Return what is stored of a token: whoever reads the file cannot use it."""
    return hashlib.sha256(token.encode()).digest()
