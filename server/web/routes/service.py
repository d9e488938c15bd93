"""Routes of the server itself: health, and the description of the API."""

import msgspec
from flask import Response, current_app

from server.web.common.blueprint import ApiBlueprint, describe_api
from server.web.common.context import find_model, get_context
from server.web.common.drawing import JSON
from server.web.common.responses import json_response, with_etag

# Where an application keeps its description.
_DOCUMENT = "openapi"

routes = ApiBlueprint("service")


class Health(msgspec.Struct):
    """The number of models that can predict."""

    models: int


@routes.api_route("/healthz", answer=Health)
def check_health() -> Response:
    """Answer 200 when the server can predict."""
    find_model(None)
    return json_response(Health(len(get_context().store.models)))


@routes.api_route("/openapi.json", answer=JSON, has_etag=True)
def show_api() -> Response:
    """Describe this API as OpenAPI 3.1."""
    # To describe it takes milliseconds, and nothing changes while the application runs.
    extensions = current_app.extensions
    if _DOCUMENT not in extensions:
        extensions[_DOCUMENT] = msgspec.json.encode(describe_api(current_app))
    return with_etag(Response(extensions[_DOCUMENT], content_type=JSON))
