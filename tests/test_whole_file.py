"""Files that are written whole."""

import threading
from pathlib import Path

import pytest

from server.whole_file import write_all_whole, write_whole


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
