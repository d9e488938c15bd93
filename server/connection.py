"""One client's connection: what it may send, in what time, and how that is refused.

Uvicorn limits none of it, as it expects a proxy before it. Here a room full of people comes in
directly, some of them curious.
"""

import asyncio
import socket
import time
from collections.abc import Callable
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from server.gateway import ARRIVED, BUSY, Answer, make_problem

# A browser keeps up to six open, one or two of them in use.
MOST_CONNECTIONS = 2000

# How long a request may take to come in, and an answer to be taken, in seconds.
PATIENCE_SECONDS = 30.0

# The longest request line and headers; a browser's are under a kilobyte.
MAX_HEAD_BYTES = 64 * 1024


class Deadline:
    """Does something unless it is stopped in time."""

    def __init__(self, end: Callable[[], None]) -> None:
        self._end = end
        self._handle: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to wait, if it is not waiting yet."""
        if self._handle is None:
            self._handle = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._end)

    def stop(self) -> None:
        """Wait no longer."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None


class Connection(HttpToolsProtocol):
    """Uvicorn's, with limits."""

    _is_surplus = False
    _is_in_head = True
    _is_in_request = True
    _head_bytes = 0
    _request_deadline: Deadline
    _answer_deadline: Deadline

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        # An answer's head and body are sent one after the other, and the second must not wait for a
        # word that the first has come. Asyncio sees to it where a socket was made for TCP by name.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._is_surplus = len(self.connections) > MOST_CONNECTIONS
        self._request_deadline = Deadline(self._end_late_request)
        self._answer_deadline = Deadline(transport.abort)
        self._request_deadline.start()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._request_deadline.stop()
        self._answer_deadline.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what the client sent."""
        if self.transport.is_closing():
            return
        if self._is_surplus:
            self._refuse(BUSY)
            return
        super().data_received(data)
        if self._is_in_head:
            self._head_bytes += len(data)
        if not self._is_in_request:
            self._request_deadline.stop()
        elif self._is_in_head and self._head_bytes > MAX_HEAD_BYTES:
            detail = f"The request's line and headers are longer than {MAX_HEAD_BYTES} bytes."
            self._refuse(make_problem(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, detail))
        else:
            self._request_deadline.start()

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Tell whether a client that will send no more is still to be answered."""
        is_waited_for = not self._is_in_request and not self.cycle.response_complete
        if is_waited_for:
            self.cycle.keep_alive = False
        return is_waited_for

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
        self.scope["state"][ARRIVED] = time.monotonic()
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Begin to wait for a client that does not take its answer."""
        super().pause_writing()
        self._answer_deadline.start()

    def resume_writing(self) -> None:
        """Wait no longer."""
        super().resume_writing()
        self._answer_deadline.stop()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP."""
        self._refuse(make_problem(HTTPStatus.BAD_REQUEST, f"{msg} Accepted: HTTP/1.1."))

    def shutdown(self) -> None:
        """Finish what is under way; a request of which a part is missing never will be."""
        if self._is_in_request:
            self.transport.abort()
        else:
            super().shutdown()

    def _end_late_request(self) -> None:
        is_answered = not self._is_in_head and self.cycle.response_started
        if self._head_bytes == 0 and self._is_in_head:
            # Browsers open some connections that they then do not need.
            self.transport.close()
        elif is_answered:
            # It was refused, and its body goes on coming in.
            self.transport.abort()
        else:
            detail = f"The request did not come in within {PATIENCE_SECONDS:.0f} s."
            self._refuse(make_problem(HTTPStatus.REQUEST_TIMEOUT, detail))

    def _refuse(self, answer: Answer) -> None:
        """Send an answer that the app knows nothing of, and close the connection."""
        line = f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n".encode()
        headers = [*answer.headers, (b"connection", b"close")]
        head = b"".join(b"%b: %b\r\n" % header for header in headers)
        self.transport.write(line + head + b"\r\n" + answer.body)
        self.transport.close()
