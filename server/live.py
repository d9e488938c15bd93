"""What the page asks while a pen moves, answered before Flask, which costs more than the model.

Only a request that Flask would answer with a prediction is taken. Whatever is to be refused goes on
to Flask untouched, so that errors are made in one place.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from io import BytesIO
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import msgspec
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request

from server.drawing import BYTES, JSON, parse_bytes
from server.model_store import ModelStore
from server.prediction import predict
from server.query import PredictQuery, parse_fields, parse_query
from server.shapes import PIXELS

_KEYS = ("PATH_INFO", "REQUEST_METHOD", "CONTENT_TYPE", "CONTENT_LENGTH")


class LivePredictions:
    """Answers 784 bytes posted to a path as the app behind it would, and passes on all else.

    :param headers: what every answer of the app has besides its content's type and length
    """

    def __init__(
        self, app: WSGIApplication, path: str, store: ModelStore, headers: Mapping[str, str]
    ) -> None:
        self._app = app
        self._live = (path, "POST", BYTES, str(PIXELS))
        self._store = store
        self._headers = [("Content-Type", JSON), *headers.items()]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one WSGI request."""
        if tuple(map(environ.get, _KEYS)) != self._live:
            return self._app(environ, start_response)
        asked = _read_query(environ.get("QUERY_STRING", ""))
        model = self._store.find(asked[0]) if asked else None
        if asked is None or model is None:
            return self._app(environ, start_response)
        body = environ["wsgi.input"].read(PIXELS)
        if len(body) < PIXELS:
            environ["wsgi.input"] = BytesIO(body)
            return self._app(environ, start_response)
        answer = msgspec.json.encode(predict(model, parse_bytes(body), asked[1]))
        start_response("200 OK", [*self._headers, ("Content-Length", str(len(answer)))])
        return [answer]


# A page sends the same few again and again; whatever else is sent takes no more room than this.
@lru_cache(maxsize=64)
def _read_query(query: str) -> tuple[str | None, frozenset[str]] | None:
    """Return the model's name and the fields that a query string asks for, if it is accepted."""
    try:
        asked = parse_query(Request({"QUERY_STRING": query}).args.to_dict(), PredictQuery)
        return asked.model, parse_fields(asked.fields)
    except BadRequest:
        return None
