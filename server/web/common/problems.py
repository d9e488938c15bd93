"""Error responses: `application/problem+json` (RFC 9457)."""

from http import HTTPStatus

import msgspec
from flask import Flask, Response, request
from werkzeug.exceptions import (
    HTTPException,
    MethodNotAllowed,
    NotFound,
    RequestEntityTooLarge,
    ServiceUnavailable,
)
from werkzeug.wrappers import Response as BaseResponse

PROBLEM_TYPE = "application/problem+json"

# The codes by which the page finds its translation of a problem.
CODES = {
    HTTPStatus.BAD_REQUEST: "malformed-request",
    HTTPStatus.UNAUTHORIZED: "wrong-key",
    HTTPStatus.FORBIDDEN: "room-closed",
    HTTPStatus.NOT_FOUND: "not-found",
    HTTPStatus.METHOD_NOT_ALLOWED: "wrong-method",
    HTTPStatus.REQUEST_TIMEOUT: "timeout",
    HTTPStatus.CONFLICT: "room-full",
    HTTPStatus.PRECONDITION_FAILED: "other-version",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too-large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "wrong-content-type",
    HTTPStatus.UNPROCESSABLE_ENTITY: "wrong-content",
    HTTPStatus.TOO_MANY_REQUESTS: "too-many-drawings",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "too-large-headers",
    HTTPStatus.INTERNAL_SERVER_ERROR: "internal-error",
    HTTPStatus.SERVICE_UNAVAILABLE: "busy",
    HTTPStatus.INSUFFICIENT_STORAGE: "disk-full",
}

# The code of a problem with any other status.
OTHER_CODE = "other"

INTERNAL_ERROR = "Internal error of the server. The request may be valid."


class Problem(msgspec.Struct):
    """An RFC 9457 problem; `detail` says what was wrong and what is accepted, in English.

    `code` identifies the kind of problem, for a client that has its own words for it.
    """

    title: str
    status: int
    detail: str
    code: str


class NoModelError(ServiceUnavailable):
    """There is no model at all."""

    problem_code = "no-model"


class UnknownModelError(NotFound):
    """There is no model of that name."""

    problem_code = "unknown-model"


def encode_problem(status: int, detail: str, code: str | None = None) -> bytes:
    """Return a problem as JSON.

    :param code: by default that of the status
    """
    known = HTTPStatus(status)
    code = code or CODES.get(known, OTHER_CODE)
    return msgspec.json.encode(Problem(known.phrase, status, detail, code))


def problem_response(status: int, detail: str, **headers: str) -> Response:
    """Return a problem as a response; an underscore in a header's name becomes a hyphen."""
    response = Response(encode_problem(status, detail), status, content_type=PROBLEM_TYPE)
    response.headers.extend({name.replace("_", "-"): value for name, value in headers.items()})
    return response


def _explain(error: HTTPException, max_body_bytes: int) -> str:
    """Return what was wrong and what is accepted, for errors that Werkzeug raises by itself."""
    match error:
        case MethodNotAllowed(valid_methods=methods):
            return f"Got {request.method}. Accepted: {', '.join(sorted(methods or ()))}."
        case NotFound():
            return "There is nothing at this path. Accepted: / and the paths in /openapi.json."
        case RequestEntityTooLarge():
            return f"The body is too long. Accepted: at most {max_body_bytes} bytes."
    return "The request's head is malformed. Accepted: HTTP/1.1, with a valid Host."


def register_error_handlers(app: Flask) -> None:
    """Make the app answer every error, expected or not, with a problem."""

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> BaseResponse:
        # A redirect is an exception too, with its own response.
        response = error.get_response()
        if error.code is not None and error.code >= HTTPStatus.BAD_REQUEST:
            detail = error.description or ""
            if detail == type(error).description:
                detail = _explain(error, app.config["MAX_CONTENT_LENGTH"])
            response.content_type = PROBLEM_TYPE
            response.data = encode_problem(error.code, detail, getattr(error, "problem_code", None))
        return response

    @app.before_request
    def accept_any_version() -> None:
        # Whatever is served exists. Werkzeug takes "*" for an ETag. Source: RFC 9110, 13.1.1.
        if request.headers.get("If-Match", "").strip() == "*":
            del request.environ["HTTP_IF_MATCH"]

    @app.after_request
    def explain_precondition(response: Response) -> Response:
        if response.status_code != HTTPStatus.PRECONDITION_FAILED:
            return response
        response.close()
        detail = "If-Match names another version. Accepted: the current ETag, or no If-Match."
        return problem_response(HTTPStatus.PRECONDITION_FAILED, detail)

    @app.errorhandler(Exception)
    def unexpected_error(error: Exception) -> Response:
        app.logger.error("Unexpected error", exc_info=error)
        return problem_response(HTTPStatus.INTERNAL_SERVER_ERROR, INTERNAL_ERROR)
