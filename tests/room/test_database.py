"""The room's file: what is stored, what is refused, and what several writers do to each other."""

import sqlite3
import threading
from pathlib import Path

import pytest

from server.room import database as database_module
from server.room.database import RoomDatabase, read_drawings
from server.room.drawings import Reading
from server.room.errors import (
    NoDrawingError,
    RoomBusyError,
    RoomClosedError,
    RoomError,
    RoomFullError,
    RoomStorageError,
)
from server.room.schema import ensure_room
from tests.support.limits import no_room_beyond

STROKES = b"[[[0.5,0.2],[0.5,0.8]]]"
READING = Reading(digit=1, is_sure=True, model="abc")


@pytest.fixture
def room(tmp_path: Path) -> RoomDatabase:
    return RoomDatabase(tmp_path / "room.db")


def give(room: RoomDatabase, token: str = "token", label: int = 1) -> int:
    return room.add(STROKES, label, token, READING).id


def shown_ids(room: RoomDatabase) -> list[int]:
    return [drawing.id for drawing in room.all_drawings()]


def test_a_drawing_is_stored_with_its_label_its_answer_and_the_minute(room: RoomDatabase) -> None:
    give(room, label=7)
    (drawing,) = RoomDatabase(room.path).all_drawings()
    assert (drawing.strokes, drawing.label, drawing.reading) == (STROKES, 7, READING)
    assert drawing.parse_strokes() == [[(0.5, 0.2), (0.5, 0.8)]]
    assert len(drawing.minute) == len("2026-11-27T10:05Z")


def test_the_same_token_stores_a_drawing_once(room: RoomDatabase) -> None:
    assert give(room) == give(room)
    room.change_settings(is_open=False)
    assert give(room) == 1
    assert shown_ids(room) == [1]


def test_a_token_withdraws_only_its_own_drawing(room: RoomDatabase) -> None:
    first, second = give(room, "one"), give(room, "two")
    assert room.may_withdraw(first, "one")
    assert not room.may_withdraw(second, "one")
    room.remove(first)
    assert shown_ids(room) == [second]
    with pytest.raises(NoDrawingError):
        room.remove(first)
    with pytest.raises(NoDrawingError):
        room.may_withdraw(first, "one")


def test_the_file_contains_neither_tokens_nor_withdrawn_drawings(room: RoomDatabase) -> None:
    number = room.add(b"[[[0.123123,0.456456]]]", 1, "a-secret-token", READING).id
    room.remove(number)
    content = b"".join(path.read_bytes() for path in room.path.parent.iterdir())
    assert b"a-secret-token" not in content
    assert b"0.123123" not in content


def test_a_closed_room_takes_no_drawings(room: RoomDatabase) -> None:
    room.change_settings(is_open=False)
    with pytest.raises(RoomClosedError):
        give(room)


@pytest.mark.parametrize(("limit", "most"), [("MAX_DRAWINGS", 2), ("MAX_ROOM_BYTES", 50)])
def test_a_full_room_takes_drawings_again_after_one_is_removed(
    room: RoomDatabase, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    monkeypatch.setattr(database_module, limit, most)
    give(room, "one")
    give(room, "two")
    with pytest.raises(RoomFullError):
        give(room, "three")
    room.remove(1)
    give(room, "three")
    assert shown_ids(room) == [2, 3]


def test_drawings_that_wait_for_approval_are_not_shown(room: RoomDatabase) -> None:
    room.change_settings(needs_approval=True)
    number = give(room)
    assert shown_ids(room) == []
    assert read_drawings(room.path) == []
    assert [drawing.id for drawing in room.all_drawings(with_waiting=True)] == [number]
    state = room.read_state()
    assert (state.shown, state.waiting) == (0, 1)
    room.show(number, is_shown=True)
    assert shown_ids(room) == [number]
    state = room.read_state()
    assert (state.shown, state.waiting) == (1, 0)


def test_changes_tell_a_client_what_to_add_and_what_to_remove(room: RoomDatabase) -> None:
    for token in "abc":
        give(room, token)
    start = room.changes_since(0, with_waiting=False)
    assert start.is_complete
    assert [drawing.id for drawing in start.drawings] == [1, 2, 3]
    assert room.changes_since(start.revision, with_waiting=False).drawings == []
    room.remove(1)
    room.show(2, is_shown=False)
    give(room, "d")
    later = room.changes_since(start.revision, with_waiting=False)
    assert not later.is_complete
    assert [drawing.id for drawing in later.drawings] == [4]
    assert sorted(later.removed) == [1, 2]
    of_presenter = room.changes_since(start.revision, with_waiting=True)
    assert [(drawing.id, drawing.is_shown) for drawing in of_presenter.drawings] == [
        (2, False),
        (4, True),
    ]
    assert of_presenter.removed == [1]


def test_changes_come_in_pages_that_together_have_everything(
    room: RoomDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "MAX_LISTED", 2)
    for token in "abcde":
        give(room, token)
    room.remove(3)
    known: list[int] = []
    revision, has_more = 0, True
    while has_more:
        changes = room.changes_since(revision, with_waiting=False)
        known += [drawing.id for drawing in changes.drawings]
        revision, has_more = changes.revision, changes.has_more
    assert known == [1, 2, 4, 5]
    assert revision == room.read_state().revision


@pytest.mark.parametrize("event", ["remove all", "another file"])
def test_a_client_whose_drawings_are_obsolete_is_told_so(
    room: RoomDatabase, tmp_path: Path, event: str
) -> None:
    give(room, "a")
    known = room.read_state().revision
    if event == "remove all":
        room.remove_all()
    else:
        room = RoomDatabase(tmp_path / "older.db")
        room._connection().execute("UPDATE room SET revision = 1, cleared = 1")
    give(room, "b")
    changes = room.changes_since(known, with_waiting=False)
    assert changes.is_complete
    assert len(changes.drawings) == 1


def test_devices_are_counted_once_and_forgotten_by_the_next_server(room: RoomDatabase) -> None:
    for device in ("phone", "phone", "tablet"):
        room.add_device(device)
    assert room.read_state().devices == 2
    room.forget_devices()
    assert room.read_state().devices == 0


def test_writers_in_several_threads_wait_for_each_other(room: RoomDatabase) -> None:
    other = RoomDatabase(room.path)

    def give_many(to: RoomDatabase, name: str) -> None:
        for number in range(25):
            give(to, f"{name}-{number}")

    threads = [
        threading.Thread(target=give_many, args=(to, str(index)))
        for index, to in enumerate([room, room, other, other])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(shown_ids(room)) == room.read_state().shown == 100


def test_a_writer_that_waits_too_long_says_that_others_are_busy(
    room: RoomDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "BUSY_SECONDS", 0.05)
    impatient = RoomDatabase(room.path)
    with room._writing(), pytest.raises(RoomBusyError):
        give(impatient)
    give(impatient)


def test_a_full_disk_is_an_error_and_loses_nothing(room: RoomDatabase) -> None:
    give(room, "one")
    room._connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with no_room_beyond(100), pytest.raises(RoomStorageError):
        give(room, "two")
    give(room, "three")
    assert len(shown_ids(room)) == room.read_state().shown == 2


def test_a_file_that_was_deleted_takes_no_drawings(room: RoomDatabase) -> None:
    room.path.unlink()
    with pytest.raises(RoomStorageError, match="deleted"):
        give(room)


def another_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE room (key TEXT)")
    connection.commit()
    connection.close()


def a_room_of_another_version(path: Path) -> None:
    ensure_room(path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 2")
    connection.close()


FOREIGN = {
    "a text": lambda path: path.write_text("Dear diary"),
    "a database": another_database,
    "the first bytes of a room": lambda path: path.write_bytes(b"SQLite format 3\0"),
    "a newer version": a_room_of_another_version,
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_file_that_is_not_a_room_is_left_untouched(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "file"
    FOREIGN[kind](path)
    before = path.read_bytes()
    with pytest.raises(RoomError, match=r"Accepted|version"):
        RoomDatabase(path)
    with pytest.raises(RoomError):
        read_drawings(path)
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("place", ["", "missing/room.db", "file/room.db"])
def test_a_place_without_a_file(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    path = tmp_path / place
    if place == "missing/room.db":
        assert shown_ids(RoomDatabase(path)) == []
        return
    with pytest.raises(RoomError):
        RoomDatabase(path)
    with pytest.raises(RoomError):
        read_drawings(path)


def test_an_empty_file_becomes_a_room(tmp_path: Path) -> None:
    path = tmp_path / "room.db"
    path.touch()
    assert give(RoomDatabase(path)) == 1


def test_a_link_to_a_file_that_is_missing_stays_a_link(tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to("room.db")
    assert give(RoomDatabase(link)) == 1
    assert link.is_symlink()
    assert len(read_drawings(tmp_path / "room.db")) == 1


def test_links_that_lead_to_each_other_are_refused(tmp_path: Path) -> None:
    links = [tmp_path / "a.db", tmp_path / "b.db"]
    for link, target in zip(links, reversed(links), strict=True):
        link.symlink_to(target)
    with pytest.raises(RoomError, match="cannot be created"):
        RoomDatabase(links[0])
    assert all(link.is_symlink() for link in links)


def test_training_reads_the_drawings_in_their_order(room: RoomDatabase) -> None:
    give(room, "a", label=3)
    give(room, "b", label=4)
    read = read_drawings(room.path)
    assert [(drawing.id, drawing.label) for drawing in read] == [(1, 3), (2, 4)]
    assert read[0].strokes == [[(0.5, 0.2), (0.5, 0.8)]]


def test_only_the_owner_can_read_the_file(room: RoomDatabase) -> None:
    give(room)
    for path in room.path.parent.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path


def test_nobody_else_can_read_the_file_while_it_is_created(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes = []
    real_replace = Path.replace

    def replace(written: Path, path: Path) -> None:
        modes.append(written.stat().st_mode & 0o777)
        real_replace(written, path)

    monkeypatch.setattr(Path, "replace", replace)
    path = tmp_path / "new" / "room.db"
    RoomDatabase(path)
    assert modes == [0o600]
    # Other files may be put into the directory.
    other = tmp_path / "other"
    other.mkdir()
    assert path.parent.stat().st_mode == other.stat().st_mode
