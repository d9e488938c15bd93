"""Answers as clients get them: JSON, and what a browser may keep."""

import msgspec
from flask import Response, request

from server.drawing import JSON

# The longest that a cache is told to keep an answer; RFC 2616 knew no longer.
YEAR_SECONDS = 365 * 24 * 60 * 60


def json_response(value: object) -> Response:
    """Answer with a value as JSON."""
    return Response(msgspec.json.encode(value), content_type=JSON)


def revalidated(response: Response, digest: str | None = None) -> Response:
    """Let the browser keep the answer, and ask whether it has changed.

    :param digest: changes whenever the answer does; that of the answer unless given
    """
    if digest is None:
        response.add_etag()
    else:
        response.set_etag(digest)
    response.cache_control.no_cache = True
    response.make_conditional(request)
    return response


def kept(response: Response, digest: str) -> Response:
    """Let the browser keep the answer, and never ask again if the address has its digest (`?v=`).

    With another digest, that of an answer that has been replaced, or none, it asks each time.
    """
    revalidated(response, digest)
    if request.args.get("v") == digest:
        response.headers["Cache-Control"] = f"public, max-age={YEAR_SECONDS}, immutable"
    return response
