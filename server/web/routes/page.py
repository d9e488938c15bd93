"""The page."""

import hashlib
from base64 import b64encode
from functools import lru_cache
from html import escape

import msgspec
from flask import Blueprint, Response, render_template, request

from server.regression.shapes import DIGITS
from server.web.common.context import get_context
from server.web.common.responses import with_etag
from server.web.common.security import security_policy
from server.web.routes.static_files import BUNDLE, bundled_files, static_version

# The page's views: the name in the URL, and the title; in the order of the keys that open them.
VIEWS = {
    "draw": "Draw",
    "pixels": "Pixels",
    "softmax": "Softmax",
    "weights": "Weights",
    "change": "Change its mind",
    "training": "Training",
    "accuracy": "Accuracy",
    "guide": "Guide",
}

# The view of a server with a room.
ROOM_VIEW = {"room": "Room"}

routes = Blueprint("page", __name__)

# Stands for the host in the cached page.
_HOST = "HOST"


# The page and its files ignore the query string: mail and chat programs add parameters to links.
@routes.get("/")
def page() -> Response:
    """Return the page."""
    html, policy = render_page(static_version(), has_room=get_context().room is not None)
    # Behind a reverse proxy, it may differ from the host of the page's address.
    response = with_etag(Response(html.replace(_HOST, escape(request.host), 1)))
    response.headers["Content-Security-Policy"] = policy
    return response


@lru_cache(maxsize=2)
def render_page(version: str, *, has_room: bool) -> tuple[str, str]:
    """Return the page, with a placeholder for the host, and its security policy.

    Both are cached, since they are the same for all clients.
    """
    imports = import_map(version)
    html = render_template(
        "index.html",
        bundle=BUNDLE,
        digits=range(DIGITS),
        has_room=has_room,
        host=_HOST,
        import_map=imports,
        version=version,
        views=VIEWS | ROOM_VIEW if has_room else VIEWS,
    )
    digest = b64encode(hashlib.sha256(imports.encode()).digest()).decode()
    return html, security_policy(f"'sha256-{digest}'")


def import_map(version: str) -> str:
    """Return the import map that lets the views import from the bundle, as JSON.

    Without it, a browser would load the bundled modules again as files of their own.
    """
    files = f"./static/v-{version}"
    imports = {f"{files}/{name}": f"{files}/{BUNDLE}" for name in bundled_files()}
    return msgspec.json.encode({"imports": imports}).decode()
