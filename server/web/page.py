"""The page."""

from functools import lru_cache

from flask import Blueprint, Response, render_template

from server.regression.shapes import DIGITS
from server.web.responses import with_etag
from server.web.static_files import static_version

# The page's views by the name that stands in its address, in the order of the keys that open them.
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


# The page and its files ignore their query: programs that pass links on add parameters to them.
@routes.get("/")
def page() -> Response:
    """Return the page."""
    return with_etag(Response(render_page(static_version())))


@lru_cache(maxsize=1)
def render_page(version: str) -> str:
    """Write the page, once for all who ask: nothing of it depends on who that is."""
    return render_template("index.html", digits=range(DIGITS), views=VIEWS, version=version)
