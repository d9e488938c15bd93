"""`python -m server` as a process, over real sockets."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from server.__main__ import describe_models
from server.system.signals import SIGNALS
from tests.support.factories import save_small_model
from tests.support.serving import ROOT, running, serve
from tests.support.sockets import send


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"this is not HTTP\r\n\r\n", 400),
        (b"POST /api/predict HTTP/1.1\r\nContent-Length: minus one\r\n\r\n", 400),
        (b"POST /api/predict HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"POST /api/predict HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
        (b"GET /" + b"a" * 300_000 + b" HTTP/1.1\r\n\r\n", 414),
    ],
)
def test_requests_that_never_reach_the_app_are_answered_with_a_problem_too(
    server_url: str, request_bytes: bytes, status: int
) -> None:
    answer = send(server_url, request_bytes)
    assert answer[0] == status
    assert answer[1] == "application/problem+json"
    assert json.loads(answer[2])["status"] == status


def test_requests_sent_ahead_are_answered_in_their_order(server_url: str) -> None:
    parts = urlsplit(server_url)
    live = b"POST /api/predict?fields=doubt HTTP/1.1\r\nContent-Length: 784\r\n"
    live += b"Content-Type: application/octet-stream\r\n\r\n" + bytes(784)
    requests = [live, b"GET /healthz HTTP/1.1\r\n\r\n", live, live, b"GET /none HTTP/1.1\r\n\r\n"]
    with socket.create_connection((str(parts.hostname), parts.port or 0), timeout=10) as connection:
        connection.sendall(b"".join(requests))
        connection.sendall(b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n")
        with connection.makefile("rb") as file:
            answers = file.read().decode()
    expected = ["no ink", "models", "no ink", "no ink", "404", "models"]
    assert re.findall(r"no ink|models(?=\")|404(?=,)", answers) == expected


def test_a_refused_live_prediction_leaves_the_connection_open(server_url: str) -> None:
    parts = urlsplit(server_url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=10)
    statuses = []
    for path in ("/api/predict?model=none", "/api/predict", "/api/predict?fields=smell"):
        connection.request("POST", path, bytes(784), {"Content-Type": "application/octet-stream"})
        response = connection.getresponse()
        response.read()
        statuses.append(response.status)
    connection.close()
    assert statuses == [404, 200, 400]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send signals")
@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_it_with_success(number: signal.Signals) -> None:
    command = [sys.executable, "-m", "server", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(number)
        assert process.wait(timeout=10) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send signals")
@pytest.mark.parametrize("arguments", [(), ("--workers", "2")], ids=["one", "workers"])
def test_any_number_of_signals_ends_it_with_success(arguments: tuple[str, ...]) -> None:
    command = ["-m", "server", "--port", "0", *arguments]
    with running(command, stderr=subprocess.PIPE) as server:
        process = server.process
        assert process.stderr is not None
        # Both signals arrive at the same time.
        for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGINT, signal.SIGCONT):
            process.send_signal(number)
        deadline = time.monotonic() + 20
        while process.poll() is None and time.monotonic() < deadline:
            process.send_signal(signal.SIGTERM)
            process.send_signal(signal.SIGINT)
            time.sleep(0.002)
        assert process.returncode == 0
        assert process.stderr.read() == ""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send signals")
def test_ctrl_c_before_it_is_ready_ends_it_without_a_message(tmp_path: Path) -> None:
    # Importing this Flask takes as long as the test needs.
    (tmp_path / "flask.py").write_text(
        "import time; print('Importing', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-m", "server", "--port", "0"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "Importing\n"
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == ""
    assert process.returncode == -signal.SIGINT


@pytest.mark.parametrize(
    ("host", "lines"),
    [("127.0.0.1", 1), ("localhost", 1), ("::1", 1), ("0.0.0.0", 2), ("::", 2)],
)
def test_it_says_to_whom_it_is_open_beyond_this_machine(host: str, lines: int) -> None:
    command = [sys.executable, "-m", "server", "--port", "0", "--host", host]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        printed = [process.stdout.readline()]
        process.send_signal(signal.SIGTERM)
        printed += process.stdout.read().splitlines()
        assert process.wait(timeout=10) == 0
    assert printed[0].startswith("Serving on http://")
    assert len(printed) == lines
    assert all(line.startswith("Open to everyone who can reach") for line in printed[1:])


@pytest.mark.parametrize(
    ("host", "families"),
    [
        ("127.0.0.1", {socket.AF_INET}),
        ("0.0.0.0", {socket.AF_INET}),
        ("::1", {socket.AF_INET6}),
        ("[::1]", {socket.AF_INET6}),
        ("::", {socket.AF_INET, socket.AF_INET6}),
        ("[::]", {socket.AF_INET, socket.AF_INET6}),
        ("0:0:0:0:0:0:0:0", {socket.AF_INET, socket.AF_INET6}),
    ],
)
def test_it_listens_on_the_addresses_that_were_asked_for(
    host: str, families: set[socket.AddressFamily]
) -> None:
    with serve("--host", host) as url:
        assert f"//[{host.strip('[]')}]:" in url if ":" in host else f"//{host}:" in url
        port = urlsplit(url).port
        answered = set()
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            connection = http.client.HTTPConnection(address, port, timeout=10)
            try:
                connection.request("GET", "/healthz")
            except ConnectionRefusedError:
                continue
            assert connection.getresponse().status == 200
            connection.close()
            answered.add(family)
    assert answered == families


def test_an_ipv4_mapped_address_is_that_ipv4_address() -> None:
    with serve("--host", "::ffff:127.0.0.1") as url:
        assert url.startswith("http://127.0.0.1:")
        assert send(url, b"GET /healthz HTTP/1.1\r\n\r\n")[0] == 200


def test_a_directory_that_cannot_be_read_does_not_end_the_server(tmp_path: Path) -> None:
    assert describe_models(tmp_path / "removed") == ""


def test_it_says_that_a_directory_has_no_models(tmp_path: Path) -> None:
    with running(["-m", "server", "--port", "0", "--models", str(tmp_path)]) as server:
        assert server.process.stdout is not None
        assert str(tmp_path) in server.process.stdout.readline()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /dev/full")
@pytest.mark.parametrize("output", ["full", "closed"])
def test_it_serves_although_standard_output_cannot_be_written(output: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "server", "--port", str(port)]
    if output == "full":
        target = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, target = os.pipe()
        os.close(reader)
    with subprocess.Popen(
        command, cwd=ROOT, stdout=target, stderr=subprocess.PIPE, text=True
    ) as process:
        os.close(target)
        assert process.stderr is not None
        message = process.stderr.readline()
        assert "Standard output cannot be written" in message
        assert send(f"http://127.0.0.1:{port}", b"GET /healthz HTTP/1.1\r\n\r\n")[0] == 200
        process.terminate()
        assert process.stderr.read() == ""
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--host", ""], "argument --host: it is empty"),
        (["--host", "[]"], "argument --host: it is empty"),
        (["--host", "192.0.2.1"], "Cannot serve on 192.0.2.1:0: "),
        (["--host", "no such host"], "Cannot serve on no such host:0: "),
        (["--host", "a" * 64], f"Cannot serve on {'a' * 64}:0: "),
        (["--port", "65536"], "Cannot serve on 127.0.0.1:65536: "),
        (["--port", "-1"], "Cannot serve on 127.0.0.1:-1: "),
        (["--port", "http"], "argument --port: invalid int value: 'http'"),
        (["--models", "/typo"], "argument --models: '/typo' does not exist"),
        (["--models", ""], "argument --models: '' does not exist"),
        (["--models", "README.md"], "argument --models: 'README.md' is not a directory"),
        (["--models", "a" * 5000], "does not exist; accepted: a directory of model files"),
    ],
)
def test_arguments_that_cannot_be_meant_are_refused(arguments: list[str], message: str) -> None:
    command = [sys.executable, "-m", "server", "--port", "0", *arguments]
    result = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=10, check=False
    )
    assert result.returncode in (1, 2)
    assert message in result.stderr.splitlines()[-1]
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


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
