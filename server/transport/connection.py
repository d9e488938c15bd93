"""The connection to one client: limits on sizes and times, and refusals in the order of requests.

Uvicorn has none of these limits, because it expects a reverse proxy in front. This server is also
open to a network without one.
"""

import asyncio
import re
import socket
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import httptools
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from server.transport.gateway import ARRIVED, BUSY, Response, make_problem
from server.web.app import MAX_BODY_BYTES

# A browser keeps up to six open, one or two of them in use.
MAX_CONNECTIONS = 2000

# How many more connections get 503. Further ones are closed without a response.
MAX_REFUSED = 250

# How long a client may take to send a request, and to receive a response, in seconds.
TRANSFER_SECONDS = 30.0

# The longest request line and headers; a browser's are under a kilobyte.
MAX_HEAD_BYTES = 64 * 1024

# The longest URL, and the most headers. Each header takes some 500 bytes of memory, however short.
MAX_URL_BYTES = 8 * 1024
MAX_HEADERS = 100

# The most chunks of a body. Each takes about as long to parse as a small request.
MAX_CHUNKS = 1000

# The parser does not tell where in its input a head begins or ends, so it gets pieces of this size:
# the length of a head is measured with an error of less than one piece at either end.
_PIECE_BYTES = 2 * 1024

# For how long, and how much, a refused client may go on sending. If the connection were closed
# while data arrives, the system would reset it, and the client could lose the refusal.
LINGER_SECONDS = 2.0
MAX_LINGER_BYTES = 1024 * 1024

_CLOSE = (b"connection", b"close")

# A bracketed IPv6 address, an IPv4 address or a name, with an optional port. It may be empty.
# Source: RFC 3986, 3.2.2. Some clients do not encode other characters than ASCII.
_HOST = re.compile(rb"(\[[\w.:%~-]+\]|[\w.~!$&'()*+,;=%\x80-\xff-]*)(:\d*)?", re.ASCII)


class Deadline:
    """A timer that calls a function after TRANSFER_SECONDS."""

    def __init__(self, end: Callable[[], None]) -> None:
        self._end = end
        self._handle: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Start the timer, unless it is already running."""
        if self._handle is None:
            self._handle = asyncio.get_running_loop().call_later(TRANSFER_SECONDS, self._end)

    def stop(self) -> None:
        """Stop the timer."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None


class _RefusedError(Exception):
    """A request is refused while it is parsed."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.response = make_problem(status, detail)


class Flow(FlowControl):
    """Uvicorn's flow control, which can be kept from reading."""

    _is_held = False

    def hold(self) -> None:
        """Read nothing until `release`, whoever resumes reading."""
        self._is_held = True
        self.pause_reading()

    def release(self) -> None:
        """Resume reading after `hold`."""
        if self._is_held:
            self._is_held = False
            self.resume_reading()

    def resume_reading(self) -> None:
        """Resume reading, unless it is held."""
        if not self._is_held:
            super().resume_reading()


class ClientConnection(HttpToolsProtocol):
    """Uvicorn's connection, with limits.

    A client may send further requests before the response to its first one (pipelining). While one
    of them waits for its turn, what follows is neither parsed nor read.

    :param max_connections: how many connections are served at the same time
    :param max_refused: how many more get 503
    """

    flow: Flow
    # What has been received and not been parsed.
    _unparsed = b""

    # Whether there are already `max_connections` others.
    _is_surplus = False
    # Whether a request has begun to arrive and is incomplete, and whether its head is.
    _is_in_request = False
    _is_in_head = False
    # Whether a request has begun in the piece that is being parsed.
    _has_begun_in_piece = False
    _head_bytes = 0
    _chunks = 0
    # The newest request that has arrived completely.
    _last_complete: RequestResponseCycle | None = None
    # Whether another protocol has taken over the transport.
    _is_upgraded = False
    # Whether further requests are discarded, and the refusal that waits for earlier responses.
    _is_refused = False
    _waiting_refusal: Response | None = None
    _discarded_bytes = 0
    _request_deadline: Deadline
    _response_deadline: Deadline

    def __init__(
        self,
        *,
        max_connections: int = MAX_CONNECTIONS,
        max_refused: int = MAX_REFUSED,
        **uvicorns: Any,
    ) -> None:
        super().__init__(**uvicorns)
        self._max_connections = max_connections
        self._max_refused = max_refused

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Prepare the socket, and start the request timer."""
        super().connection_made(transport)
        self.flow = Flow(transport)
        # The head and the body of a response are written one after the other, and Nagle's algorithm
        # would hold back the second. Asyncio disables it only for sockets made with IPPROTO_TCP.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Without this, `pause_writing` is not called for the last 64 KiB of a response.
        transport.set_write_buffer_limits(high=0)
        surplus = len(self.connections) - self._max_connections
        self._is_surplus = surplus > 0
        if surplus > self._max_refused:
            transport.abort()
        self._request_deadline = Deadline(self._end_late_request)
        self._response_deadline = Deadline(transport.abort)
        self._request_deadline.start()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all timers."""
        self._request_deadline.stop()
        self._response_deadline.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse data, and run the request timer while a request is incomplete."""
        if self._is_surplus and not self._is_refused:
            self._refuse(BUSY)
        if self._is_refused:
            self._discard(data)
        else:
            self._unparsed += data
            self._parse_unparsed()

    def _parse_unparsed(self) -> None:
        """Parse what has been received, until a request waits for its turn."""
        data, self._unparsed = self._unparsed, b""
        self.flow.release()
        for start in range(0, len(data), _PIECE_BYTES):
            if self.pipeline:
                self._unparsed = data[start:]
                self.flow.hold()
                self._request_deadline.stop()
                return
            self._parse(data[start : start + _PIECE_BYTES])
            if self._is_upgraded or self._is_refused or self.transport.is_closing():
                return
        # Any data stops uvicorn's keep-alive timer, even an empty line, which begins no request. So
        # this timer also runs between requests.
        if self._is_in_request or not self._has_pending_response():
            self._request_deadline.start()
        else:
            self._request_deadline.stop()

    def _parse(self, piece: bytes) -> None:
        self._has_begun_in_piece = False
        self._unset_keepalive_if_required()
        try:
            self._feed(piece)
        except httptools.HttpParserError as error:
            if isinstance(error.__context__, _RefusedError):
                self._refuse(error.__context__.response)
            else:
                self.send_400_response("Invalid HTTP request received.")
            return
        if self._is_in_request and not self._has_begun_in_piece:
            self._head_bytes += len(piece)
            if self._head_bytes > MAX_HEAD_BYTES:
                detail = f"The request's line and headers are longer than {MAX_HEAD_BYTES} bytes."
                self._refuse(make_problem(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, detail))

    def _feed(self, data: bytes) -> None:
        """Let the parser parse data, which calls the methods `on_…`.

        :raise HttpParserError: the data is not HTTP, or one of these methods has raised an error
        """
        try:
            self.parser.feed_data(data)
            return
        except httptools.HttpParserUpgrade as upgrade:
            rest = data[upgrade.args[0] :]
        # Outside of `except`: the context of a further error would be the upgrade.
        if self._should_upgrade():
            self.handle_websocket_upgrade()
        else:
            self._feed_without_upgrade(rest)

    def _should_upgrade(self) -> bool:
        """Tell whether the current head asks for a WebSocket where there is one."""
        # Source: RFC 9110, 7.8, for HTTP/1.0.
        return (
            self.parser.get_http_version() == "1.1"
            and b"upgrade" in self._listed(b"connection")
            and b"websocket" in self._listed(b"upgrade")
            and self._should_upgrade_to_ws()
        )

    def _listed(self, name: bytes) -> set[bytes]:
        """Return the elements of a header that is a list, of all lines with its name."""
        lines = [value for header, value in self.headers if header == name]
        return {element.strip().lower() for element in b",".join(lines).split(b",")}

    def _feed_without_upgrade(self, rest: bytes) -> None:
        """Parse a head again, without the upgrade for which it asks, and what follows it.

        The parser takes what follows such a head for the other protocol, even if it is a body.
        Source: RFC 9110, 7.8: a server ignores an upgrade that it does not support.
        """
        lines = [
            b"%b %b HTTP/%b"
            % (self.parser.get_method(), self.url, self.parser.get_http_version().encode()),
            *(b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"),
        ]
        self.parser = httptools.HttpRequestParser(self)
        self._feed(b"\r\n".join([*lines, b"", rest]))

    def _is_upgrade_ignored(self) -> bool:
        """Tell whether the current head asks for an upgrade that is not supported."""
        asks = self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"
        return asks and not self._should_upgrade()

    def _discard(self, data: bytes) -> None:
        self._discarded_bytes += len(data)
        if self._discarded_bytes > MAX_LINGER_BYTES:
            self.transport.abort()

    def handle_websocket_upgrade(self) -> None:
        """Hand the transport over to the WebSocket, unless earlier requests await responses."""
        if self._has_pending_response():
            detail = "A WebSocket needs a connection without unanswered requests."
            self._refuse(make_problem(HTTPStatus.BAD_REQUEST, detail))
            return
        self._is_upgraded = True
        self._request_deadline.stop()
        self._response_deadline.stop()
        super().handle_websocket_upgrade()

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Keep the connection open if a response is pending: the client sends no more data."""
        return self._close_after_responses()

    def on_message_begin(self) -> None:
        """Record that a request has begun; it has a time of its own."""
        self._request_deadline.stop()
        self._is_in_request = self._is_in_head = self._has_begun_in_piece = True
        self._head_bytes = self._chunks = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Add a part of the URL."""
        super().on_url(url)
        if len(self.url) > MAX_URL_BYTES:
            detail = f"The URL is longer than {MAX_URL_BYTES} bytes."
            raise _RefusedError(HTTPStatus.REQUEST_URI_TOO_LONG, detail)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header; trailers, after a chunked body, are ignored (RFC 9110, 6.5.1)."""
        if not self._is_in_head:
            return
        super().on_header(name, value)
        if len(self.headers) > MAX_HEADERS:
            detail = f"The request has more than {MAX_HEADERS} headers."
            raise _RefusedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, detail)
        if self.headers[-1][0] == b"host":
            hosts = [value for header, value in self.headers if header == b"host"]
            if len(hosts) > 1 or not _HOST.fullmatch(value.strip(b" \t")):
                detail = (
                    "The request has more than one Host header, or an invalid one. "
                    "Accepted: HOST or HOST:PORT."
                )
                raise _RefusedError(HTTPStatus.BAD_REQUEST, detail)

    def on_headers_complete(self) -> None:
        """Record that the head is complete."""
        if self._is_upgrade_ignored():
            return
        if self.parser.get_http_version() != "1.1":
            # Source: RFC 9110, 10.1.1.
            self.expect_100_continue = False
        if self.expect_100_continue:
            length = int(dict(self.headers).get(b"content-length", 0))
            if length > MAX_BODY_BYTES:
                # The client may or may not send the body, so the connection must be closed.
                detail = f"The body is too long. Accepted: at most {MAX_BODY_BYTES} bytes."
                raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
        super().on_headers_complete()
        self._is_in_head = False

    def on_body(self, body: bytes) -> None:
        """Add a part of the body. After the last part come trailers, as limited as a head."""
        self._head_bytes = 0
        super().on_body(body)

    def on_chunk_header(self) -> None:
        """Count a chunk of a body."""
        self._chunks += 1
        if self._chunks > MAX_CHUNKS:
            detail = f"The body has more than {MAX_CHUNKS} chunks."
            raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)

    def on_message_complete(self) -> None:
        """Record that the request has arrived completely, and when."""
        if self._is_upgrade_ignored():
            return
        self._is_in_request = False
        self._last_complete = self.cycle
        self.scope["state"][ARRIVED] = time.monotonic()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Start the next pipelined request, or send a refusal that waits for earlier responses."""
        if self._waiting_refusal is None or self.pipeline or self.transport.is_closing():
            super().on_response_complete()
            if self._unparsed and not self.transport.is_closing():
                self.loop.call_soon(self._parse_unparsed)
        else:
            self._send_refusal(self._waiting_refusal)

    def pause_writing(self) -> None:
        """Start the response timer: the client does not read as fast as the server writes."""
        super().pause_writing()
        self._response_deadline.start()

    def resume_writing(self) -> None:
        """Stop the response timer: the operating system has taken everything written so far."""
        super().resume_writing()
        self._response_deadline.stop()

    def send_400_response(self, msg: str) -> None:
        """Answer 400 to data that is not HTTP."""
        self._refuse(make_problem(HTTPStatus.BAD_REQUEST, f"{msg} Accepted: HTTP/1.1."))

    def shutdown(self) -> None:
        """Shut down gracefully: close after the responses to all complete requests."""
        if not self._close_after_responses():
            self.transport.close()

    def is_idle(self) -> bool:
        """Tell whether the next data begins a request that can be answered at once."""
        return not (
            self._is_in_request
            or self._is_surplus
            or self._is_refused
            or self._has_pending_response()
            or self.transport.is_closing()
        )

    def make_cycle(self) -> RequestResponseCycle:
        """Return the state of a request that has arrived, to be answered by `respond`."""
        return RequestResponseCycle(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=True,
            on_response=self.on_response_complete,
        )

    def respond(self, cycle: RequestResponseCycle, response: Response) -> None:
        """Send the response to a request of `make_cycle`."""
        connection = () if cycle.keep_alive else (_CLOSE,)
        self._write(response, *connection)
        cycle.response_started = cycle.response_complete = True
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def _has_pending_response(self) -> bool:
        """Tell whether a request has arrived completely, and its response is not complete."""
        return self._last_complete is not None and not self._last_complete.response_complete

    def _close_after_responses(self) -> bool:
        """Drop an incomplete request, and let the last pending response close the connection.

        :return: whether a response is pending; if none is, the caller closes the connection
        """
        self._drop_request()
        if self._waiting_refusal is not None:
            # It follows the responses, and closes the connection.
            return True
        if self._last_complete is None or self._last_complete.response_complete:
            return False
        self._last_complete.keep_alive = False
        return True

    def _drop_request(self) -> None:
        """Drop the incomplete request, if there is one."""
        if self._is_in_request and not self._is_in_head:
            if self.pipeline and self.pipeline[0][0] is self.cycle:
                self.pipeline.popleft()
            else:
                # This ends the request's task, which waits for the body.
                self.cycle.disconnected = True
                self.cycle.message_event.set()
        self._is_in_request = self._is_in_head = False

    def _end_late_request(self) -> None:
        if self._is_in_request:
            detail = f"The request did not arrive within {TRANSFER_SECONDS:.0f} s."
            self._refuse(make_problem(HTTPStatus.REQUEST_TIMEOUT, detail))
        else:
            # Browsers open connections in advance, and do not use all of them.
            self.transport.close()

    def _refuse(self, response: Response) -> None:
        """Refuse the current request without the app: after all earlier responses, then close."""
        self._is_refused = True
        self._request_deadline.stop()
        in_body = self._is_in_request and not self._is_in_head
        if in_body and self.cycle.response_started:
            # The app has already refused the request, but its body is still arriving.
            self.transport.abort()
            return
        self._drop_request()
        if self._has_pending_response():
            self._waiting_refusal = response
        else:
            self._send_refusal(response)

    def _send_refusal(self, response: Response) -> None:
        self._write(response, _CLOSE)
        self.transport.write_eof()
        self.loop.call_later(LINGER_SECONDS, self.transport.close)

    def _write(self, response: Response, *headers: tuple[bytes, bytes]) -> None:
        """Write a response as a whole, with more headers."""
        all_headers = [*self.server_state.default_headers, *response.headers, *headers]
        head = b"".join([b"%b: %b\r\n" % header for header in all_headers])
        self.transport.write(STATUS_LINE[response.status] + head + b"\r\n" + response.body)
