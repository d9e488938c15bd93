"""What the page asks while a pen moves, answered before Flask, which costs more than the model.

Only a request that Flask would answer with a prediction is taken. Whatever is to be refused goes on
to Flask untouched, so that errors are made in one place.
"""

from functools import lru_cache
from http import HTTPStatus

import msgspec
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request

from server.app import PREDICT, SECURITY_HEADERS
from server.drawing import BYTES, JSON, parse_bytes
from server.gateway import Answer, Scope, encode_headers
from server.model_store import ModelStore
from server.prediction import predict
from server.query import PredictQuery, parse_fields, parse_query
from server.shapes import PIXELS

_HEADERS = encode_headers({"Content-Type": JSON, **SECURITY_HEADERS})
_BYTES = BYTES.encode()


class LivePredictions:
    """Answers 784 bytes as the app would, from the same models."""

    def __init__(self, store: ModelStore) -> None:
        self._store = store

    def answer(self, scope: Scope, body: bytes) -> Answer | None:
        """Answer one request; None where it is no live one, or one to be refused."""
        if len(body) != PIXELS or scope["path"] != PREDICT or scope["method"] != "POST":
            return None
        headers = dict(scope["headers"])
        is_live = headers.get(b"content-type") == _BYTES and b"content-encoding" not in headers
        asked = _read_query(scope["query_string"]) if is_live else None
        model = self._store.find(asked[0]) if asked else None
        if asked is None or model is None:
            return None
        answer = msgspec.json.encode(predict(model, parse_bytes(body), asked[1]))
        length = (b"content-length", b"%d" % len(answer))
        return Answer(HTTPStatus.OK, [*_HEADERS, length], answer)


# A page sends the same few again and again; whatever else is sent takes no more room than this.
@lru_cache(maxsize=64)
def _read_query(query: bytes) -> tuple[str | None, frozenset[str]] | None:
    """Return the model's name and the fields that a query string asks for, if it is accepted."""
    try:
        arguments = Request({"QUERY_STRING": query.decode("latin-1")}).args
        asked = parse_query(arguments, PredictQuery)
        return asked.model, parse_fields(asked.fields)
    except BadRequest:
        return None
