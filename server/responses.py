"""Answers as clients get them: JSON, and what a browser may keep."""

import msgspec
from flask import Response, request

from server.drawing import JSON


def json_response(value: object) -> Response:
    """Answer with a value as JSON."""
    return Response(msgspec.json.encode(value), content_type=JSON)


def revalidated(response: Response, digest: str) -> Response:
    """Let the browser keep what the digest and the URL decide, and ask whether it has changed."""
    response.set_etag(digest)
    response.cache_control.no_cache = True
    response.make_conditional(request)
    return response
