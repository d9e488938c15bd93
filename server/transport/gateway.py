"""Where requests come in from uvicorn: live predictions are answered at once, the rest by Flask.

A request is looked at when all of it is there, so that a stalled phone holds no thread, and an
answer is handed back whole, so that a slow one holds none either.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from io import BytesIO
from typing import Any, NamedTuple
from wsgiref.types import WSGIApplication, WSGIEnvironment

from server.web.app import MAX_BODY_BYTES, SECURITY_HEADERS
from server.web.prediction_routes import PREDICT
from server.web.problems import PROBLEM_TYPE, encode_problem

# Of ASGI: a request without its body, and how messages of it are taken and sent.
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

# Two threads for WSGI, so that a slow response does not block short ones.
THREADS = 2

# A request that has waited for so long when its turn comes is not answered any more: the pen has
# gone on, and those behind it wait too.
MOST_SECONDS = 0.5

# Where the API's paths begin.
API = "/api/"

# Where a connection notes when all of a request was there, by the clock of `time.monotonic`.
ARRIVED = "arrived"

# When to come again, in seconds.
RETRY_AFTER = 1

# What concerns the connection, or is known better here.
_NOT_FOR_WSGI = {b"content-length", b"transfer-encoding"}


class Answer(NamedTuple):
    """A whole answer; the headers are as ASGI has them."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


# Answers a request, or leaves it to the app.
FastPath = Callable[[Scope, bytes], Awaitable[Answer | None]]


async def no_fast_path(_scope: Scope, _body: bytes) -> None:
    """Answer nothing."""


def encode_headers(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Write headers as ASGI has them."""
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


def make_problem(status: HTTPStatus, detail: str, **headers: str) -> Answer:
    """Return a problem as an answer."""
    body = encode_problem(status, detail)
    headers = {"Content-Type": PROBLEM_TYPE, "Content-Length": str(len(body)), **headers}
    return Answer(status, encode_headers(SECURITY_HEADERS | headers), body)


BUSY = make_problem(
    HTTPStatus.SERVICE_UNAVAILABLE,
    f"Too many are drawing at once. Ask again in {RETRY_AFTER} s.",
    **{"Retry-After": str(RETRY_AFTER)},
)


# RFC 9110: what `OPTIONS *` asks of the server as a whole.
SERVER_OPTIONS = Answer(
    HTTPStatus.OK,
    encode_headers(SECURITY_HEADERS | {"Allow": "GET, HEAD, OPTIONS, POST", "Content-Length": "0"}),
    b"",
)


class Gateway:
    """The ASGI application.

    :param fast_path: answers what takes no longer than to hand it to a thread
    :param most_seconds: that a request may wait for its turn
    """

    def __init__(
        self,
        app: WSGIApplication,
        fast_path: FastPath = no_fast_path,
        most_seconds: float = MOST_SECONDS,
    ) -> None:
        self._app = app
        self._fast_path = fast_path
        self._most_seconds = most_seconds
        self._threads = ThreadPoolExecutor(THREADS, "wsgi")
        # Many of those at once must not fill the queue that everything else waits in.
        self._image_thread = ThreadPoolExecutor(1, "images")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or say that there are too many."""
        body = await read_body(scope, receive)
        if body is None:
            return
        if scope["method"] == "OPTIONS" and scope["path"] == "*":
            await send_answer(send, SERVER_OPTIONS)
            return
        answer = BUSY if self._is_late(scope) else await self._fast_path(scope, body)
        if answer is None:
            loop = asyncio.get_running_loop()
            threads = self._image_thread if makes_images(scope["path"]) else self._threads
            answer = await loop.run_in_executor(threads, self._call, scope, body)
        await send_answer(send, answer)

    def _call(self, scope: Scope, body: bytes) -> Answer:
        """Return the app's answer."""
        return BUSY if self._is_late(scope) else call(self._app, make_environ(scope, body))

    def _is_late(self, scope: Scope) -> bool:
        """Tell whether a request to the API has waited for too long.

        The page and its files are worth waiting for: without one of them it does not run at all.
        """
        # Of a body that is too long the end is not waited for.
        arrived = scope["state"].get(ARRIVED)
        if arrived is None or not scope["path"].startswith(API):
            return False
        late: bool = time.monotonic() - arrived > self._most_seconds
        return late


def makes_images(path: str) -> bool:
    """Tell whether answers at a path may have to encode PNGs, which takes milliseconds."""
    return path == PREDICT or path.endswith(".png")


async def read_body(scope: Scope, receive: Receive) -> bytes | None:
    """Return a request's whole body; None where the client has left.

    Of a body that is too long it returns no more than shows the app that it is.
    """
    for name, value in scope["headers"]:
        if name == b"content-length" and int(value) > MAX_BODY_BYTES:
            return bytes(MAX_BODY_BYTES + 1)
    body = b""
    while len(body) <= MAX_BODY_BYTES:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message["body"]
        if not message["more_body"]:
            break
    return body


async def send_answer(send: Send, answer: Answer) -> None:
    """Send an answer."""
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    await send({"type": "http.response.body", "body": answer.body})


def make_environ(scope: Scope, body: bytes) -> WSGIEnvironment:
    """Return a request as WSGI has it.

    Source: PEP 3333, which keeps bytes in strings of Latin-1.
    """
    host, port = scope["server"] or ("", 0)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        if name == b"content-type":
            environ["CONTENT_TYPE"] = value.decode("latin-1")
        elif name not in _NOT_FOR_WSGI:
            key = "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
            text = value.decode("latin-1")
            environ[key] = f"{environ[key]},{text}" if key in environ else text
    return environ


def call(app: WSGIApplication, environ: WSGIEnvironment) -> Answer:
    """Return a WSGI application's response, all of it.

    Source: PEP 3333. Its `write` callable is left out, because Flask does not use it.
    """
    status = ""
    headers: list[tuple[bytes, bytes]] = []

    def start_response(line: str, fields: list[tuple[str, str]], _error: object = None) -> Any:
        nonlocal status
        status = line
        # Uvicorn adds the date to every response.
        headers[:] = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in fields
            if name.lower() != "date"
        ]

    content = app(environ, start_response)
    try:
        body = b"".join(content)
    finally:
        close = getattr(content, "close", None)
        if close is not None:
            close()
    return Answer(int(status.split(" ", 1)[0]), headers, body)
