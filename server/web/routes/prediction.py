"""The route of predictions."""

from flask import Response, request
from werkzeug.exceptions import BadRequest, UnprocessableEntity, UnsupportedMediaType

from server.regression.prediction import Prediction, predict
from server.regression.shapes import Floats
from server.web.common.blueprint import ApiBlueprint
from server.web.common.context import find_model
from server.web.common.drawing import (
    ACCEPTED,
    BYTES,
    BYTES_SCHEMA,
    JSON,
    Drawing,
    MalformedDrawingError,
    NotADrawingError,
    parse_bytes,
    parse_json,
)
from server.web.common.query import PredictQuery, parse_fields
from server.web.common.responses import json_response

PREDICT = "/api/predict"

routes = ApiBlueprint("prediction")


@routes.api_route(
    PREDICT,
    query=PredictQuery,
    bodies={JSON: Drawing, BYTES: BYTES_SCHEMA},
    answer=Prediction,
    errors=(404, 413, 415, 422),
)
def answer_drawing(query: PredictQuery) -> Response:
    """Predict the digit, with probabilities, evidence, and the contribution of every pixel."""
    pixels, name = parse_drawing()
    prediction = predict(find_model(name or query.model), pixels, parse_fields(query.fields))
    return json_response(prediction)


def parse_drawing() -> tuple[Floats, str | None]:
    """Return pixels (784,) in [0, 1] and the model's name, if given, from the request's body.

    :raise BadRequest: it is not what its content type says
    :raise UnprocessableEntity: it is, but it is not a drawing
    :raise UnsupportedMediaType: its content type is neither JSON nor bytes
    """
    # Read first: some servers reset a connection if a request is refused with its body unread.
    body = request.get_data(cache=False)
    if request.content_encoding:
        raise UnsupportedMediaType(f"Got {request.content_encoding}. Accepted: no encoding.")
    try:
        if request.mimetype == BYTES:
            return parse_bytes(body), None
        if request.mimetype == JSON:
            return parse_json(body)
    except MalformedDrawingError as error:
        raise BadRequest(str(error)) from error
    except NotADrawingError as error:
        raise UnprocessableEntity(str(error)) from error
    sent = request.mimetype or "no content type"
    raise UnsupportedMediaType(f"Got {sent}. Accepted: {ACCEPTED}.")
