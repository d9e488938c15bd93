"""Files that are written whole."""

import errno
import os
import signal
import stat
import tempfile
import threading
from pathlib import Path

import pytest

from server.system.atomic_write import sync_directory, write_all_atomically, write_atomically
from server.system.signals import exit_on_signals
from tests.support.limits import no_room_beyond, without_privileges


def test_a_file_is_written_and_its_directory_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file.npz"
    assert write_atomically(path, b"whole") == path
    assert path.read_bytes() == b"whole"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("durable", [True, False])
def test_many_writers_of_one_file_leave_one_of_theirs(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "file.npz"
    contents = [bytes([writer]) * 100_000 for writer in range(4)]

    def write(content: bytes) -> None:
        for _ in range(20):
            write_atomically(path, content, durable=durable)

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
    path = write_atomically(tmp_path / "file.npz", b"old")

    def refuse(*_: object) -> Path:
        raise PermissionError("somebody reads it")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(PermissionError):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_of_several_files_none_is_replaced_where_one_cannot_be_written(tmp_path: Path) -> None:
    path = write_atomically(tmp_path / "file.npz", b"old")
    (tmp_path / "blocked").write_bytes(b"no directory")
    with pytest.raises(OSError, match="blocked"):
        write_all_atomically({path: b"new", tmp_path / "blocked" / "other.npz": b"new"})
    assert path.read_bytes() == b"old"
    assert sorted(tmp_path.iterdir()) == [tmp_path / "blocked", path]


def test_where_one_cannot_be_replaced_those_after_it_are_as_they_were(tmp_path: Path) -> None:
    last = write_atomically(tmp_path / "last.npz", b"old")
    in_the_way = tmp_path / "directory.npz"
    in_the_way.mkdir()
    with pytest.raises(OSError, match=r"directory\.npz"):
        write_all_atomically({in_the_way: b"new", last: b"new"})
    assert last.read_bytes() == b"old"
    assert sorted(tmp_path.iterdir()) == [in_the_way, last]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_the_renames_is_handled_after_the_last(
    tmp_path: Path, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [tmp_path / f"{name}.npz" for name in ("first", "second", "third")]
    replace = Path.replace

    def interrupt_and_replace(self: Path, target: Path) -> Path:
        os.kill(os.getpid(), number)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", interrupt_and_replace)
    with pytest.raises(SystemExit) as stop, exit_on_signals():
        write_all_atomically(dict.fromkeys(paths, b"new"))
    assert stop.value.code == 128 + number
    assert sorted(tmp_path.iterdir()) == paths


def test_a_directory_that_is_read_only_is_said_and_left_as_it_is() -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = write_atomically(Path(directory) / "file.npz", b"old")
        Path(directory).chmod(0o555)
        with without_privileges(), pytest.raises(PermissionError):
            write_atomically(path, b"new")
        assert path.read_bytes() == b"old"
        assert list(Path(directory).iterdir()) == [path]


def test_a_disk_that_is_full_is_said_and_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = write_atomically(tmp_path / "file.npz", b"old")
    with no_room_beyond(100_000), pytest.raises(OSError, match="File too large"):
        write_all_atomically({tmp_path / "other.npz": b"fits", path: bytes(200_000)})
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Record what is synced and replaced, by name, in order."""
    calls = []
    fsync, replace = os.fsync, os.replace

    def record_fsync(descriptor: int) -> None:
        is_directory = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        name = Path(f"/proc/self/fd/{descriptor}").readlink().name
        calls.append(("directory" if is_directory else "file", name))
        fsync(descriptor)

    def record_replace(source: str, target: str) -> None:
        calls.append(("replace", Path(target).name))
        replace(source, target)

    monkeypatch.setattr(os, "fsync", record_fsync)
    monkeypatch.setattr(os, "replace", record_replace)
    return calls


on_linux = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="it is read from /proc")


@on_linux
def test_a_file_is_synced_then_replaced_then_its_directory_is_synced(
    tmp_path: Path, calls: list[tuple[str, str]]
) -> None:
    directory = tmp_path / "models"
    directory.mkdir()
    write_atomically(directory / "a.npz", b"whole")
    assert [kind for kind, _ in calls] == ["file", "replace", "directory"]
    assert calls[1:] == [("replace", "a.npz"), ("directory", "models")]


@on_linux
def test_each_file_is_durable_before_the_next_takes_its_place(
    tmp_path: Path, calls: list[tuple[str, str]]
) -> None:
    (tmp_path / "history").mkdir()
    write_all_atomically({tmp_path / "history" / "a.npz": b"1", tmp_path / "b.npz": b"2"})
    assert calls[2:] == [
        ("replace", "a.npz"),
        ("directory", "history"),
        ("replace", "b.npz"),
        ("directory", tmp_path.name),
    ]


@on_linux
def test_new_directories_are_synced_into_those_above_them(
    tmp_path: Path, calls: list[tuple[str, str]]
) -> None:
    write_atomically(tmp_path / "a" / "b" / "file.npz", b"whole")
    assert calls[:2] == [("directory", tmp_path.name), ("directory", "a")]


@on_linux
def test_what_need_not_be_durable_is_not_waited_for(
    tmp_path: Path, calls: list[tuple[str, str]]
) -> None:
    write_atomically(tmp_path / "file.npz", b"whole", durable=False)
    assert calls == [("replace", "file.npz")]


@on_linux
def test_a_new_directory_is_durable_even_if_its_first_file_is_not(
    tmp_path: Path, calls: list[tuple[str, str]]
) -> None:
    write_atomically(tmp_path / "new" / "first.npz", b"1", durable=False)
    assert calls == [("directory", tmp_path.name), ("replace", "first.npz")]


def fail_for_directories(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    fsync = os.fsync

    def refuse(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", refuse)


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF])
def test_a_file_system_that_syncs_no_directories_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    fail_for_directories(monkeypatch, number)
    assert write_atomically(tmp_path / "new" / "file.npz", b"whole").read_bytes() == b"whole"


def test_a_directory_that_may_be_written_but_not_read_is_not_synced() -> None:
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o333)
        with without_privileges():
            write_atomically(Path(directory) / "file.npz", b"whole")
        assert (Path(directory) / "file.npz").read_bytes() == b"whole"


def test_a_disk_that_fails_while_a_directory_is_synced_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_for_directories(monkeypatch, errno.EIO)
    with pytest.raises(OSError, match="Input/output error"):
        write_atomically(tmp_path / "file.npz", b"whole")


def test_windows_opens_no_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.system.atomic_write.sys.platform", "win32")
    monkeypatch.setattr(os, "open", lambda *_: pytest.fail("a directory is opened"))
    sync_directory(tmp_path)
