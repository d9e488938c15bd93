"""Error responses: `application/problem+json` (RFC 9457)."""

from http import HTTPStatus

import msgspec
from flask import Flask, Response
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

PROBLEM_TYPE = "application/problem+json"


INTERNAL_ERROR = "Internal error of the server. The request may be valid."


class Problem(msgspec.Struct):
    """An RFC 9457 problem; `detail` says what was wrong and what is accepted."""

    title: str
    status: int
    detail: str


def encode_problem(status: int, detail: str) -> bytes:
    """Return a problem as JSON."""
    return msgspec.json.encode(Problem(HTTPStatus(status).phrase, status, detail))


def problem_response(status: int, detail: str, **headers: str) -> Response:
    """Return a problem as a response; an underscore in a header's name becomes a hyphen."""
    response = Response(encode_problem(status, detail), status, content_type=PROBLEM_TYPE)
    response.headers.extend({name.replace("_", "-"): value for name, value in headers.items()})
    return response


def register_error_handlers(app: Flask) -> None:
    """Make the app answer every error, expected or not, with a problem."""

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> BaseResponse:
        # A redirect is an exception too, with its own response.
        response = error.get_response()
        if error.code is not None and error.code >= HTTPStatus.BAD_REQUEST:
            response.content_type = PROBLEM_TYPE
            response.data = encode_problem(error.code, error.description or "")
        return response

    @app.errorhandler(Exception)
    def unexpected_error(error: Exception) -> Response:
        app.logger.error("Unexpected error", exc_info=error)
        return problem_response(HTTPStatus.INTERNAL_SERVER_ERROR, INTERNAL_ERROR)
