"""A connection that does not parse a live prediction again whose head it has already parsed."""

from typing import Any

from server.regression.shapes import PIXELS
from server.transport.connection import ClientConnection
from server.transport.gateway import Response
from server.transport.live_predictions import LivePredictions, Query

# Where WebSockets are accepted.
LIVE = b"/api/live"

_LENGTH = (b"content-length", b"%d" % PIXELS)


class LiveConnection(ClientConnection):
    """A connection that answers repeated live predictions without the parser and the gateway.

    A page sends the same head, byte for byte, whenever the pen moves. To parse it, and to run a
    task for it, takes longer than the prediction. So the connection remembers the head of its last
    live prediction. Data that consists of this head and 784 bytes is another one.
    """

    # The head of the last live prediction, and what it asks for.
    _repeatable: tuple[bytes, Query] | None = None
    # How many requests have begun in the data that is being parsed.
    _begun = 0

    def __init__(self, live: LivePredictions, **uvicorns: Any) -> None:
        super().__init__(**uvicorns)
        self._live = live

    def data_received(self, data: bytes) -> None:
        """Answer a repeated live prediction, and pass all other data on."""
        if self._repeats(data):
            return
        was_idle = self.is_idle()
        self._begun = 0
        super().data_received(data)
        query = self._recognize() if was_idle else None
        self._repeatable = None if query is None else (data[:-PIXELS], query)

    def on_message_begin(self) -> None:
        """Count the request."""
        self._begun += 1
        super().on_message_begin()

    def _should_upgrade_to_ws(self) -> bool:
        """Tell whether a request for a WebSocket has the method and the path of one.

        The app answers others as if they did not ask for it.
        """
        return (
            super()._should_upgrade_to_ws()
            and self.parser.get_method() == b"GET"
            and self.url.partition(b"?")[0] == LIVE
        )

    def _repeats(self, data: bytes) -> bool:
        """Answer data that is a repeated live prediction; return whether it is."""
        if self._repeatable is None:
            return False
        head, query = self._repeatable
        return (
            len(data) == len(head) + PIXELS
            and data.startswith(head)
            and self.is_idle()
            # Uvicorn waits for a client that does not read its responses.
            and not self.flow.write_paused
            and self._submit(query, data[-PIXELS:])
        )

    def _recognize(self) -> Query | None:
        """Return what the data asks for, or None unless it was one complete live prediction."""
        cycle = self._last_complete
        is_whole = self._begun == 1 and not self._is_in_request and cycle is self.cycle
        if not is_whole or cycle is None or not cycle.keep_alive or _LENGTH not in self.headers:
            return None
        return self._live.recognize(dict(cycle.scope))

    def _submit(self, query: Query, body: bytes) -> bool:
        """Let a live prediction be answered; return False if the app must answer it."""
        cycle = self.make_cycle()

        def respond(response: Response) -> None:
            if not cycle.disconnected:
                self.respond(cycle, response)

        if not self._live.submit(query, body, respond):
            return False
        self._unset_keepalive_if_required()
        self.cycle = self._last_complete = cycle
        return True
