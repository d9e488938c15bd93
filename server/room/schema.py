"""The room's file: an SQLite database, how it is created, and how a foreign file is recognized."""

import os
import secrets
import sqlite3
import time
from pathlib import Path

from server.room.errors import RoomError
from server.system.atomic_write import make_directory, write_atomically

# Identifies the type of file: "Evid" in ASCII. Source: https://sqlite.org/fileformat.html, 1.3.17.
APPLICATION_ID = 0x45766964

# The version of the tables below.
SCHEMA_VERSION = 1

_MAGIC = b"SQLite format 3\0"
_HEADER_BYTES = 100

KEY_BYTES = 24

# `revision` grows by one with every change of a drawing or a setting. `cleared` is the revision at
# which all drawings were removed: a client that knows an earlier one must forget all of them.
# `shown`, `waiting` and `bytes` are totals of `drawings`, kept because counting takes milliseconds.
_TABLES = """
CREATE TABLE room (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    key TEXT NOT NULL,
    is_open INTEGER NOT NULL DEFAULT 1,
    needs_approval INTEGER NOT NULL DEFAULT 0,
    join_url TEXT NOT NULL DEFAULT '',
    revision INTEGER NOT NULL,
    cleared INTEGER NOT NULL,
    shown INTEGER NOT NULL DEFAULT 0,
    waiting INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    devices INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE drawings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    strokes TEXT NOT NULL,
    label INTEGER NOT NULL,
    digit INTEGER NOT NULL,
    is_sure INTEGER NOT NULL,
    model TEXT NOT NULL,
    is_shown INTEGER NOT NULL,
    minute TEXT NOT NULL,
    token BLOB NOT NULL UNIQUE,
    revision INTEGER NOT NULL UNIQUE
);
CREATE TABLE removed (id INTEGER PRIMARY KEY, revision INTEGER NOT NULL UNIQUE);
CREATE TABLE devices (id TEXT PRIMARY KEY) WITHOUT ROWID;
"""


def ensure_room(path: Path) -> None:
    """Create a room's file if it is missing, and check that an existing one is a room.

    :raise RoomError: the file is something else, or cannot be created; it is left untouched
    """
    try:
        # A link stays: the file that it leads to is created.
        path = path.resolve()
        if not path.exists() or (path.is_file() and path.stat().st_size == 0):
            make_directory(path.parent)
            # The file has the presenter's key. SQLite gives its other files the same permissions.
            umask = os.umask(0o077)
            try:
                write_atomically(path, _new_room())
            finally:
                os.umask(umask)
    # RuntimeError: links that lead to each other.
    except (OSError, ValueError, RuntimeError) as error:
        raise RoomError(f"The room {str(path)!r} cannot be created: {error}") from error
    check_room(path)


def check_room(path: Path) -> None:
    """Check that a file is a room of this version, without opening it as a database.

    Not to be called in a process that has a connection to the file: when a process closes any
    descriptor of a file, the system releases all of its locks, SQLite's among them. Another process
    that closes the file then deletes what SQLite has not yet moved into it.
    Source: https://sqlite.org/howtocorrupt.html, 2.2.

    :raise RoomError: it is missing or something else
    """
    try:
        header = b""
        # Opening a named pipe would wait for another process.
        if not path.is_fifo():
            with path.open("rb") as file:
                header = file.read(_HEADER_BYTES)
    except (OSError, ValueError) as error:
        raise RoomError(f"The room {str(path)!r} cannot be read: {error}") from error
    application, version = (int.from_bytes(header[at : at + 4], "big") for at in (68, 60))
    if not header.startswith(_MAGIC) or application != APPLICATION_ID:
        raise RoomError(
            f"{str(path)!r} is not a room, and is left as it is. Accepted: a room that "
            "`python -m server --room FILE` has created; it creates FILE if it does not exist."
        )
    if version != SCHEMA_VERSION:
        raise RoomError(
            f"{str(path)!r} is a room of version {version}. Accepted: version {SCHEMA_VERSION}."
        )


def _new_room() -> bytes:
    """Return the content of a new room's file."""
    # Larger than any revision of an earlier room: a page that still shows that one notices.
    revision = time.time_ns() // 1_000_000
    database = sqlite3.connect(":memory:")
    try:
        database.executescript(_TABLES)
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        database.execute(
            "INSERT INTO room (only, key, revision, cleared) VALUES (1, ?, ?, ?)",
            (secrets.token_urlsafe(KEY_BYTES), revision, revision),
        )
        database.commit()
        return database.serialize()
    finally:
        database.close()
