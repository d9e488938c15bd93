"""A directory's files, loaded again when they change."""

from pathlib import Path

import pytest

from server.storage.watched_directory import WatchedDirectory
from tests.support.gated_load import GatedLoad


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "one.npz"
    file.write_text("old")
    return file


def test_during_the_first_scan_everybody_waits_for_its_result(file: Path) -> None:
    load = GatedLoad(Path.read_text)
    store = WatchedDirectory(file.parent, load, "Text")
    first, second = load.call_twice(store.scan)
    assert first == second == {"one": "old"}


def test_a_change_is_noticed_but_not_loaded_where_nothing_may_wait(file: Path) -> None:
    loaded = []
    store = WatchedDirectory(file.parent, lambda path: loaded.append(path.name), "Text")
    assert store.recent(max_age=60) is None
    store.scan()
    (file.parent / "two.npz").write_text("new")
    assert store.recent(max_age=60) is not None
    assert store.recent(max_age=0) is None
    assert loaded == ["one.npz"]
    store.scan()
    assert store.recent(max_age=0) is not None


def test_a_scan_is_not_lost_to_one_in_progress(file: Path) -> None:
    """The one in progress may have read the directory before the last change."""

    def load_then_add(path: Path) -> str:
        text = path.read_text()
        # The directory was listed before, so that this scan does not find the new file.
        (file.parent / "two.npz").write_text("new")
        return text

    load = GatedLoad(load_then_add)
    store = WatchedDirectory(file.parent, load, "Text")
    first, second = load.call_twice(store.scan)
    assert first == {"one": "old"}
    assert second == {"one": "old", "two": "new"}


def test_after_the_first_scan_a_recent_one_is_enough_while_another_is_in_progress(
    file: Path,
) -> None:
    load = GatedLoad(Path.read_text)
    load.gate.set()
    store = WatchedDirectory(file.parent, load, "Text")
    store.scan()
    file.write_text("newer")
    load.gate.clear()
    calls = iter([store.scan, lambda: store.recent(max_age=0)])
    first, second = load.call_twice(lambda: next(calls)())
    assert (first, second) == ({"one": "newer"}, {"one": "old"})
