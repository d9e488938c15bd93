"""Requests to an ASGI application, without a server."""

import asyncio
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

from server.transport.gateway import ARRIVED, Gateway

Answers = TypeVar("Answers")


class Response(NamedTuple):
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    @property
    def content_type(self) -> str:
        return dict(self.headers)[b"content-type"].decode()


async def ask(
    app: Gateway,
    path: str,
    *,
    method: str = "GET",
    query: str = "",
    content_type: str = "",
    content_encoding: str = "",
    etag: str = "",
    pieces: tuple[bytes, ...] = (b"",),
    waited: float = 0,
) -> Response:
    """Send a request with a body in pieces, and return the response.

    :param etag: of `If-None-Match`
    :param waited: how many seconds ago the request has arrived completely
    """
    headers = [(b"content-type", content_type.encode())] if content_type else []
    if content_encoding:
        headers.append((b"content-encoding", content_encoding.encode()))
    if etag:
        headers.append((b"if-none-match", etag.encode()))
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": headers,
        "server": ("127.0.0.1", 80),
        "state": {ARRIVED: time.monotonic() - waited},
    }
    messages = [
        {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
        for number, piece in enumerate(pieces, 1)
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start, *body = sent
    return Response(start["status"], start["headers"], b"".join(part["body"] for part in body))


def run(answers: Coroutine[Any, Any, Answers]) -> Answers:
    """Run a coroutine in another thread's event loop: this thread may be running Playwright's."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, answers).result()


def ask_once(app: Gateway, path: str, **request: Any) -> Response:
    """Send one request, as `ask` does, from a test that is not asynchronous."""
    return run(ask(app, path, **request))
