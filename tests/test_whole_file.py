"""Files that are written whole."""

import tempfile
import threading
from pathlib import Path

import pytest

from server.whole_file import write_all_whole, write_whole
from tests.limits import no_room_beyond, without_privileges


def test_a_file_is_written_and_its_directory_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file.npz"
    assert write_whole(path, b"whole") == path
    assert path.read_bytes() == b"whole"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("durable", [True, False])
def test_many_writers_of_one_file_leave_one_of_theirs(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "file.npz"
    contents = [bytes([writer]) * 100_000 for writer in range(4)]

    def write(content: bytes) -> None:
        for _ in range(20):
            write_whole(path, content, durable=durable)

    threads = [threading.Thread(target=write, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        if path.exists():
            assert path.read_bytes() in contents
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_fails_keeps_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_whole(tmp_path / "file.npz", b"old")

    def refuse(*_: object) -> Path:
        raise PermissionError("somebody reads it")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(PermissionError):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_of_several_files_none_is_replaced_where_one_cannot_be_written(tmp_path: Path) -> None:
    path = write_whole(tmp_path / "file.npz", b"old")
    (tmp_path / "blocked").write_bytes(b"no directory")
    with pytest.raises(OSError, match="blocked"):
        write_all_whole({path: b"new", tmp_path / "blocked" / "other.npz": b"new"})
    assert path.read_bytes() == b"old"
    assert sorted(tmp_path.iterdir()) == [tmp_path / "blocked", path]


def test_where_one_cannot_be_replaced_those_after_it_are_as_they_were(tmp_path: Path) -> None:
    last = write_whole(tmp_path / "last.npz", b"old")
    in_the_way = tmp_path / "directory.npz"
    in_the_way.mkdir()
    with pytest.raises(OSError, match=r"directory\.npz"):
        write_all_whole({in_the_way: b"new", last: b"new"})
    assert last.read_bytes() == b"old"
    assert sorted(tmp_path.iterdir()) == [in_the_way, last]


def test_a_directory_that_is_read_only_is_said_and_left_as_it_is() -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = write_whole(Path(directory) / "file.npz", b"old")
        Path(directory).chmod(0o555)
        with without_privileges(), pytest.raises(PermissionError):
            write_whole(path, b"new")
        assert path.read_bytes() == b"old"
        assert list(Path(directory).iterdir()) == [path]


def test_a_disk_that_is_full_is_said_and_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = write_whole(tmp_path / "file.npz", b"old")
    with no_room_beyond(100_000), pytest.raises(OSError, match="File too large"):
        write_all_whole({tmp_path / "other.npz": b"fits", path: bytes(200_000)})
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
