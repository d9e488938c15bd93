"""Responses: JSON, caching and compression."""

import gzip
from functools import lru_cache
from http import HTTPStatus

import msgspec
from flask import Response, request

from server.web.common.drawing import JSON

# The longest lifetime of a cached response. Source: RFC 2616, 14.21.
YEAR_SECONDS = 365 * 24 * 60 * 60

# Content types that compress well. A shorter body fits into one packet uncompressed.
_TEXT_TYPES = ("text/", JSON, "image/svg+xml")
_MIN_GZIP_BYTES = 1000


def json_response(value: object) -> Response:
    """Return a response with a value as JSON."""
    return Response(msgspec.json.encode(value), content_type=JSON)


def uncached(response: Response) -> Response:
    """Let nobody keep the response: the next one may differ."""
    response.cache_control.no_store = True
    return response


def with_etag(response: Response, digest: str | None = None) -> Response:
    """Let the browser cache the response, and revalidate it each time.

    :param digest: the ETag; a digest of the body by default
    """
    if digest is None:
        response.add_etag()
    else:
        response.set_etag(digest)
    response.cache_control.no_cache = True
    response.make_conditional(request)
    return response


def cached(response: Response, digest: str, url_digest: str | None) -> Response:
    """Let the browser cache the response, permanently if the URL contains its digest.

    With another digest or none in the URL, the browser revalidates the response each time.

    :param digest: of the response
    :param url_digest: the digest in the URL, if any
    """
    with_etag(response, digest)
    if url_digest == digest:
        cached_forever(response)
    return response


def cached_forever(response: Response) -> Response:
    """Let the browser cache the response permanently: its URL changes when the content does."""
    response.headers["Cache-Control"] = f"public, max-age={YEAR_SECONDS}, immutable"
    return response


def gzipped(response: Response) -> Response:
    """Compress text for clients that accept gzip, except in responses to POST.

    What may not be stored is not compressed: it would not be found in the cache of compressed
    bodies, and the processor is scarcer than the local network.

    The ETag becomes a weak one, because it is the same for both representations.
    """
    is_text = (response.content_type or "").startswith(_TEXT_TYPES)
    is_storable = not response.cache_control.no_store
    if request.method not in ("GET", "HEAD") or not is_text or not is_storable:
        return response
    response.vary.add("Accept-Encoding")
    etag, _ = response.get_etag()
    if etag is not None:
        response.set_etag(etag, weak=True)
    if response.status_code == HTTPStatus.OK and request.accept_encodings["gzip"] > 0:
        # Files would be streamed otherwise, and have no data to compress.
        response.direct_passthrough = False
        body = response.get_data()
        if len(body) >= _MIN_GZIP_BYTES:
            response.set_data(_compress(body))
            response.content_encoding = "gzip"
    return response


@lru_cache(maxsize=64)
def _compress(body: bytes) -> bytes:
    """Return a compressed body, cached."""
    return gzip.compress(body, mtime=0)
