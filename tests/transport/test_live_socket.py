"""A WebSocket answers drawings as a request does, and is closed where that would be refused."""

import asyncio
import json
import re
import socket
from base64 import b64decode
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from server.regression.shapes import PIXELS
from server.storage.model_file import load_model
from server.storage.sample_digits import load_digits
from server.transport import live_socket
from tests.support.asgi import ask_once
from tests.support.factories import save_small_model
from tests.transport.demo import Demo

FIELDS = "fields=digest,probabilities,evidence"
LIVE = f"/api/live?{FIELDS}"
PAPER = bytes(PIXELS)
DIGITS = [b64decode(digit.pixels) for digit in load_digits().digits[:6]]

UPGRADE = (
    f"GET {LIVE} HTTP/1.1\r\nHost: room\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
).encode()

Use = Callable[[ClientConnection], Coroutine[Any, Any, None]]


@pytest.fixture
def demo(models: Path) -> Demo:
    return Demo(models)


def visit(demo: Demo, use: Use, path: str = LIVE) -> None:
    """Let a client use a WebSocket."""

    async def open_and_use(host: str, port: int) -> None:
        async with connect(f"ws://{host}:{port}{path}") as client:
            await use(client)

    demo.serve(open_and_use)


def open_deaf_client(host: str, port: int) -> socket.socket:
    """Return a client's connection that takes few bytes before they are read."""
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.connect((host, port))
    return deaf


async def close_code(client: ClientConnection) -> int:
    """Wait until the server closes the socket, and return the code."""
    with pytest.raises(ConnectionClosed) as closed:
        await client.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.reason
    return closed.value.rcvd.code


def post(demo: Demo, query: str, drawing: bytes) -> bytes:
    """Send a request instead."""
    content_type = "application/octet-stream"
    answer = ask_once(
        demo.gateway,
        "/api/predict",
        method="POST",
        query=query,
        content_type=content_type,
        pieces=(drawing,),
    )
    assert answer.status == 200
    return answer.body


@pytest.mark.parametrize("query", [FIELDS, f"model=small&{FIELDS},doubt", "fields=sure"])
def test_an_answer_is_that_of_a_request_to_the_byte(demo: Demo, query: str) -> None:
    answers = []

    async def draw(client: ClientConnection) -> None:
        for digit in DIGITS:
            await client.send(digit)
            answers.append(await client.recv(decode=False))

    visit(demo, draw, f"/api/live?{query}")
    assert answers == [post(demo, query, digit) for digit in DIGITS]
    assert demo.reached == []


def refusal(demo: Demo, path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    """Return the status and the body of the response to a handshake that is refused."""
    refusals = []

    async def try_to_open(host: str, port: int) -> None:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://{host}:{port}{path}", additional_headers=headers)
        refusals.append(refused.value.response)

    demo.serve(try_to_open)
    return refusals[0].status_code, bytes(refusals[0].body or b"")


@pytest.mark.parametrize(
    "query", ["?fields=smell", "?colour=red", "?fields=input", "?fields=doubt&fields=doubt", ""]
)
def test_another_query_is_refused_and_what_is_accepted_is_said(demo: Demo, query: str) -> None:
    status, body = refusal(demo, f"/api/live{query}")
    assert status == 400
    assert "Accepted: " in json.loads(body)["detail"]


@pytest.mark.parametrize(
    ("path", "status"), [("/api/lives", 404), ("/api/predict", 405), ("/healthz", 200)]
)
def test_elsewhere_the_app_answers_as_it_answers_a_request(
    demo: Demo, path: str, status: int
) -> None:
    found, body = refusal(demo, path)
    assert found == status
    assert json.loads(body).get("status", 200) == status


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (b"Content-Length: 784", 400),
        (b"Sec-WebSocket-Key: AAAA", 400),
        (b"Sec-WebSocket-Version: 8", 426),
        (b"X: " + b"x" * 10_000, 431),
        (b"\r\n".join(b"X%d: x" % number for number in range(200)), 431),
    ],
    ids=["a body", "two keys", "two versions", "a long header", "many headers"],
)
def test_a_handshake_with_other_headers_is_refused(demo: Demo, header: bytes, status: int) -> None:
    async def send(host: str, port: int) -> None:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(UPGRADE.replace(b"Host: room", b"Host: room\r\n" + header))
        received = await reader.read()
        assert received.startswith(b"HTTP/1.1 %d " % status)
        head, body = received.split(b"\r\n\r\n")
        assert json.loads(body)["status"] == status
        for name in (b"content-type: application/problem+json", b"x-content-type-options"):
            assert head.lower().count(b"\r\n" + name) == 1
        writer.close()

    demo.serve(send)


def answer_to_handshake(demo: Demo, request: bytes) -> bytes:
    """Return the head of the response to a handshake, in lower case."""
    heads = []

    async def send(host: str, port: int) -> None:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(request)
        heads.append((await reader.readuntil(b"\r\n\r\n")).lower())
        writer.close()

    demo.serve(send)
    return heads[0]


@pytest.mark.parametrize(
    "headers",
    [
        b"Connection: keep-alive\r\nConnection: Upgrade\r\nUpgrade: websocket",
        b"Connection: Upgrade\r\nConnection: keep-alive\r\nUpgrade: websocket",
        b"Connection: Upgrade\r\nUpgrade: WebSocket, h2c",
        b"Connection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: websocket",
    ],
)
def test_the_upgrade_may_be_one_of_several_elements(demo: Demo, headers: bytes) -> None:
    request = UPGRADE.replace(b"Connection: Upgrade\r\nUpgrade: websocket", headers)
    assert answer_to_handshake(demo, request).startswith(b"http/1.1 101 ")


def test_another_version_is_refused_with_the_one_that_is_accepted(demo: Demo) -> None:
    head = answer_to_handshake(demo, UPGRADE.replace(b"Version: 13", b"Version: 8"))
    assert head.startswith(b"http/1.1 426 ")
    assert b"\r\nsec-websocket-version: 13\r\n" in head
    assert b"\r\nupgrade: websocket\r\n" in head


def test_http_1_0_has_no_websocket(demo: Demo) -> None:
    head = answer_to_handshake(demo, UPGRADE.replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert head.startswith(b"http/1.1 404 ")


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("text", 1003),
        ("x" * PIXELS, 1003),
        (b"", 1003),
        (PAPER[1:], 1003),
        (PAPER + b"x", 1009),
        (PAPER * 1000, 1009),
        ([PAPER[:400], PAPER[400:]], 1003),
    ],
    ids=["text", "text of the length", "empty", "short", "long", "much too long", "in fragments"],
)
def test_any_other_message_closes_the_socket(
    demo: Demo, message: str | bytes | list[bytes], code: int
) -> None:
    async def send(client: ClientConnection) -> None:
        await client.send(PAPER)
        assert b"evidence" in await client.recv(decode=False)
        await client.send(message)
        assert await close_code(client) == code

    visit(demo, send)


def test_a_second_drawing_before_the_answer_closes_the_socket(demo: Demo) -> None:
    async def send(client: ClientConnection) -> None:
        # Both frames arrive in one piece.
        for _ in range(2):
            client.protocol.send_binary(PAPER)
        client.transport.write(b"".join(client.protocol.data_to_send()))
        assert await close_code(client) == 1008

    visit(demo, send)


def test_a_ping_is_answered(demo: Demo) -> None:
    async def ping(client: ClientConnection) -> None:
        await asyncio.wait_for(await client.ping(), 5)

    visit(demo, ping)


def test_a_model_that_is_replaced_closes_the_socket_and_a_new_one_has_it(models: Path) -> None:
    demo = Demo(models)
    first = load_model(models / "small.npz").digest

    async def draw(client: ClientConnection) -> None:
        await client.send(PAPER)
        assert json.loads(await client.recv())["digest"] == first
        save_small_model(models, favourite=5)
        await client.send(PAPER)
        assert await close_code(client) == 1013

    visit(demo, draw, f"{LIVE}&v={first}")
    # As the page does with the drawing that was not answered.
    post(demo, FIELDS, PAPER)

    async def draw_again(client: ClientConnection) -> None:
        await client.send(PAPER)
        assert json.loads(await client.recv())["digit"] == 5

    visit(demo, draw_again)


def test_a_failed_prediction_closes_the_socket(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    async def draw(client: ClientConnection) -> None:
        monkeypatch.setattr("server.transport.live_predictions.predict_all", lambda *_: 1 / 0)
        await client.send(PAPER)
        assert await close_code(client) == 1011

    visit(demo, draw)


def test_an_idle_socket_is_closed_and_one_that_is_used_is_not(
    demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_socket, "IDLE_SECONDS", 1.5)

    async def draw(client: ClientConnection) -> None:
        for _ in range(5):
            await asyncio.sleep(0.5)
            await client.send(PAPER)
            await client.recv()
        assert await close_code(client) == 1000

    visit(demo, draw)


def test_a_shutdown_closes_the_sockets(demo: Demo) -> None:
    async def draw(client: ClientConnection) -> None:
        await client.send(PAPER)
        await client.recv()
        (connection,) = demo.state.connections
        connection.shutdown()
        assert await close_code(client) == 1001

    visit(demo, draw)


def test_a_client_that_leaves_before_its_answer_takes_nobody_along(demo: Demo) -> None:
    async def draw(host: str, port: int) -> None:
        url = f"ws://{host}:{port}{LIVE}"
        async with connect(url) as leaving, connect(url) as staying:
            await leaving.send(PAPER)
            leaving.transport.abort()
            await staying.send(PAPER)
            assert b"evidence" in await staying.recv(decode=False)

    demo.serve(draw)


def test_a_client_that_does_not_read_its_answers_is_disconnected(demo: Demo) -> None:
    async def draw(host: str, port: int) -> None:
        deaf = open_deaf_client(host, port)
        async with connect(f"ws://{host}:{port}{LIVE}", sock=deaf, close_timeout=0.1) as client:
            client.transport.pause_reading()
            while demo.state.connections:
                with suppress(ConnectionClosed):
                    await client.send(PAPER)
                # Until this drawing has been answered.
                await asyncio.sleep(0.001)

    demo.serve(draw, send_buffer=4096)


def test_a_client_that_does_not_read_its_pongs_is_disconnected(demo: Demo) -> None:
    async def ping(host: str, port: int) -> None:
        deaf = open_deaf_client(host, port)
        async with connect(f"ws://{host}:{port}{LIVE}", sock=deaf, close_timeout=0.1) as client:
            client.transport.pause_reading()
            while demo.state.connections:
                client.protocol.send_ping(b"x" * 125)
                client.transport.write(b"".join(client.protocol.data_to_send()))
                await asyncio.sleep(0)

    demo.serve(ping, send_buffer=4096)


def test_a_client_that_stops_to_read_and_to_send_is_disconnected(
    demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_socket, "IDLE_SECONDS", 0.3)
    monkeypatch.setattr(live_socket, "LINGER_SECONDS", 0.1)

    async def draw(host: str, port: int) -> None:
        deaf = open_deaf_client(host, port)
        async with connect(f"ws://{host}:{port}{LIVE}", sock=deaf, close_timeout=0.1) as client:
            client.transport.pause_reading()
            (connection,) = demo.state.connections
            # More than the system's buffers hold, as after many responses.
            connection.transport.write(bytes(100_000))
            while demo.state.connections:
                await asyncio.sleep(0.01)

    demo.serve(draw, send_buffer=4096)


def test_a_flood_of_pings_closes_the_socket(demo: Demo) -> None:
    async def ping(client: ClientConnection) -> None:
        for _ in range(10_000):
            client.protocol.send_ping(b"")
        client.transport.write(b"".join(client.protocol.data_to_send()))
        assert await close_code(client) == 1008

    visit(demo, ping)


def test_an_upgrade_behind_an_unanswered_request_is_refused_after_its_response(demo: Demo) -> None:
    async def send(host: str, port: int) -> None:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: room\r\n\r\n" + UPGRADE)
        received = await reader.read()
        assert re.findall(rb"HTTP/1.1 (\d+)", received) == [b"200", b"400"]
        writer.close()

    demo.serve(send)
