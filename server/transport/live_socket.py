"""Live predictions over a WebSocket: a browser gets a message sooner than a response to a request.

The client connects to `/api/live`, with the query string of `/api/predict`, and sends each drawing
as a binary message of 784 bytes. The response is the JSON of `/api/predict` as a text message. The
client may send the next drawing once it has the response.

A socket is closed where a request would get an error. The client then sends a request, which says
what is wrong.
"""

import asyncio
import socket
import time
from email.utils import formatdate
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from uvicorn.server import ServerState
from websockets.datastructures import Headers
from websockets.exceptions import InvalidMessage
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.http11 import Response as HandshakeResponse
from websockets.protocol import State
from websockets.server import ServerProtocol

from server.regression.shapes import PIXELS
from server.transport.connection import LINGER_SECONDS
from server.transport.gateway import Response, make_problem
from server.transport.live_predictions import LivePredictions, Query, read_query

# A socket without a message for so long is closed, in seconds. The page opens another one when the
# pen moves again.
IDLE_SECONDS = 20.0

# A client that keeps the rules sends less at a time: a drawing, and a few control frames.
MAX_DATA_BYTES = 4096

# The longest reason that a close frame can hold is 123 bytes.
_ACCEPTED = f"Accepted: a binary message of {PIXELS} bytes, after the response to the last one."

_REFUSED = (
    "The WebSocket was refused. Accepted: a handshake as in RFC 6455 with a head of at most 8 kB, "
    "and the query of /api/predict with fields that are not images."
)

_VERSION = "13"

_DATA = (Opcode.BINARY, Opcode.TEXT, Opcode.CONT)


class _Protocol(ServerProtocol):
    """The rules of RFC 6455; a handshake is refused with a problem, as other requests are."""

    def reject(self, status: HTTPStatus | int, _text: str = "") -> HandshakeResponse:
        """Return the response to a handshake that is refused, with the reason in our own words."""
        problem = make_problem(HTTPStatus(status), _REFUSED, Connection="close")
        headers = Headers((name.decode(), value.decode()) for name, value in problem.headers)
        headers["Date"] = formatdate(usegmt=True)
        return HandshakeResponse(status, HTTPStatus(status).phrase, headers, problem.body)


class LiveSocket(asyncio.Protocol):
    """One WebSocket. Its arguments are those of uvicorn's protocols, and `live`, which predicts."""

    transport: asyncio.Transport
    _query: Query | None = None
    # Whether the handshake was refused.
    _is_refused = False
    # Whether a drawing has no response yet.
    _is_answering = False
    _last_message = 0.0
    _idle_timer: asyncio.TimerHandle | None = None

    def __init__(
        self, live: LivePredictions, *, server_state: ServerState, **_uvicorns: Any
    ) -> None:
        self._live = live
        # Uvicorn shuts down whatever is in this set.
        self._open_connections: set[Any] = server_state.connections
        # A larger message is refused by its header.
        self._protocol = _Protocol(max_size=PIXELS)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over the transport of an HTTP connection."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._open_connections.add(self)
        self._last_message = time.monotonic()
        self._watch()

    def connection_lost(self, _error: Exception | None) -> None:
        """Stop the timer."""
        self._open_connections.discard(self)
        if self._idle_timer is not None:
            self._idle_timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Answer the handshake, and let each drawing be answered."""
        is_open = self._protocol.state is State.OPEN
        if is_open and self.transport.get_write_buffer_size():
            # The client does not read what it is sent: the operating system takes no more.
            self.transport.abort()
            return
        # The handshake is as long as the connection allows.
        is_flood = is_open and len(data) > MAX_DATA_BYTES
        self._protocol.receive_data(data[:MAX_DATA_BYTES] if is_flood else data)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._shake_hands(event)
            elif isinstance(event, Frame) and event.opcode in _DATA:
                self._receive(event)
        if isinstance(self._protocol.handshake_exc, InvalidMessage) and not self._is_refused:
            # The protocol would only close the connection.
            self._is_refused = True
            self.transport.write(self._protocol.reject(HTTPStatus.BAD_REQUEST).serialize())
        self._flush()
        if is_flood:
            self._close(CloseCode.POLICY_VIOLATION, _ACCEPTED)

    def eof_received(self) -> None:
        """Close the transport, because the client sends no more data."""
        self._protocol.receive_eof()

    def shutdown(self) -> None:
        """Close the socket, because the server shuts down."""
        self._close(CloseCode.GOING_AWAY, "The server shuts down.")
        self.transport.close()

    def _shake_hands(self, request: Request) -> None:
        """Accept a handshake, or refuse it with 400 or 426."""
        self._query = read_query(urlsplit(request.path).query.encode())
        versions = request.headers.get_all("Sec-WebSocket-Version")
        if any(version != _VERSION for version in versions):
            # Source: RFC 6455, 4.4.
            self._is_refused = True
            response = self._protocol.reject(HTTPStatus.UPGRADE_REQUIRED)
            response.headers["Upgrade"] = "websocket"
            response.headers["Sec-WebSocket-Version"] = _VERSION
        elif self._query is None:
            self._is_refused = True
            response = self._protocol.reject(HTTPStatus.BAD_REQUEST)
        else:
            # `accept` expects a single value. ClientConnection has found it in the list.
            del request.headers["Upgrade"]
            request.headers["Upgrade"] = "websocket"
            response = self._protocol.accept(request)
        self._protocol.send_response(response)

    def _receive(self, frame: Frame) -> None:
        """Let a drawing be answered, or close the socket if only the app can answer it."""
        self._last_message = time.monotonic()
        drawing = bytes(frame.data)
        if frame.opcode is not Opcode.BINARY or len(drawing) != PIXELS or not frame.fin:
            self._close(CloseCode.UNSUPPORTED_DATA, _ACCEPTED)
        elif self._is_answering:
            self._close(CloseCode.POLICY_VIOLATION, _ACCEPTED)
        elif self._query is None or not self._live.submit(self._query, drawing, self._respond):
            self._close(CloseCode.TRY_AGAIN_LATER, "Send this drawing to /api/predict.")
        else:
            self._is_answering = True

    def _respond(self, response: Response) -> None:
        self._is_answering = False
        if self._protocol.state is not State.OPEN:
            # The client has disconnected, or has broken the rules.
            return
        if response.status == HTTPStatus.OK:
            self._protocol.send_text(response.body)
            self._flush()
        else:
            self._close(CloseCode.INTERNAL_ERROR, HTTPStatus(response.status).phrase)

    def _close(self, code: CloseCode, reason: str) -> None:
        if self._protocol.state is State.OPEN:
            self._protocol.fail(code, reason)
            self._flush()

    def _flush(self) -> None:
        """Write what the protocol has to send."""
        parts = self._protocol.data_to_send()
        data = b"".join(parts)
        if data:
            self.transport.write(data)
        # An empty part stands for the end of what is sent.
        if b"" in parts and self.transport.can_write_eof():
            self.transport.write_eof()
        if self._protocol.close_expected():
            # Not `close`, which waits until the client has read everything.
            asyncio.get_running_loop().call_later(LINGER_SECONDS, self.transport.abort)

    def _watch(self) -> None:
        """Close the socket if it is idle, and look again when it could be."""
        idle_seconds = time.monotonic() - self._last_message
        if idle_seconds >= IDLE_SECONDS:
            self._close(CloseCode.NORMAL_CLOSURE, f"No message for {IDLE_SECONDS:.0f} s.")
            return
        self._idle_timer = asyncio.get_running_loop().call_later(
            IDLE_SECONDS - idle_seconds, self._watch
        )
