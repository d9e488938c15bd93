"""What one client may do to its connection, and that it does nothing to the others."""

import http.client
import json
import os
import resource
import select
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from urllib.parse import urlsplit

import pytest

from tests.benchmarks.load import connect, request_bytes, stalled
from tests.support.limits import limited
from tests.support.serving import Running, running
from tests.support.waiting import wait_until

# The limits are minutes and thousands; with these a test need not wait.
PROGRAM = """
import socket
from server.transport import connection
from server.transport import serving
from server.storage.model_file import MODELS
connection.TRANSFER_SECONDS = {patience}
serving.MAX_CONNECTIONS = {most}
serving.KEEP_ALIVE_SECONDS = {keep_alive}
listener = socket.create_server(("127.0.0.1", 0))
url = f"http://127.0.0.1:{{listener.getsockname()[1]}}"
serving.serve(listener, serving.Served(MODELS), lambda: print(f"Serving on {{url}}", flush=True))
"""


# A prediction takes a second, so that what follows its request is there long before it.
SLOW = """
import time
from server.web.routes import prediction as prediction_routes

def predict(*arguments):
    print("Predicting", flush=True)
    time.sleep(1)
    return real_predict(*arguments)

real_predict = prediction_routes.predict
prediction_routes.predict = predict
"""


@contextmanager
def impatient(patience: float = 1, most: int = 100, keep_alive: float = 20) -> Iterator[Running]:
    """Serve the demo with other limits."""
    program = PROGRAM.format(patience=patience, most=most, keep_alive=keep_alive)
    with running(["-c", program]) as server:
        yield server


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with impatient() as server:
        yield server


def read_answer(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Return an answer's status, headers and body."""
    response = http.client.HTTPResponse(connection)
    response.begin()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return response.status, headers, response.read()


def is_closed(connection: socket.socket) -> bool:
    """Wait until the server has closed the connection."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def is_served(url: str) -> bool:
    """Tell whether somebody else is answered."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=10)
    connection.request("GET", "/healthz")
    status = connection.getresponse().status
    connection.close()
    return status == 200


@pytest.mark.parametrize(
    "beginning",
    [b"P", b"GET / HTTP/1.1\r\nHost: room\r\n", request_bytes()[:-1]],
    ids=["a letter", "half a head", "a body without its end"],
)
def test_a_request_that_never_ends_is_answered_with_408(server: Running, beginning: bytes) -> None:
    with connect(server.url) as connection:
        connection.sendall(beginning)
        status, headers, body = read_answer(connection)
        assert status == 408
        assert headers["content-type"] == "application/problem+json"
        assert json.loads(body)["status"] == 408
        assert is_closed(connection)


def test_a_body_that_arrives_byte_by_byte_is_answered_with_408(server: Running) -> None:
    request = request_bytes()
    with connect(server.url) as connection:
        connection.sendall(request[:-700])
        sent = 0
        connection.settimeout(0.05)
        while sent < 700:
            connection.sendall(request[-700 + sent :][:1])
            sent += 1
            try:
                first = connection.recv(12)
                break
            except TimeoutError:
                continue
        assert first == b"HTTP/1.1 408"
        assert sent < 100


def test_the_next_request_is_measured_by_itself(server: Running) -> None:
    body = request_bytes()[:-784] + bytes(784)
    with connect(server.url) as connection:
        # More of bodies than a head may have, and then a head in two pieces.
        for _ in range(100):
            connection.sendall(body[:-100])
            time.sleep(0.001)
            connection.sendall(body[-100:])
            assert read_answer(connection)[0] == 200
        connection.sendall(body[:20])
        time.sleep(0.05)
        connection.sendall(body[20:])
        assert read_answer(connection)[0] == 200


def test_each_pipelined_request_has_a_time_of_its_own(server: Running) -> None:
    # Each piece ends a request and begins the next, for longer than one request may take.
    start, end = b"GET /healthz HTTP/1.1\r\nHost", b": room\r\n\r\n"
    with connect(server.url) as connection:
        connection.sendall(start)
        for _ in range(5):
            time.sleep(0.4)
            connection.sendall(end + start)
            assert read_answer(connection)[0] == 200


def test_a_refusal_is_read_after_a_long_body_that_ends_the_connection(
    patient_server: Running,
) -> None:
    size = 20_000_000
    head = f"Content-Length: {size}\r\nConnection: close\r\n\r\n"
    with connect(patient_server.url) as connection:
        connection.sendall(b"POST /api/predict HTTP/1.1\r\n" + head.encode())
        connection.sendall(bytes(size))
        time.sleep(0.2)
        assert [answer[0] for answer in read_responses(connection)] == [413]


@pytest.mark.parametrize("protocol", [b"h2c", b"websocket"])
def test_an_upgrade_that_is_not_supported_is_ignored(server: Running, protocol: bytes) -> None:
    upgrade = b"HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: " + protocol
    drawing = request_bytes().replace(b"HTTP/1.1", upgrade, 1)
    requests = drawing + b"GET /healthz " + upgrade + b"\r\n\r\n" + request_bytes()
    last = b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n"
    for size in (len(requests), 100, 7):
        with connect(server.url) as connection:
            for start in range(0, len(requests), size):
                connection.sendall(requests[start : start + size])
            connection.sendall(last)
            responses = read_responses(connection)
        assert [answer[0] for answer in responses] == [200] * 4
        assert [b"probabilities" in answer[2] for answer in responses] == [True, False, True, False]


def test_a_client_that_sends_on_after_a_refusal_is_disconnected(server: Running) -> None:
    head = b"POST /api/predict HTTP/1.1\r\nContent-Length: 100000000\r\n\r\n"
    with connect(server.url) as connection:
        connection.sendall(head)
        assert read_answer(connection)[0] == 413
        with pytest.raises(OSError, match=r"reset|Broken pipe"):  # noqa: PT012
            for _ in range(100):
                connection.sendall(b"a")
                time.sleep(0.05)


def test_a_connection_without_a_request_is_closed_without_a_response(server: Running) -> None:
    with connect(server.url) as connection:
        assert is_closed(connection)


def test_a_connection_is_kept_for_a_while_after_an_answer() -> None:
    with impatient(keep_alive=1) as server, connect(server.url) as connection:
        for _ in range(2):
            connection.sendall(request_bytes())
            assert read_answer(connection)[0] == 200
        assert is_closed(connection)


def test_a_client_that_reads_no_response_is_disconnected(server: Running) -> None:
    # As many answers as no buffer between the two holds, and none of them is read.
    request = b"GET /static/screenshot.png HTTP/1.1\r\nHost: room\r\n\r\n"
    with connect(server.url) as connection:
        with pytest.raises(OSError, match=r"reset|Broken pipe"):  # noqa: PT012
            end = time.monotonic() + 20
            while time.monotonic() < end:
                connection.sendall(request)
                time.sleep(0.001)
        assert is_served(server.url)


def test_half_sent_bodies_do_not_delay_other_requests(server: Running) -> None:
    json_head = b"POST /api/predict HTTP/1.1\r\nContent-Type: application/json\r\n"
    for half in (request_bytes()[:-1], json_head + b'Content-Length: 99\r\n\r\n{"pixels":'):
        with stalled(server.url, 50, half):
            assert is_served(server.url)
            with connect(server.url) as connection:
                connection.sendall(request_bytes())
                assert read_answer(connection)[0] == 200


def test_a_connection_beyond_the_limit_is_answered_with_503() -> None:
    with impatient(patience=20, most=3) as server, ExitStack() as stack:
        inside = [stack.enter_context(connect(server.url)) for _ in range(3)]
        for connection in inside:
            connection.sendall(request_bytes())
            assert read_answer(connection)[0] == 200
        with connect(server.url) as outside:
            outside.sendall(request_bytes())
            status, headers, body = read_answer(outside)
            assert status == 503
            assert int(headers["retry-after"]) >= 1
            assert headers["content-type"] == "application/problem+json"
            assert "Try again" in json.loads(body)["detail"]
            assert is_closed(outside)
        inside[0].sendall(request_bytes())
        assert read_answer(inside[0])[0] == 200
        inside[0].close()

        def is_let_in() -> bool:
            with connect(server.url) as connection:
                connection.sendall(request_bytes())
                return read_answer(connection)[0] == 200

        # The server hears a moment later that a place was left.
        wait_until(is_let_in)


def test_where_few_files_may_be_open_connections_leave_some_for_requests() -> None:
    program = "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (300, 300))\n"
    program += PROGRAM.format(patience=30, most=2000, keep_alive=20)
    with ExitStack() as stack:
        stack.enter_context(limited(resource.RLIMIT_NOFILE, 1000))
        server = stack.enter_context(running(["-c", program], stderr=subprocess.PIPE))
        first = stack.enter_context(connect(server.url))
        first.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
        assert read_answer(first)[0] == 200
        others = [stack.enter_context(connect(server.url)) for _ in range(400)]
        # The last one is closed without a response.
        assert is_closed(others[-1])
        for path in ("", "api/models/pooled/evaluation", "static/v-x/page/room.js"):
            first.sendall(b"GET /%b HTTP/1.1\r\n\r\n" % path.encode())
            assert read_answer(first)[0] == 200
        server.process.terminate()
        assert server.process.stderr is not None
        (message,) = server.process.stderr.read().splitlines()
        assert "Limited to 150 connections per process" in message


def test_a_head_without_end_is_refused_before_it_fills_the_memory(server: Running) -> None:
    before = server.megabytes()
    with connect(server.url) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n")
        line = b"X-Long: " + b"a" * 10_000 + b"\r\n"
        try:
            for _ in range(10_000):
                connection.sendall(line)
        except (BrokenPipeError, ConnectionResetError):
            pass
        else:
            pytest.fail("A hundred megabytes of headers were taken.")
    assert server.megabytes() < before + 20


@pytest.fixture(scope="module")
def patient_server() -> Iterator[Running]:
    """Serve with time for a request of a hundred megabytes on a busy machine."""
    with impatient(patience=30) as server:
        yield server


def test_a_hundred_megabytes_are_refused_and_kept_nowhere(patient_server: Running) -> None:
    server = patient_server
    before = server.megabytes()
    piece = bytes(1_000_000)
    for head in (b"Content-Length: 100000000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"):
        with connect(server.url) as connection:
            kind = b"Content-Type: application/octet-stream\r\n"
            connection.sendall(b"POST /api/predict HTTP/1.1\r\n" + kind + head)
            for _ in range(100):
                if b"chunked" in head:
                    connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
                else:
                    connection.sendall(piece)
            status, headers, _ = read_answer(connection)
            assert status == 413
            assert headers["content-type"] == "application/problem+json"
    assert server.megabytes() < before + 20


def test_sigterm_lets_running_requests_finish() -> None:
    program = SLOW + PROGRAM.format(patience=30, most=9, keep_alive=9)
    with ExitStack() as stack:
        server = stack.enter_context(running(["-c", program]))
        asking, stalled, idle = (stack.enter_context(connect(server.url)) for _ in range(3))
        idle.sendall(request_bytes())
        assert read_answer(idle)[0] == 200
        stalled.sendall(request_bytes()[:-1])
        # JSON goes to Flask, and so to what is slow.
        asking.sendall(json_request())
        wait_for_prediction(server)
        os.kill(server.pid, signal.SIGTERM)
        status, _, body = read_answer(asking)
        assert status == 200
        assert len(json.loads(body)["probabilities"]) == 10
        assert all(map(is_closed, (asking, stalled, idle)))
    assert server.process.wait(10) == 0


def test_sigterm_ends_it_although_a_client_reads_no_response() -> None:
    # The response deadline is longer than the time to stop.
    program = "from server.transport import serving\nserving.STOP_SECONDS = 1\n"
    program += PROGRAM.format(patience=60, most=9, keep_alive=9)
    requests = b"GET /static/v-x/screenshot.png HTTP/1.1\r\nHost: room\r\n\r\n" * 60
    with running(["-c", program], stderr=subprocess.PIPE) as server, socket.socket() as client:
        parts = urlsplit(server.url)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.connect((parts.hostname, parts.port))
        client.sendall(requests)
        client.settimeout(10)
        assert client.recv(1)
        os.kill(server.pid, signal.SIGTERM)
        assert server.process.wait(20) == 0
        assert server.process.stderr is not None
        assert server.process.stderr.read() == ""


def wait_for_prediction(server: Running) -> None:
    """Wait until a server that is SLOW has begun with a prediction."""
    assert server.process.stdout is not None
    assert server.process.stdout.readline() == "Predicting\n"


def json_request() -> bytes:
    """Return a drawing as JSON, as it goes over the wire."""
    body = json.dumps({"pixels": [0.5] * 784}).encode()
    head = "POST /api/predict HTTP/1.1\r\nHost: room\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def read_responses(connection: socket.socket) -> list[tuple[int, dict[str, str], bytes]]:
    """Return all responses until the server closes the connection."""
    responses = []
    with connection.makefile("rb") as file:
        while line := file.readline():
            headers = dict(http.client.parse_headers(file).items())
            body = file.read(int(headers["content-length"]))
            responses.append((int(line.split()[1]), headers, body))
    return responses


@pytest.fixture(scope="module")
def slow_server() -> Iterator[Running]:
    program = SLOW + PROGRAM.format(patience=2, most=100, keep_alive=20)
    with running(["-c", program]) as server:
        yield server


@pytest.mark.parametrize(
    ("second", "status"),
    [
        (b"GET /healthz HTTP/1.1\r\nX: ", 408),
        (b"GET /healthz HTTP/1.1\r\nX: " + b"a" * 100_000, 431),
        (b"This is no request.\r\n\r\n", 400),
        (b"POST /api/predict HTTP/1.1\r\nContent-Length: 9\r\n\r\n1234", 408),
        (b"POST /api/predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    ],
    ids=["half a head", "a long head", "no HTTP", "half a body", "a broken body"],
)
def test_a_refusal_waits_for_the_responses_to_earlier_requests(
    slow_server: Running, second: bytes, status: int
) -> None:
    for first in (json_request(), json_request() + b"GET /healthz HTTP/1.1\r\n\r\n"):
        with connect(slow_server.url) as connection:
            connection.sendall(first + second)
            *earlier, refusal = read_responses(connection)
            assert [answer[0] for answer in earlier] == [200] * (1 + first.count(b"GET"))
            assert json.loads(earlier[0][2])["evidence"]
            assert refusal[0] == status
            assert json.loads(refusal[2])["status"] == status
            assert refusal[1]["connection"] == "close"


def test_a_refusal_is_sent_to_a_client_that_sends_no_more(slow_server: Running) -> None:
    with connect(slow_server.url) as connection:
        connection.sendall(json_request() + b"This is no request.\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        assert [status for status, _, _ in read_responses(connection)] == [200, 400]


def test_a_long_body_does_not_count_as_the_next_requests_head(server: Running) -> None:
    head = b"POST /api/predict HTTP/1.1\r\nContent-Type: application/octet-stream\r\n"
    body = b"Content-Length: 100000\r\n\r\n" + bytes(100_000)
    chunked = b"Transfer-Encoding: chunked\r\n\r\n186a0\r\n" + bytes(100_000) + b"\r\n0\r\n\r\n"
    for request in (head + body, head + chunked, json_request() * 15):
        with connect(server.url) as connection:
            connection.sendall(request + b"GET /healthz HTTP/1.1\r\n")
            time.sleep(0.2)
            connection.sendall(b"Connection: close\r\n\r\n")
            *earlier, last = read_responses(connection)
            assert {answer[0] for answer in earlier} <= {200, 422}
            assert last[0] == 200


# The server measures in pieces of 2,048 bytes, and neither the first nor the last may count.
@pytest.mark.parametrize(("length", "status"), [(63_000, 200), (70_000, 431)])
def test_the_limit_of_a_head_holds_however_it_arrives(
    server: Running, length: int, status: int
) -> None:
    start = b"GET /healthz HTTP/1.1\r\nConnection: close\r\nX: "
    request = start + b"a" * (length - len(start))
    for size in (1_000, 10_000, length):
        with connect(server.url) as connection:
            for begin in range(0, length, size):
                connection.sendall(request[begin : begin + size])
                time.sleep(0.001)
            connection.sendall(b"\r\n\r\n")
            assert [answer[0] for answer in read_responses(connection)] == [status]


@pytest.mark.parametrize(
    "rest", [b"", b"GET /heal", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n1"]
)
def test_a_client_that_sends_no_more_is_answered_first(slow_server: Running, rest: bytes) -> None:
    with connect(slow_server.url) as connection:
        connection.sendall(json_request() + rest)
        connection.shutdown(socket.SHUT_WR)
        assert [answer[0] for answer in read_responses(connection)] == [200]


@pytest.mark.parametrize("rest", [b"GET /", request_bytes()[:-1]], ids=["head", "body"])
def test_sigterm_answers_what_came_before_half_a_request(rest: bytes) -> None:
    program = SLOW + PROGRAM.format(patience=30, most=9, keep_alive=9)
    with running(["-c", program]) as server:
        with connect(server.url) as connection:
            connection.sendall(json_request() + rest)
            wait_for_prediction(server)
            os.kill(server.pid, signal.SIGTERM)
            assert [answer[0] for answer in read_responses(connection)] == [200]
        # Before the end of `running`, which sends a second SIGTERM.
        assert server.process.wait(10) == 0


def test_a_refusal_is_not_lost_when_the_client_goes_on_sending(server: Running) -> None:
    with connect(server.url) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nX: " + b"a" * 400_000)
        # The refusal is there, and is not read yet.
        assert select.select([connection], [], [], 10)[0]
        for _ in range(2):
            connection.sendall(b"a" * 100_000)
        assert [answer[0] for answer in read_responses(connection)] == [431]


def test_a_flood_of_pipelined_requests_fills_no_memory(patient_server: Running) -> None:
    server = patient_server
    before = server.megabytes()
    request = b"GET /healthz HTTP/1.1\r\nHost: room\r\n\r\n"
    unsent = b""
    with connect(server.url) as connection:
        connection.setblocking(False)
        end = time.monotonic() + 2
        while time.monotonic() < end:
            # Responses are read, so that the server goes on.
            with suppress(BlockingIOError):
                unsent = unsent or request * 10_000
                unsent = unsent[connection.send(unsent) :]
            with suppress(BlockingIOError):
                connection.recv(100_000)
            time.sleep(0.001)
        assert is_served(server.url)
        assert server.megabytes() < before + 20


def test_all_of_many_pipelined_requests_are_answered_in_order(server: Running) -> None:
    sizes = [1 + index % 32 for index in range(300)]
    paths = [f"/api/models/normalized/weights.png?digit=1&scale={size}" for size in sizes]
    requests = "".join(f"GET {path} HTTP/1.1\r\nHost: room\r\n\r\n" for path in paths).encode()
    end = b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n"
    with connect(server.url) as connection:
        connection.sendall(requests + end)
        *images, last = read_responses(connection)
    # On a busy machine, some may have waited for too long.
    answered = [
        (28 * size, int.from_bytes(body[16:20], "big"))
        for size, (status, _, body) in zip(sizes, images, strict=True)
        if status != 503
    ]
    assert len(answered) > len(sizes) / 2
    assert [width for _, width in answered] == [width for width, _ in answered]
    assert last[0] == 200


def test_empty_lines_do_not_keep_a_connection_open(server: Running) -> None:
    with connect(server.url) as connection:
        connection.sendall(request_bytes())
        assert read_answer(connection)[0] == 200
        connection.sendall(b"\r\n")
        connection.settimeout(4)
        assert is_closed(connection)


def test_a_refused_body_that_has_arrived_does_not_keep_a_connection_open(server: Running) -> None:
    with connect(server.url) as connection:
        connection.sendall(b"POST /api/predict HTTP/1.1\r\nContent-Length: 300000\r\n\r\n")
        assert read_answer(connection)[0] == 413
        connection.sendall(bytes(300_000))
        connection.settimeout(4)
        assert is_closed(connection)


@pytest.mark.parametrize("size", [1_000, 30_000, 60_000, 200_000])
def test_a_response_that_is_never_read_holds_no_connection(size: int) -> None:
    # The system's buffers are small, so that the rest of each response stays in the server's.
    program = f"""
import socket
from server.transport import connection
from server.transport import serving
from server.transport.gateway import Gateway
connection.TRANSFER_SECONDS = serving.KEEP_ALIVE_SECONDS = 1
listener = socket.create_server(("127.0.0.1", 0))
listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
url = f"http://127.0.0.1:{{listener.getsockname()[1]}}"

def app(environ, start_response):
    if environ["PATH_INFO"] == "/count":
        body = b"%d" % (len(open_connections()) - 1)
    else:
        body = bytes({size})
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]

def open_connections():
    import gc
    return [
        item for item in gc.get_objects()
        if isinstance(item, connection.ClientConnection) and item in item.connections
    ]

serving.serve_app(Gateway(app), listener, lambda: print(f"Serving on {{url}}", flush=True))
"""
    with running(["-c", program]) as server, ExitStack() as stack:
        parts = urlsplit(server.url)
        for index in range(20):
            connection = stack.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            connection.connect((parts.hostname, parts.port))
            connection.sendall(b"GET / HTTP/1.1\r\n\r\n" * (1 + index % 3))
            if index % 2:
                connection.settimeout(10)
                connection.recv(1000)

        def open_connections() -> bytes:
            with connect(server.url) as counting:
                counting.sendall(b"GET /count HTTP/1.1\r\n\r\n")
                return read_answer(counting)[2]

        wait_until(lambda: open_connections() == b"0")
