"""A connection answers repeated live predictions as it answers the first one."""

import asyncio
import re
from base64 import b64decode
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from server.regression.shapes import PIXELS
from server.storage.model_file import load_model
from server.storage.sample_digits import load_digits
from server.transport.live_connection import LiveConnection
from tests.support.factories import save_small_model
from tests.transport.demo import Demo

DIGITS = [b64decode(digit.pixels) for digit in load_digits().digits[:6]]
PAPER = bytes(PIXELS)

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter


def request(body: bytes, *headers: str, path: str = "/api/predict?fields=evidence") -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: room", f"Content-Length: {len(body)}", *headers]
    lines.append("Content-Type: application/octet-stream")
    return "\r\n".join([*lines, "", ""]).encode() + body


class Answer(NamedTuple):
    head: bytes
    body: bytes


async def receive(reader: Reader) -> Answer:
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head)
    assert length is not None
    # The only header that may differ.
    return Answer(re.sub(rb"date: .*", b"", head), await reader.readexactly(int(length[1])))


Client = Callable[[Reader, Writer], Coroutine[Any, Any, None]]


def serve(demo: Demo, client: Client) -> None:
    """Let a client use a connection."""

    async def visit(host: str, port: int) -> None:
        reader, writer = await asyncio.open_connection(host, port)
        await client(reader, writer)
        writer.close()

    demo.serve(visit)


@pytest.fixture
def demo(models: Path) -> Demo:
    return Demo(models)


def test_a_repeated_head_is_answered_without_the_gateway_and_just_the_same(demo: Demo) -> None:
    async def draw(reader: Reader, writer: Writer) -> None:
        answers = []
        for digit in DIGITS:
            writer.write(request(digit))
            answers.append(await receive(reader))
        assert demo.reached == ["/api/predict"]
        for number, (digit, answer) in enumerate(zip(DIGITS, answers, strict=True)):
            # A header that means nothing makes it another head.
            writer.write(request(digit, f"X-Number: {number}"))
            assert await receive(reader) == answer
        assert len(demo.reached) == 1 + len(DIGITS)

    serve(demo, draw)


def test_the_last_head_is_the_one_that_is_remembered(demo: Demo) -> None:
    other = "/api/predict?fields=probabilities"

    async def draw(reader: Reader, writer: Writer) -> None:
        for path in (other, "/api/predict?fields=digest", other):
            for _ in range(3):
                writer.write(request(PAPER, path=path))
                assert path.partition("=")[2].encode() in (await receive(reader)).body
        assert len(demo.reached) == 3

    serve(demo, draw)


@pytest.mark.parametrize("cut", [1, 50, -PIXELS, -1])
def test_a_repeated_request_may_arrive_in_pieces(demo: Demo, cut: int) -> None:
    async def draw(reader: Reader, writer: Writer) -> None:
        writer.write(request(DIGITS[0]))
        first = await receive(reader)
        for _ in range(2):
            writer.write(request(DIGITS[0])[:cut])
            await writer.drain()
            await asyncio.sleep(0.05)
            writer.write(request(DIGITS[0])[cut:])
            assert await receive(reader) == first

    serve(demo, draw)


def test_requests_sent_ahead_are_answered_in_their_order(demo: Demo) -> None:
    async def draw(reader: Reader, writer: Writer) -> None:
        alone = []
        for digit in DIGITS:
            writer.write(request(digit))
            alone.append(await receive(reader))
        for together in (DIGITS[:2], DIGITS):
            writer.write(b"".join(request(digit) for digit in together))
            assert [await receive(reader) for _ in together] == alone[: len(together)]
            # And one after another, before any is answered.
            for digit in together:
                writer.write(request(digit))
                await writer.drain()
            assert [await receive(reader) for _ in together] == alone[: len(together)]

    serve(demo, draw)


def test_a_request_before_another_in_the_same_piece_is_not_taken_for_its_head(demo: Demo) -> None:
    short = request(b"12345")

    async def draw(reader: Reader, writer: Writer) -> None:
        for _ in range(2):
            writer.write(short + request(PAPER))
            assert b" 422 " in (await receive(reader)).head
            assert b" 200 " in (await receive(reader)).head

    serve(demo, draw)


def test_other_requests_come_between(demo: Demo) -> None:
    async def draw(reader: Reader, writer: Writer) -> None:
        for _ in range(3):
            writer.write(request(PAPER))
            assert b"evidence" in (await receive(reader)).body
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: room\r\n\r\n")
            assert b"models" in (await receive(reader)).body
            writer.write(request(PAPER, path="/api/predict?fields=smell"))
            assert b" 400 " in (await receive(reader)).head

    serve(demo, draw)


@pytest.mark.parametrize("closing", ["Connection: close", "Connection: Close"])
def test_a_client_that_asks_for_it_is_disconnected(demo: Demo, closing: str) -> None:
    async def draw(reader: Reader, writer: Writer) -> None:
        writer.write(request(PAPER))
        await receive(reader)
        writer.write(request(PAPER, closing))
        assert b"connection: close" in (await receive(reader)).head
        assert await reader.read() == b""

    serve(demo, draw)


def test_a_model_that_is_replaced_or_deleted_answers_no_more(models: Path) -> None:
    demo = Demo(models)
    path = save_small_model(models, "brief", favourite=3)
    by_name = "/api/predict?model=brief&fields=digest"

    async def draw(reader: Reader, writer: Writer) -> None:
        for favourite in (3, 5):
            digest = load_model(save_small_model(models, "brief", favourite=favourite)).digest
            for _ in range(2):
                writer.write(request(PAPER, path=by_name))
                body = (await receive(reader)).body
                assert f'"digit":{favourite}'.encode() in body
                assert digest.encode() in body
        path.unlink()
        writer.write(request(PAPER, path=by_name))
        assert b" 404 " in (await receive(reader)).head

    serve(demo, draw)


def test_a_client_that_knows_a_newer_model_is_answered_by_that(models: Path) -> None:
    demo = Demo(models, max_scan_age=60)
    digest = load_model(save_small_model(models, favourite=5)).digest

    async def draw(reader: Reader, writer: Writer) -> None:
        for _ in range(2):
            writer.write(request(PAPER, path=f"/api/predict?fields=digest&v={digest}"))
            assert digest.encode() in (await receive(reader)).body

    serve(demo, draw)


def test_a_failed_prediction_is_a_500_and_not_the_end(
    demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def draw(reader: Reader, writer: Writer) -> None:
        for _ in range(2):
            writer.write(request(PAPER))
            assert b" 200 " in (await receive(reader)).head
        with monkeypatch.context() as patch:
            patch.setattr("server.transport.live_predictions.predict_all", lambda *_: 1 / 0)
            writer.write(request(PAPER))
            answer = await receive(reader)
        assert b" 500 " in answer.head
        assert b"Internal error" in answer.body
        writer.write(request(PAPER))
        assert b" 200 " in (await receive(reader)).head

    serve(demo, draw)


def test_a_client_that_leaves_takes_nobody_along(demo: Demo) -> None:
    async def draw(reader: Reader, writer: Writer) -> None:
        writer.write(request(PAPER))
        await receive(reader)
        _, leaving = await asyncio.open_connection(*writer.get_extra_info("peername"))
        for client in (leaving, writer):
            client.write(request(PAPER))
        leaving.transport.abort()
        assert b" 200 " in (await receive(reader)).head

    serve(demo, draw)


def test_a_shutdown_waits_for_the_answer(demo: Demo) -> None:
    async def draw(reader: Reader, writer: Writer) -> None:
        writer.write(request(PAPER))
        await receive(reader)
        (connection,) = demo.state.connections
        assert isinstance(connection, LiveConnection)
        connection.data_received(request(PAPER))
        connection.shutdown()
        answer = await receive(reader)
        assert b"connection: close" in answer.head
        assert await reader.read() == b""
        assert demo.reached == ["/api/predict"]

    serve(demo, draw)
