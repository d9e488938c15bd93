"""Polls of the list of trainings, answered without Flask if nothing has changed.

Every open page polls twice a second. With 300 pages that is more than half as many requests as live
predictions, and Flask takes as long for one as the model takes for a drawing.
"""

from http import HTTPStatus

from server.storage.training_monitor import MAX_LIST_AGE, TrainingMonitor
from server.transport.gateway import Response, Scope, encode_headers
from server.web.common.security import SECURITY_HEADERS
from server.web.routes.trainings import TRAININGS_API

_HEADERS = encode_headers(
    {"Cache-Control": "no-cache", "Vary": "Accept-Encoding", **SECURITY_HEADERS}
)


class TrainingPolls:
    """Answers polls as the app would, from the same monitor, which only the app lets scan."""

    def __init__(self, monitor: TrainingMonitor) -> None:
        self._monitor = monitor

    def answer(self, scope: Scope) -> Response | None:
        """Return 304 for a poll whose ETag is current, or None for the app to answer."""
        if (scope["path"], scope["method"]) != (TRAININGS_API, "GET") or scope["query_string"]:
            return None
        snapshot = self._monitor.recent_snapshot(MAX_LIST_AGE)
        if snapshot is None:
            return None
        etag = b'W/"%b"' % snapshot.digest.encode()
        asked = [value for name, value in scope["headers"] if name == b"if-none-match"]
        if asked != [etag]:
            return None
        return Response(HTTPStatus.NOT_MODIFIED, [(b"etag", etag), *_HEADERS], b"")
