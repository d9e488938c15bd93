"""Live predictions: the page's requests while the pen moves, answered without Flask.

Flask takes longer than the model. Only valid requests for predictions without images are answered
here, because encoding images would block the event loop. All others are passed on to Flask, so
that error responses are built in one place.
"""

import asyncio
from functools import lru_cache
from http import HTTPStatus

import msgspec
import numpy as np
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request

from server.regression.model import Model
from server.regression.prediction import IMAGE_FIELDS, predict_all
from server.regression.shapes import PIXELS
from server.storage.model_store import ModelStore
from server.transport.gateway import Response, Scope, encode_headers
from server.web.common.drawing import BYTES, JSON, parse_bytes
from server.web.common.query import PredictQuery, parse_fields, parse_query
from server.web.common.security import SECURITY_HEADERS
from server.web.routes.prediction import PREDICT

_HEADERS = encode_headers({"Content-Type": JSON, **SECURITY_HEADERS})
_BYTES = BYTES.encode()

# Larger batches are no faster.
MAX_BATCH = 16

# A model and the fields of the response: requests with the same key form a batch.
_BatchKey = tuple[Model, frozenset[str]]

# The body of a request, and the future of its response.
_Request = tuple[bytes, asyncio.Future[Response]]


class LivePredictions:
    """Answers requests with 784 bytes as the app would, from the same models.

    Requests that arrive in the same iteration of the event loop form a batch, in which each takes a
    third of the time.
    """

    def __init__(self, store: ModelStore) -> None:
        self._store = store
        self._waiting: dict[_BatchKey, list[_Request]] = {}

    async def answer(self, scope: Scope, body: bytes) -> Response | None:
        """Return the response, or None for a request that the app must answer or refuse."""
        key = self._read(scope, body)
        if key is None:
            return None
        loop = asyncio.get_running_loop()
        if not self._waiting:
            # Runs at the end of this loop iteration: requests already read join the batch.
            loop.call_soon(self._answer_waiting)
        answer: asyncio.Future[Response] = loop.create_future()
        self._waiting.setdefault(key, []).append((body, answer))
        return await answer

    def _read(self, scope: Scope, body: bytes) -> _BatchKey | None:
        """Return the model and the fields of a request, or None if the app must answer it."""
        if len(body) != PIXELS or scope["path"] != PREDICT or scope["method"] != "POST":
            return None
        headers = dict(scope["headers"])
        is_live = headers.get(b"content-type") == _BYTES and b"content-encoding" not in headers
        asked = _read_query(scope["query_string"]) if is_live else None
        if asked is None:
            return None
        query, fields = asked
        model = self._store.find_recent(query.model)
        # The app scans the directory for a model that is newer than the last scan.
        if model is None or query.v not in (None, model.digest):
            return None
        return model, fields

    def _answer_waiting(self) -> None:
        """Answer all waiting requests."""
        waiting, self._waiting = self._waiting, {}
        for (model, fields), all_requests in waiting.items():
            # A client that has disconnected has cancelled its future.
            requests = [request for request in all_requests if not request[1].done()]
            for start in range(0, len(requests), MAX_BATCH):
                _answer_batch(model, fields, requests[start : start + MAX_BATCH])


def _answer_batch(model: Model, fields: frozenset[str], requests: list[_Request]) -> None:
    """Set the responses of a batch, or the exception that prevents them."""
    try:
        pixels = np.stack([parse_bytes(body) for body, _ in requests])
        contents = [msgspec.json.encode(found) for found in predict_all(model, pixels, fields)]
    except Exception as error:
        for _, answer in requests:
            answer.set_exception(error)
        return
    for content, (_, answer) in zip(contents, requests, strict=True):
        headers = [*_HEADERS, (b"content-length", b"%d" % len(content))]
        answer.set_result(Response(HTTPStatus.OK, headers, content))


# The page uses a few query strings; the limit is for other clients, which could send many.
@lru_cache(maxsize=64)
def _read_query(query: bytes) -> tuple[PredictQuery, frozenset[str]] | None:
    """Return the parameters of a query string, and the fields that it asks for.

    None if images are among the fields, or if the query is invalid: the app answers then.
    """
    try:
        arguments = Request({"QUERY_STRING": query.decode("latin-1")}).args
        asked = parse_query(arguments, PredictQuery)
        fields = parse_fields(asked.fields)
    except BadRequest:
        return None
    return None if fields & IMAGE_FIELDS else (asked, fields)
