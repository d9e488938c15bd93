"""`python -m server` as a process, over real sockets."""

import http.client
import json
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.conftest import save_small_model
from tests.serving import ROOT, serve


def send(url: str, request: bytes) -> tuple[int, str, bytes]:
    """Send raw bytes; return the answer's status, content type and body."""
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(request)
        response = http.client.HTTPResponse(connection)
        response.begin()
        return response.status, response.getheader("Content-Type", ""), response.read()


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"this is not HTTP\r\n\r\n", 400),
        (b"POST /api/predict HTTP/1.1\r\nContent-Length: minus one\r\n\r\n", 400),
        (b"POST /api/predict HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"POST /api/predict HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"GET /" + b"a" * 300_000 + b" HTTP/1.1\r\n\r\n", 431),
    ],
)
def test_what_never_reaches_the_app_is_answered_with_a_problem_too(
    server_url: str, request_bytes: bytes, status: int
) -> None:
    answer = send(server_url, request_bytes)
    assert answer[0] == status
    assert answer[1] == "application/problem+json"
    assert json.loads(answer[2])["status"] == status


def test_sigterm_ends_it_with_success() -> None:
    command = [sys.executable, "-m", "server", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


def test_a_taken_port_is_said_in_one_line(server_url: str) -> None:
    port = str(urlsplit(server_url).port)
    command = [sys.executable, "-m", "server", "--port", port]
    result = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=10, check=False
    )
    assert result.returncode == 1
    assert result.stderr.startswith(f"Cannot serve on 127.0.0.1:{port}: ")
    assert len(result.stderr.splitlines()) == 1


def test_a_room_full_of_open_connections_keeps_nobody_out(server_url: str) -> None:
    parts = urlsplit(server_url)
    with ExitStack() as stack:
        for _ in range(200):
            connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=10)
            stack.callback(connection.close)
            connection.request("GET", "/healthz")
            response = connection.getresponse()
            assert response.read()
            assert response.status == 200


def test_it_serves_the_models_of_another_directory(tmp_path: Path) -> None:
    save_small_model(tmp_path, "mine")
    with serve("--models", str(tmp_path)) as url:
        status, _, body = send(url, b"GET /api/models HTTP/1.1\r\n\r\n")
        assert status == 200
        assert json.loads(body)["default"] == "mine"
