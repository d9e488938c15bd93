"""The page."""

from functools import lru_cache

from flask import Blueprint, Response, render_template

from server.regression.shapes import DIGITS
from server.web.api.responses import with_etag
from server.web.routes.static_files import static_version

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

routes = Blueprint("page", __name__)


# The page and its files ignore the query string: mail and chat programs add parameters to links.
@routes.get("/")
def page() -> Response:
    """Return the page."""
    return with_etag(Response(render_page(static_version())))


@lru_cache(maxsize=1)
def render_page(version: str) -> str:
    """Return the page as HTML, cached, since it is the same for all clients."""
    return render_template("index.html", digits=range(DIGITS), views=VIEWS, version=version)
