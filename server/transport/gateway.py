"""From ASGI to WSGI: live predictions take a fast path, Flask answers the rest in threads.

A request is processed once it has arrived completely, and its response is handed to uvicorn as a
whole, so that a slow client occupies no thread.
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

from server.web.app import MAX_BODY_BYTES
from server.web.common.problems import INTERNAL_ERROR, PROBLEM_TYPE, encode_problem
from server.web.common.security import SECURITY_HEADERS
from server.web.routes.messages import MESSAGES_API
from server.web.routes.prediction import PREDICT
from server.web.routes.room import ROOM_API

# Source: the ASGI specification.
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

# Two threads for WSGI, so that a slow response does not block short ones.
THREADS = 2

# A request that has waited in the queue for longer gets 503: its answer would be out of date, and
# would delay all requests behind it.
MAX_WAIT_SECONDS = 0.5

API = "/api/"

# The key in the scope's state for when a request had arrived completely, by `time.monotonic`.
ARRIVED = "arrived"

RETRY_AFTER_SECONDS = 1

# Types of files that take milliseconds to make or to copy.
_SLOW_TYPES = (".png", ".webp", ".csv")
_SLOW_ROUTES = (f"{ROOM_API}/", f"{MESSAGES_API}/")

# WSGI passes the length as CONTENT_LENGTH, and the body is no longer chunked. A server may ignore
# Range (RFC 9110, 14.2); Werkzeug would answer a range that it does not support with 416.
_NOT_FOR_WSGI = {b"content-length", b"transfer-encoding", b"range"}

# Uvicorn adds the date to every response.
_NOT_FROM_WSGI = {"date", "accept-ranges"}


class Response(NamedTuple):
    """A complete response, with headers as in ASGI."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


# Answers a request, or returns None if the app must answer it.
FastPath = Callable[[Scope, bytes], Awaitable[Response | None]]


async def no_fast_path(_scope: Scope, _body: bytes) -> None:
    """Pass every request on to the app."""


def encode_headers(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Return headers as in ASGI: lower-case names, all of it bytes."""
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


def make_problem(status: HTTPStatus, detail: str, **headers: str) -> Response:
    """Return a problem (RFC 9457) as a response."""
    body = encode_problem(status, detail)
    headers = {"Content-Type": PROBLEM_TYPE, "Content-Length": str(len(body)), **headers}
    return Response(status, encode_headers(SECURITY_HEADERS | headers), body)


BUSY = make_problem(
    HTTPStatus.SERVICE_UNAVAILABLE,
    f"Too many people are drawing at the same time. Try again in {RETRY_AFTER_SECONDS} s.",
    **{"Retry-After": str(RETRY_AFTER_SECONDS)},
)

FAILED = make_problem(HTTPStatus.INTERNAL_SERVER_ERROR, INTERNAL_ERROR)

# The response to `OPTIONS *`, which asks about the server as a whole. Source: RFC 9110, 9.3.7.
SERVER_OPTIONS = Response(
    HTTPStatus.OK,
    encode_headers(
        SECURITY_HEADERS
        | {"Allow": "DELETE, GET, HEAD, OPTIONS, PATCH, POST", "Content-Length": "0"}
    ),
    b"",
)


class Gateway:
    """The ASGI application.

    :param fast_path: answers, on the event loop, requests that take less time than a thread switch
    :param max_wait_seconds: that a request may wait for its turn
    """

    def __init__(
        self,
        app: WSGIApplication,
        fast_path: FastPath = no_fast_path,
        max_wait_seconds: float = MAX_WAIT_SECONDS,
    ) -> None:
        self._app = app
        self._fast_path = fast_path
        self._max_wait_seconds = max_wait_seconds
        self._threads = ThreadPoolExecutor(THREADS, "wsgi")
        # Threads of their own, so that many of these do not delay all other requests.
        self._slow_thread = ThreadPoolExecutor(1, "slow")
        self._write_thread = ThreadPoolExecutor(1, "writes")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, with 503 if it has waited too long."""
        body = await read_body(scope, receive)
        if body is None:
            return
        if scope["method"] == "OPTIONS" and scope["path"] == "*":
            await send_response(send, SERVER_OPTIONS)
            return
        response = BUSY if self._is_late(scope) else await self._fast_path(scope, body)
        if response is None:
            loop = asyncio.get_running_loop()
            threads = self._threads_for(scope["method"], scope["path"])
            response = await loop.run_in_executor(threads, self._call, scope, body)
        await send_response(send, response)

    def _threads_for(self, method: str, path: str) -> ThreadPoolExecutor:
        """Return the threads for a request."""
        if path.startswith(ROOM_API) and method not in ("GET", "HEAD", "OPTIONS"):
            # Writes wait for the disk, and for each other.
            return self._write_thread
        return self._slow_thread if is_slow(path) else self._threads

    def _call(self, scope: Scope, body: bytes) -> Response:
        """Return the app's response, or 503; runs in a thread."""
        return BUSY if self._is_late(scope) else call(self._app, make_environ(scope, body))

    def _is_late(self, scope: Scope) -> bool:
        """Tell whether a request to the API has waited for too long.

        Requests for the page's files and messages have no such limit: the page needs each of them.
        """
        # Not set if a body is too long: the app refuses it before its end has arrived.
        arrived, path = scope["state"].get(ARRIVED), scope["path"]
        if arrived is None or not path.startswith(API) or path.startswith(f"{MESSAGES_API}/"):
            return False
        late: bool = time.monotonic() - arrived > self._max_wait_seconds
        return late


def is_slow(path: str) -> bool:
    """Tell whether responses at a path take milliseconds.

    These are images, CSV, the room's drawings, and pages and messages in a language that is used
    for the first time.
    """
    return path in ("/", PREDICT) or path.endswith(_SLOW_TYPES) or path.startswith(_SLOW_ROUTES)


async def read_body(scope: Scope, receive: Receive) -> bytes | None:
    """Return the complete body of a request, or None if the client has disconnected.

    A body that is too long is cut off one byte beyond the limit, so that the app refuses it.
    """
    headers = dict(scope["headers"])
    is_long = int(headers.get(b"content-length", 0)) > MAX_BODY_BYTES
    # If the connection were closed while its body arrives, the client could lose the refusal.
    must_end = _is_closing(scope)
    body = bytes(MAX_BODY_BYTES + 1) if is_long else b""
    while must_end or len(body) <= MAX_BODY_BYTES:
        message = await receive()
        if message["type"] != "http.request":
            return None
        if len(body) <= MAX_BODY_BYTES:
            body += message["body"]
        if not message["more_body"]:
            break
    return body


def _is_closing(scope: Scope) -> bool:
    """Tell whether a request asks to close the connection after its response."""
    is_close = dict(scope["headers"]).get(b"connection", b"").lower() == b"close"
    return is_close or scope.get("http_version") == "1.0"


async def send_response(send: Send, response: Response) -> None:
    """Send a response."""
    await send(
        {"type": "http.response.start", "status": response.status, "headers": response.headers}
    )
    await send({"type": "http.response.body", "body": response.body})


def make_environ(scope: Scope, body: bytes) -> WSGIEnvironment:
    """Return the WSGI environment of a request.

    Source: PEP 3333, by which strings hold bytes as Latin-1.
    """
    host, port = scope["server"] or ("", 0)
    client_host, client_port = scope.get("client") or ("", 0)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "CONTENT_LENGTH": str(len(body)),
        "REMOTE_ADDR": client_host,
        "REMOTE_PORT": str(client_port),
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


def call(app: WSGIApplication, environ: WSGIEnvironment) -> Response:
    """Return a WSGI application's response, all of it.

    Source: PEP 3333. Its `write` callable is left out, because Flask does not use it.
    """
    status = ""
    headers: list[tuple[bytes, bytes]] = []

    def start_response(line: str, fields: list[tuple[str, str]], _error: object = None) -> Any:
        nonlocal status
        status = line
        headers[:] = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in fields
            if name.lower() not in _NOT_FROM_WSGI
        ]

    content = app(environ, start_response)
    try:
        body = b"".join(content)
    finally:
        close = getattr(content, "close", None)
        if close is not None:
            close()
    return Response(int(status.split(" ", 1)[0]), headers, body)
