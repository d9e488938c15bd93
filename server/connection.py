"""One client's connection: what it may send, in what time, and how that is refused.

Uvicorn limits none of it, as it expects a proxy before it. Here a room full of people comes in
directly, some of them curious.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from server.gateway import BUSY, Answer, encode_headers
from server.problems import PROBLEM_TYPE, encode_problem

# A browser keeps up to six open, one or two of them in use.
MOST_CONNECTIONS = 2000

# How long a request may take to come in, and an answer to be taken, in seconds.
PATIENCE_SECONDS = 30.0

# The longest request line and headers; a browser's are under a kilobyte.
MAX_HEAD_BYTES = 64 * 1024


class Connection(HttpToolsProtocol):
    """Uvicorn's, with limits."""

    _is_surplus = False
    _is_in_head = True
    _is_in_request = True
    _head_bytes = 0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._is_surplus = len(self.connections) > MOST_CONNECTIONS
        self._await(self._request_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what the client sent."""
        if self.transport.is_closing():
            return
        if self._is_surplus:
            self._refuse(BUSY)
            return
        self._head_bytes += len(data)
        super().data_received(data)
        if not self._is_in_request:
            self._stop_waiting()
        elif self._is_in_head and self._head_bytes > MAX_HEAD_BYTES:
            detail = f"The request's line and headers are longer than {MAX_HEAD_BYTES} bytes."
            self._refuse(problem(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, detail))
        elif self._deadline is None:
            self._await(self._request_is_late)

    def on_message_begin(self) -> None:
        """Note that a request has begun."""
        self._is_in_request = self._is_in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Note that what comes now is its body."""
        self._is_in_head = False
        self._head_bytes = 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note that all of it is there."""
        self._is_in_request = False
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Begin to wait for a client that does not take its answer."""
        super().pause_writing()
        self._await(self.transport.abort)

    def resume_writing(self) -> None:
        """Wait no longer."""
        super().resume_writing()
        self._stop_waiting()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP."""
        self._refuse(problem(HTTPStatus.BAD_REQUEST, f"{msg} Accepted: HTTP/1.1."))

    def shutdown(self) -> None:
        """Finish what is under way; a request of which a part is missing never will be."""
        if self._is_in_request:
            self.transport.abort()
        else:
            super().shutdown()

    def _await(self, late: Callable[[], None]) -> None:
        self._stop_waiting()
        self._deadline = self.loop.call_later(PATIENCE_SECONDS, late)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _request_is_late(self) -> None:
        if self._head_bytes == 0 and self._is_in_head:
            # Browsers open some connections that they then do not need.
            self.transport.close()
        else:
            detail = f"The request did not come in within {PATIENCE_SECONDS:.0f} s."
            self._refuse(problem(HTTPStatus.REQUEST_TIMEOUT, detail))

    def _refuse(self, answer: Answer) -> None:
        """Send an answer that the app knows nothing of, and close the connection."""
        headers = [
            *answer.headers,
            (b"content-length", str(len(answer.body)).encode()),
            (b"connection", b"close"),
        ]
        line = f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n".encode()
        head = b"".join(b"%b: %b\r\n" % header for header in headers)
        self.transport.write(line + head + b"\r\n" + answer.body)
        self.transport.close()


def problem(status: HTTPStatus, detail: str) -> Answer:
    """Return a problem as an answer."""
    return Answer(
        status, encode_headers({"Content-Type": PROBLEM_TYPE}), encode_problem(status, detail)
    )
