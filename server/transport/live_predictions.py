"""Live predictions: what the page asks while a pen moves, answered without Flask.

Flask takes longer than the model. Only requests that Flask would answer with a prediction, and
without images, which take too long for the event loop, are answered here. All others, including
those to be refused, are passed on to Flask, so that errors are made in one place.
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
from server.transport.gateway import Answer, Scope, encode_headers
from server.web.app import SECURITY_HEADERS
from server.web.drawing import BYTES, JSON, parse_bytes
from server.web.prediction_routes import PREDICT
from server.web.query import PredictQuery, parse_fields, parse_query

_HEADERS = encode_headers({"Content-Type": JSON, **SECURITY_HEADERS})
_BYTES = BYTES.encode()

# More at a time are no faster.
MOST_TOGETHER = 16

# What a request asks for: those that ask for the same are answered together.
_Asked = tuple[Model, frozenset[str]]

# A request that waits: its body, and what its answer goes to.
_Request = tuple[bytes, asyncio.Future[Answer]]


class LivePredictions:
    """Answers 784 bytes as the app would, from the same models.

    Requests that come in together, as those of many pens do, are answered together: each then costs
    a third of what it costs alone.
    """

    def __init__(self, store: ModelStore) -> None:
        self._store = store
        self._waiting: dict[_Asked, list[_Request]] = {}

    async def answer(self, scope: Scope, body: bytes) -> Answer | None:
        """Answer one request; None where it is no live one, or one to be refused."""
        asked = self._read(scope, body)
        if asked is None:
            return None
        loop = asyncio.get_running_loop()
        if not self._waiting:
            # Not before all that has come in is here.
            loop.call_soon(self._answer_waiting)
        answer: asyncio.Future[Answer] = loop.create_future()
        self._waiting.setdefault(asked, []).append((body, answer))
        return await answer

    def _read(self, scope: Scope, body: bytes) -> _Asked | None:
        """Return what a live request asks for; None where it is none that can be answered here."""
        if len(body) != PIXELS or scope["path"] != PREDICT or scope["method"] != "POST":
            return None
        headers = dict(scope["headers"])
        is_live = headers.get(b"content-type") == _BYTES and b"content-encoding" not in headers
        asked = _read_query(scope["query_string"]) if is_live else None
        if asked is None:
            return None
        query, fields = asked
        model = self._store.find_recent(query.model)
        # Flask looks for a model that is newer than the last scan.
        if model is None or query.v not in (None, model.digest):
            return None
        return model, fields

    def _answer_waiting(self) -> None:
        """Answer all that wait."""
        waiting, self._waiting = self._waiting, {}
        for (model, fields), asking in waiting.items():
            # Whoever has left meanwhile waits no more.
            requests = [request for request in asking if not request[1].done()]
            for start in range(0, len(requests), MOST_TOGETHER):
                _answer_together(model, fields, requests[start : start + MOST_TOGETHER])


def _answer_together(model: Model, fields: frozenset[str], requests: list[_Request]) -> None:
    """Answer requests for the same, or let all of them fail."""
    try:
        pixels = np.stack([parse_bytes(body) for body, _ in requests])
        contents = [msgspec.json.encode(found) for found in predict_all(model, pixels, fields)]
    except Exception as error:
        for _, answer in requests:
            answer.set_exception(error)
        return
    for content, (_, answer) in zip(contents, requests, strict=True):
        headers = [*_HEADERS, (b"content-length", b"%d" % len(content))]
        answer.set_result(Answer(HTTPStatus.OK, headers, content))


# A page sends the same few again and again; whatever else is sent takes no more room than this.
@lru_cache(maxsize=64)
def _read_query(query: bytes) -> tuple[PredictQuery, frozenset[str]] | None:
    """Return what a query string asks for and its fields; None where images are among them.

    None also where the query is not accepted.
    """
    try:
        arguments = Request({"QUERY_STRING": query.decode("latin-1")}).args
        asked = parse_query(arguments, PredictQuery)
        fields = parse_fields(asked.fields)
    except BadRequest:
        return None
    return None if fields & IMAGE_FIELDS else (asked, fields)
