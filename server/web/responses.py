"""Answers as clients get them: JSON, and what a browser may keep."""

import gzip
from functools import lru_cache
from http import HTTPStatus

import msgspec
from flask import Response, request

from server.web.drawing import JSON

# The longest that a cache is told to keep an answer; RFC 2616 knew no longer.
YEAR_SECONDS = 365 * 24 * 60 * 60

# What packs well; shorter answers go into a packet as they are.
_PACKED_TYPES = ("text/", JSON, "image/svg+xml")
_LEAST_PACKED_BYTES = 1000


def json_response(value: object) -> Response:
    """Answer with a value as JSON."""
    return Response(msgspec.json.encode(value), content_type=JSON)


def with_etag(response: Response, digest: str | None = None) -> Response:
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


def cached(response: Response, digest: str, asked: str | None) -> Response:
    """Let the browser keep the answer, and never ask again if its URL has the answer's digest.

    With another digest, that of an answer that has been replaced, or none, it asks each time.

    :param asked: the digest in the URL
    """
    with_etag(response, digest)
    if asked == digest:
        cached_forever(response)
    return response


def cached_forever(response: Response) -> Response:
    """Let the browser keep the answer and never ask again: its address changes when it does."""
    response.headers["Cache-Control"] = f"public, max-age={YEAR_SECONDS}, immutable"
    return response


def gzipped(response: Response) -> Response:
    """Gzip what is text, if the client takes that; answers to what was posted stay as they are.

    Packed and plain, an answer has one ETag, and so a weak one: it stands for what it says, not for
    its bytes.
    """
    is_text = (response.content_type or "").startswith(_PACKED_TYPES)
    if request.method not in ("GET", "HEAD") or not is_text:
        return response
    response.vary.add("Accept-Encoding")
    etag, _ = response.get_etag()
    if etag is not None:
        response.set_etag(etag, weak=True)
    if response.status_code == HTTPStatus.OK and request.accept_encodings["gzip"] > 0:
        # Files are handed on unread otherwise.
        response.direct_passthrough = False
        body = response.get_data()
        if len(body) >= _LEAST_PACKED_BYTES:
            response.set_data(_pack(body))
            response.content_encoding = "gzip"
            # A range would be one of the file's bytes, not of these.
            response.headers.pop("Accept-Ranges", None)
    return response


@lru_cache(maxsize=64)
def _pack(body: bytes) -> bytes:
    """Gzip once what is asked for again and again."""
    return gzip.compress(body, mtime=0)
