"""Routes of models: the list, weights, heatmaps, evaluations, and sample digits."""

from functools import lru_cache

import msgspec
import numpy as np
from flask import Response
from werkzeug.exceptions import NotFound

from server.regression.heatmap import heatmap
from server.regression.model import Model
from server.regression.shapes import DIGITS, SIDE
from server.regression.transformations import TRANSFORMATIONS, Transformation
from server.storage.evaluation import Evaluation, EvaluationAnswer
from server.storage.sample_digits import SampleDigits
from server.web.common.blueprint import ApiBlueprint
from server.web.common.context import find_model, get_context
from server.web.common.drawing import BYTES, JSON
from server.web.common.query import CacheQuery, HeatmapQuery
from server.web.common.responses import cached, json_response, with_etag
from server.web.common.weight_files import weights_csv, weights_float32

CSV = "text/csv"

routes = ApiBlueprint("models")


class ModelSummary(msgspec.Struct, kw_only=True):
    """One model of the list; `evaluation` tells whether it has one.

    `digest` changes when the model does.
    """

    name: str
    recipe: str
    normalization: str
    transformations: str
    test_accuracy: float
    created: str
    digest: str
    evaluation: bool


class ModelList(msgspec.Struct):
    """All models, and the name of the one that answers by default."""

    default: str | None
    models: list[ModelSummary]


class TransformationSets(msgspec.Struct):
    """By name: the transformations from which each digit of a model chooses."""

    sets: dict[str, tuple[Transformation, ...]]


class Weights(msgspec.Struct):
    """W (784, 10), one row for each pixel, and b (10,)."""

    weights: list[list[float]]
    bias: list[float]


@routes.api_route("/api/models", answer=ModelList)
def list_models() -> Response:
    """List all models."""
    summaries = [
        ModelSummary(
            name=model.name,
            recipe=model.card.recipe,
            normalization=model.card.normalization,
            transformations=model.card.transformations,
            test_accuracy=model.card.test_accuracy,
            created=model.card.created,
            digest=model.digest,
            evaluation=get_context().artifacts.evaluation(model) is not None,
        )
        for model in get_context().store.models.values()
    ]
    return json_response(ModelList(summaries[0].name if summaries else None, summaries))


@routes.api_route(
    "/api/models/<name>/weights.png",
    query=HeatmapQuery,
    answer="image/png",
    errors=(404,),
    has_etag=True,
)
def draw_weights(query: HeatmapQuery, name: str) -> Response:
    """Draw the weights as heatmaps on one scale: red negative, white zero, blue positive."""
    model = find_model(name)
    digits = range(DIGITS) if query.digit is None else [query.digit]
    maps = np.hstack([model.weights[:, digit].reshape(SIDE, SIDE) for digit in digits])
    limit = float(np.abs(model.weights).max())
    response = Response(heatmap(maps, limit, query.scale), content_type="image/png")
    return cached(response, model.digest, query.v)


@routes.api_route(
    "/api/models/<name>/weights", query=CacheQuery, answer=Weights, errors=(404,), has_etag=True
)
def show_weights(query: CacheQuery, name: str) -> Response:
    """Return W and b as JSON."""
    model = find_model(name)
    return cached(Response(_encode_weights(model), content_type=JSON), model.digest, query.v)


@routes.api_route(
    "/api/models/<name>/weights.bin", query=CacheQuery, answer=BYTES, errors=(404,), has_etag=True
)
def send_weights(query: CacheQuery, name: str) -> Response:
    """Return W (784, 10), row-major, then b (10,), as 7,850 little-endian float32."""
    model = find_model(name)
    return cached(Response(weights_float32(model), content_type=BYTES), model.digest, query.v)


@routes.api_route(
    "/api/models/<name>/weights.csv", query=CacheQuery, answer=CSV, errors=(404,), has_etag=True
)
def tabulate_weights(query: CacheQuery, name: str) -> Response:
    """Return W and b as CSV: a line for each pixel, then one for the bias."""
    model = find_model(name)
    return cached(Response(_encode_csv(model), content_type=CSV), model.digest, query.v)


@routes.api_route(
    "/api/models/<name>/evaluation", answer=EvaluationAnswer, errors=(404,), has_etag=True
)
def show_evaluation(name: str) -> Response:
    """Show the accuracy of a model on MNIST's test images, and its mistakes."""
    evaluation = get_context().artifacts.evaluation(find_model(name))
    if evaluation is None:
        raise NotFound(
            f"The model {name!r} has no evaluation: its file is missing, broken, or of another "
            "training. `python -m training` saves an evaluation with each model."
        )
    return with_etag(Response(_encode_evaluation(evaluation), content_type=JSON), evaluation.digest)


@routes.api_route("/api/transformations", answer=TransformationSets, has_etag=True)
def list_transformations() -> Response:
    """List the transformations from which each digit of a model chooses."""
    sets = {name: choices.transformations for name, choices in TRANSFORMATIONS.items()}
    return with_etag(json_response(TransformationSets(sets)))


@routes.api_route("/api/digits", answer=SampleDigits, has_etag=True)
def show_digits() -> Response:
    """Return some MNIST test digits, and the mean of each digit."""
    return with_etag(json_response(get_context().digits))


@lru_cache(maxsize=8)
def _encode_weights(model: Model) -> bytes:
    """Encode W and b as JSON, once for all clients."""
    return msgspec.json.encode(Weights(model.weights.tolist(), model.bias.tolist()))


@lru_cache(maxsize=8)
def _encode_csv(model: Model) -> bytes:
    """Encode W and b as CSV, once for all clients."""
    return weights_csv(model).encode()


@lru_cache(maxsize=8)
def _encode_evaluation(evaluation: Evaluation) -> bytes:
    """Encode an evaluation as JSON, once for all clients."""
    return msgspec.json.encode(evaluation.answer())
