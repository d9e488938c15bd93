"""`python -m server --room FILE` as a process: what it prints, and what survives its death."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.room.attacks import attack
from tests.room.kills import GIVERS, kill, lost
from tests.support.digits import SEVEN
from tests.support.room import serve_room
from tests.support.serving import ROOT, running
from tests.support.waiting import wait_until


def child_processes(pid: int) -> list[int]:
    """Return the workers of a server."""
    listed = subprocess.run(["pgrep", "-P", str(pid), "-f", "spawn_main"], capture_output=True)
    return [int(number) for number in listed.stdout.split()]


def test_the_server_prints_the_urls_of_the_room(tmp_path: Path) -> None:
    arguments = ["-m", "server", "--port", "0", "--host", "0.0.0.0", "--room"]
    with running([*arguments, str(tmp_path / "room.db")]) as server:
        assert server.process.stdout is not None
        exposed, join, presenter = (server.process.stdout.readline() for _ in range(3))
    port = server.url.rpartition(":")[2]
    assert "give drawings to the room" in exposed
    assert re.fullmatch(rf"Join: http://\d+\.\d+\.\d+\.\d+:{port}/\n", join)
    assert re.fullmatch(rf"Presenter: http://127\.0\.0\.1:{port}/#key=[\w-]{{32}}\n", presenter)


def test_the_default_address_lets_no_phone_join_and_says_so(tmp_path: Path) -> None:
    with running(["-m", "server", "--port", "0", "--room", str(tmp_path / "room.db")]) as server:
        assert server.process.stdout is not None
        join, _, hint = (server.process.stdout.readline() for _ in range(3))
    assert join == f"Join: {server.url}/\n"
    assert "--host 0.0.0.0" in hint


@pytest.mark.parametrize("argument", ["README.md", "", "/proc/room.db"])
def test_a_file_that_cannot_be_a_room_ends_the_server_with_a_message(argument: str) -> None:
    before = (ROOT / "README.md").read_bytes()
    command = [sys.executable, "-m", "server", "--port", "0", "--room", argument]
    result = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
    )
    assert result.returncode in (1, 2)
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert (ROOT / "README.md").read_bytes() == before


def test_workers_share_the_room(tmp_path: Path) -> None:
    with serve_room(tmp_path / "room.db", "--workers", "2") as server:
        with ThreadPoolExecutor(8) as threads:
            given = list(threads.map(lambda _: server.give()["id"], range(40)))
        assert sorted(given) == list(range(1, 41))
        # Each request opens a connection, which any worker may accept.
        for _ in range(10):
            assert server.request("/api/room")[1]["drawings"] == 40
        first, _ = server.request("/api/room", "PATCH", {"open": False}, server.key)
        assert first == 200
        for _ in range(10):
            status, _ = server.request("/api/room/drawings", "POST", {"strokes": SEVEN, "label": 7})
            assert status == 403


@pytest.mark.parametrize("seconds", [0.3, 0.6])
def test_every_acknowledged_drawing_survives_a_kill(tmp_path: Path, seconds: float) -> None:
    file = tmp_path / "room.db"
    acknowledged, stored = kill(file, seconds)
    assert acknowledged
    assert lost(acknowledged, stored) == 0
    # At most one more for each of those whose answer was lost.
    assert len(acknowledged) <= len(stored) <= len(acknowledged) + GIVERS
    with serve_room(file) as server:
        assert server.request("/api/room")[1]["drawings"] == len(stored)
        # A known token gets the ID of its drawing, and stores no other one.
        ids = [server.give(token=token)["id"] for token in acknowledged[:5] * 2]
        assert len(set(ids)) == len(acknowledged[:5])
        assert server.request("/api/room")[1]["drawings"] == len(stored)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_another_program_that_closes_the_file_deletes_nothing(tmp_path: Path, workers: str) -> None:
    file = tmp_path / "room.db"
    with serve_room(file, "--workers", workers) as server:
        server.give()
        # A file that nobody else has locked is tidied up by the program that closes it.
        with closing(sqlite3.connect(file)) as other:
            other.execute("SELECT * FROM drawings").fetchall()
        server.give()
        server.process.kill()
    with serve_room(file) as server:
        assert server.request("/api/room")[1]["drawings"] == 2


def test_a_worker_creates_no_other_room(tmp_path: Path) -> None:
    file = tmp_path / "room.db"
    with serve_room(file, "--workers", "2") as server:
        server.give()
        file.rename(tmp_path / "elsewhere.db")
        first, *_ = child_processes(server.pid)
        os.kill(first, signal.SIGKILL)
        # The replacement has failed when the process is gone for the second time.
        wait_until(lambda: len(child_processes(server.pid)) == 1)
        for _ in range(10):
            status, _ = server.request("/api/room/drawings", "POST", {"strokes": SEVEN, "label": 7})
            assert status == 507
            time.sleep(0.2)
        assert not file.exists()


def test_a_file_that_is_busy_delays_nothing_but_its_writers(tmp_path: Path) -> None:
    file = tmp_path / "room.db"
    with serve_room(file) as server, closing(sqlite3.connect(file)) as other:
        other.execute("BEGIN IMMEDIATE")
        for device in range(4):
            status, _ = server.request(f"/api/room?device=device-{device}")
            assert status == 200
        assert server.request("/api/models")[0] == 200
        other.execute("ROLLBACK")
        wait_until(lambda: server.request("/api/room")[1]["devices"] == 4)


def test_the_room_resists_attacks_without_the_key() -> None:
    report, has_resisted = attack(flood=200, guesses=3)
    assert has_resisted, report


@pytest.mark.parametrize("workers", [1, 2])
def test_a_copy_of_the_file_has_all_drawings_and_nothing_that_was_withdrawn(
    tmp_path: Path, workers: int
) -> None:
    file = tmp_path / "room.db"
    with serve_room(file, "--workers", str(workers)) as room:
        withdrawn = room.give([[(0.123123, 0.456456), (0.5, 0.9)]])
        kept = room.give()["id"]
        path = f"/api/room/drawings/{withdrawn['id']}"
        assert room.request(path, "DELETE", key=withdrawn["token"])[0] == 204
        contents = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        assert b"0.123123" not in contents
    copy = tmp_path / "copy.db"
    copy.write_bytes(file.read_bytes())
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT id FROM drawings").fetchall() == [(kept,)]
