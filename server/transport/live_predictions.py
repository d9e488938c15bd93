"""Live predictions: the page's requests while the pen moves, answered without Flask.

Flask takes longer than the model. Only valid requests for predictions without images are answered
here, because encoding images would block the event loop. All others are passed on to Flask, so
that error responses are built in one place.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus

import msgspec
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request

from server.regression.model import Model
from server.regression.prediction import IMAGE_FIELDS, predict_all
from server.regression.shapes import PIXELS
from server.storage.model_store import ModelStore
from server.transport.gateway import FAILED, Response, Scope, encode_headers
from server.web.common.drawing import BYTES, JSON, scale_bytes
from server.web.common.query import PredictQuery, parse_fields, parse_query
from server.web.common.security import SECURITY_HEADERS
from server.web.routes.prediction import PREDICT

_logger = logging.getLogger(__name__)

_HEADERS = encode_headers({"Content-Type": JSON, **SECURITY_HEADERS})
_BYTES = BYTES.encode()

# Larger batches are no faster.
MAX_BATCH = 16

# A model and the fields of the response: requests with the same key form a batch.
_BatchKey = tuple[Model, frozenset[str]]

# What is asked for: the parameters of the query string, and the fields of the response.
Query = tuple[PredictQuery, frozenset[str]]

Respond = Callable[[Response], None]

# The body of a request, and what is called with its response.
_Request = tuple[bytes, Respond]


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
        answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

        def respond(response: Response) -> None:
            # A client that has disconnected has cancelled the future.
            if not answer.done():
                answer.set_result(response)

        query = self.recognize(scope)
        if query is None or not self.submit(query, body, respond):
            return None
        return await answer

    def recognize(self, scope: Scope) -> Query | None:
        """Return what a request asks for, or None if the app must answer it, whatever its body."""
        if scope["path"] != PREDICT or scope["method"] != "POST":
            return None
        headers = dict(scope["headers"])
        if headers.get(b"content-type") != _BYTES or b"content-encoding" in headers:
            return None
        return read_query(scope["query_string"])

    def submit(self, query: Query, body: bytes, respond: Respond) -> bool:
        """Put a request into the current batch; `respond` is called when the batch is answered.

        :return: False for a request that the app must answer or refuse; `respond` is not called
        """
        parameters, fields = query
        model = self._store.find_recent(parameters.model)
        # The app scans the directory for a model that is newer than the last scan.
        if (
            len(body) != PIXELS
            or model is None
            or (parameters.v is not None and parameters.v != model.digest)
        ):
            return False
        if not self._waiting:
            # Runs at the end of this loop iteration: requests already read join the batch.
            asyncio.get_running_loop().call_soon(self._answer_waiting)
        self._waiting.setdefault((model, fields), []).append((body, respond))
        return True

    def _answer_waiting(self) -> None:
        """Answer all waiting requests."""
        waiting, self._waiting = self._waiting, {}
        for (model, fields), requests in waiting.items():
            for start in range(0, len(requests), MAX_BATCH):
                _answer_batch(model, fields, requests[start : start + MAX_BATCH])


def _answer_batch(model: Model, fields: frozenset[str], requests: list[_Request]) -> None:
    """Respond to a batch, with 500 if the prediction fails."""
    try:
        pixels = scale_bytes(b"".join(body for body, _ in requests)).reshape(-1, PIXELS)
        contents = [msgspec.json.encode(found) for found in predict_all(model, pixels, fields)]
    except Exception:
        _logger.exception("A live prediction failed")
        for _, respond in requests:
            respond(FAILED)
        return
    for content, (_, respond) in zip(contents, requests, strict=True):
        headers = [*_HEADERS, (b"content-length", b"%d" % len(content))]
        respond(Response(HTTPStatus.OK, headers, content))


# The page uses a few query strings; the limit is for other clients, which could send many.
@lru_cache(maxsize=64)
def read_query(query: bytes) -> Query | None:
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
