"""`python -m server --workers N`: several processes, one address, one end."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from server.system.signals import SIGNALS
from server.transport import workers as workers_module
from server.transport.serving import Served
from server.transport.workers import Supervisor, WorkerError
from tests.support.factories import save_small_model
from tests.support.serving import ROOT
from tests.support.waiting import wait_until

pytestmark = pytest.mark.skipif(os.name == "nt", reason="workers share a socket, not on Windows")

COMMAND = [sys.executable, "-m", "server", "--port", "0", "--workers", "2"]


class Workers:
    """A server with two workers."""

    def __init__(self, command: list[str] = COMMAND) -> None:
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().removeprefix("Serving on ").strip()

    def pids(self) -> set[int]:
        """Find the processes that hold the models: those of its children that run the server."""
        found = set()
        lines = subprocess.check_output(["ps", "-A", "-ww", "-o", "pid=,ppid=,command="], text=True)
        for line in lines.splitlines():
            pid, parent, command = line.split(maxsplit=2)
            if int(parent) == self.process.pid and "spawn_main" in command:
                found.add(int(pid))
        return found

    def healthy(self) -> bool:
        with urllib.request.urlopen(f"{self.url}/healthz", timeout=10) as answer:
            return bool(answer.status == 200)


@pytest.fixture
def workers() -> Iterator[Workers]:
    workers = Workers()
    yield workers
    with workers.process as process:
        process.kill()


def is_gone(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, check=False)
    return state.stdout.strip()[:1] in (b"", b"Z")


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_all_of_them_with_success(workers: Workers, number: signal.Signals) -> None:
    assert workers.healthy()
    pids = workers.pids()
    assert len(pids) == 2
    workers.process.send_signal(number)
    output, errors = workers.process.communicate(timeout=15)
    assert workers.process.returncode == 0
    assert (output, errors) == ("", "")
    assert all(is_gone(pid) for pid in pids)


def test_a_worker_that_dies_is_replaced(workers: Workers) -> None:
    first, second = workers.pids()
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: len(workers.pids() - {first, second}) == 1)
    assert all(workers.healthy() for _ in range(10))
    workers.process.terminate()
    _, errors = workers.process.communicate(timeout=15)
    (line,) = errors.splitlines()
    assert line.startswith(f"Worker {first} exited with code -9; starting another")
    assert workers.process.returncode == 0


def test_none_outlives_the_process_that_started_it(workers: Workers) -> None:
    pids = workers.pids()
    workers.process.kill()
    wait_until(lambda: all(is_gone(pid) for pid in pids))


@pytest.mark.parametrize("count", ["0", "-1", "many"])
def test_a_count_that_is_none_is_refused(count: str) -> None:
    command = [*COMMAND[:-1], count]
    result = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=10, check=False
    )
    assert result.returncode == 2
    assert "--workers" in result.stderr.splitlines()[-1]


def test_a_worker_that_cannot_start_ends_the_whole() -> None:
    # A socket that is none for streams cannot be served.
    program = (
        "import pathlib, socket; from server.transport.serving import Served;"
        "from server.transport.workers import serve_with_workers;"
        "listener = socket.socket(type=socket.SOCK_DGRAM);"
        "serve_with_workers(2, listener, Served(pathlib.Path()), lambda: print('ready'))"
    )
    command = [sys.executable, "-c", program]
    result = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
    )
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1].endswith("exited with code 1 before it served.")


# Workers of which all but the first die before they serve. A spawned process runs the main module
# again, so that the replacement of `serve` is in place in each of them.
FAILING = """
import os, pathlib, socket, sys
from server.transport import serving
from server.transport import workers
from server.storage.model_file import MODELS

first = pathlib.Path({first!r})
real_serve = serving.serve

def serve(*arguments):
    try:
        first.touch(exist_ok=False)
    except FileExistsError:
        os._exit(3)
    real_serve(*arguments)

workers.serve = serve
workers.MIN_RESTART_SECONDS = 0.1

if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", 0))
    url = "http://127.0.0.1:" + str(listener.getsockname()[1])
    workers.serve_with_workers(
        2, listener, serving.Served(MODELS), lambda: print("Serving on " + url, flush=True)
    )
"""


def test_workers_that_die_before_they_serve_leave_the_others_running(tmp_path: Path) -> None:
    program = tmp_path / "failing.py"
    program.write_text(FAILING.format(first=str(tmp_path / "first")))
    workers = Workers([sys.executable, str(program)])
    with workers.process as process:
        lines = []
        # As many as it takes for the delay to have doubled a few times.
        while len(lines) < 4:
            assert workers.healthy()
            lines.append(process.stderr.readline())
        assert workers.healthy()
        process.terminate()
        assert process.wait(timeout=15) == 0
    assert all("exited with code 3 before it served; starting another in" in line for line in lines)
    delays = [float(line.split()[-2]) for line in lines]
    assert delays == [0.1, 0.2, 0.4, 0.8]


def test_a_process_that_cannot_be_started_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    starts: list[float] = []

    def refuse(*_arguments: object) -> workers_module.Worker:
        starts.append(time.monotonic())
        if len(starts) > 2:
            raise SystemExit
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(workers_module, "_start", refuse)
    monkeypatch.setattr(workers_module, "MIN_RESTART_SECONDS", 0.01)
    with socket.socket() as listener:
        supervisor = Supervisor(1, listener, Served(Path()), lambda: None)
        with pytest.raises(WorkerError, match="Resource temporarily unavailable"):
            supervisor.run()
        supervisor._has_served = True
        with pytest.raises(SystemExit):
            supervisor.run()
    assert len(starts) == 3


def test_all_workers_serve_a_new_model_with_their_next_response(tmp_path: Path) -> None:
    save_small_model(tmp_path, "small", favourite=3)
    workers = Workers([*COMMAND, "--models", str(tmp_path)])
    try:
        parts = urlsplit(workers.url)
        # So many that both workers have some of them.
        connections = [http.client.HTTPConnection(parts.netloc, timeout=10) for _ in range(8)]

        def get_models(connection: http.client.HTTPConnection) -> dict[str, str]:
            connection.request("GET", "/api/models")
            listed = json.load(connection.getresponse())["models"]
            return {model["name"]: model["digest"] for model in listed}

        def predict(connection: http.client.HTTPConnection, query: str) -> int:
            headers = {"Content-Type": "application/octet-stream"}
            path = f"/api/predict?fields=probabilities&{query}"
            connection.request("POST", path, bytes(784), headers)
            digit: int = json.load(connection.getresponse())["digit"]
            return digit

        for connection in connections:
            assert predict(connection, "model=small") == 3
        for favourite in range(4, 10):
            save_small_model(tmp_path, "small", favourite=favourite)
            save_small_model(tmp_path, f"new-{favourite}", favourite=favourite)
            models = [get_models(connection) for connection in connections]
            assert all(known == models[0] for known in models)
            assert f"new-{favourite}" in models[0]
            digest = models[0]["small"]
            for connection in connections:
                assert predict(connection, f"model=new-{favourite}") == favourite
                assert predict(connection, f"model=small&v={digest}") == favourite
        for connection in connections:
            connection.close()
    finally:
        workers.process.terminate()
        workers.process.communicate(timeout=15)
