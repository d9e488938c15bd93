"""The presenter's key, in the header `Authorization: Bearer KEY`."""

import secrets

from flask import request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

ACCEPTED_KEY = "the header `Authorization: Bearer KEY` with the key that the server has printed"


def sent_secret() -> str:
    """Return the key or token that the request has, empty for none.

    :raise Unauthorized: the header is of another kind
    """
    header = request.headers.get("Authorization")
    if header is None:
        return ""
    # Not `request.authorization`, which fails where the header of another kind is not ASCII.
    kind, _, token = header.partition(" ")
    token = token.strip()
    if kind.lower() != "bearer" or not token:
        raise unauthorized("The Authorization header is not of the kind `Bearer KEY`.")
    return token


def is_same_secret(sent: str, secret: str) -> bool:
    """Tell whether a secret is right, in a time that does not depend on how much of it is."""
    return secrets.compare_digest(sent.encode(), secret.encode())


class WrongTokenError(Unauthorized):
    """The request has neither the presenter's key nor the token of the drawing."""

    problem_code = "wrong-token"


def unauthorized(detail: str, kind: type[Unauthorized] = Unauthorized) -> Unauthorized:
    """Return the error of a request without the right key."""
    return kind(f"{detail} Accepted: {ACCEPTED_KEY}.", www_authenticate=WWWAuthenticate("bearer"))
