"""The wiring: which request meets which code."""

import mimetypes
from functools import lru_cache
from pathlib import Path

import msgspec
import numpy as np
from flask import Flask, Response, render_template, request
from werkzeug.exceptions import (
    BadRequest,
    NotFound,
    ServiceUnavailable,
    UnprocessableEntity,
    UnsupportedMediaType,
)

from server.api import Api
from server.digits import SampleDigits, load_digits
from server.drawing import (
    ACCEPTED,
    BYTES,
    JSON,
    Drawing,
    MalformedDrawingError,
    NotADrawingError,
    parse_bytes,
    parse_json,
)
from server.export import weights_csv, weights_float32
from server.heatmap import heatmap
from server.learning import Companions, register_learning
from server.model import MODELS, Model, ModelCard
from server.model_store import ModelStore
from server.prediction import Prediction, predict
from server.problems import register_problems
from server.query import CacheQuery, HeatmapQuery, PredictQuery, parse_fields
from server.responses import json_response, kept, packed, revalidated
from server.shapes import DIGITS, SIDE, Floats
from server.static_files import STATIC, register_static_files, static_version

TEMPLATES = Path(__file__).parent.parent / "templates"

CSV = "text/csv"

PREDICT = "/api/predict"

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

# 784 numbers written as long as a double can be take 20 kB; the rest is room for white space.
MAX_BODY_BYTES = 256 * 1024

# The page loads nothing from elsewhere, runs no inline code and is framed by nobody.
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class ModelSummary(msgspec.Struct, kw_only=True):
    """One model of the list: its card's main facts, and a digest that changes when it does.

    `history` and `evaluation` say whether it has them.
    """

    name: str
    recipe: str
    normalization: str
    test_accuracy: float
    created: str
    digest: str
    history: bool
    evaluation: bool


class ModelList(msgspec.Struct):
    """The models that can be asked, and the one that is asked when none is named."""

    default: str | None
    models: list[ModelSummary]


class Weights(msgspec.Struct):
    """W, one row of ten a pixel, and b."""

    weights: list[list[float]]
    bias: list[float]


class Health(msgspec.Struct):
    """How many models are ready."""

    models: int


def create_app(models: Path = MODELS, store: ModelStore | None = None) -> Flask:
    """Make the WSGI application that serves the page and the models of a directory.

    :param store: of the same directory, where somebody else looks things up in it too
    """
    # A machine's registry may call .js text/plain, and a browser then refuses the module.
    mimetypes.add_type("text/javascript", ".js")
    app = Flask(__name__, static_folder=STATIC, template_folder=TEMPLATES)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    # A redirect would name the server's own address, which a reverse proxy may hide.
    app.url_map.merge_slashes = False
    register_problems(app)
    api = Api(app)
    store = store or ModelStore(models)
    companions = Companions(models)
    digits = load_digits()

    def find_model(name: str | None) -> Model:
        model = store.find(name)
        if model is None and name is None:
            raise ServiceUnavailable("No model is ready; `python -m training` makes one.")
        if model is None:
            raise NotFound(f"There is no model {name!r}. Accepted: {', '.join(store.models)}.")
        return model

    @app.after_request
    def secure(response: Response) -> Response:
        response.headers.update(SECURITY_HEADERS)
        return response

    app.after_request(packed)

    # The page and its files ignore their query: programs that pass links on add parameters to them.
    @app.get("/")
    def page() -> Response:
        return revalidated(Response(render_page(static_version())))

    register_static_files(app)

    @api.route(
        PREDICT, query=PredictQuery, body=Drawing, answer=Prediction, errors=(404, 413, 415, 422)
    )
    def answer_drawing(query: PredictQuery) -> Response:
        """Say which digit a drawing is, how probable each is, and what every pixel contributed."""
        pixels, name = parse_drawing()
        prediction = predict(find_model(name or query.model), pixels, parse_fields(query.fields))
        return json_response(prediction)

    @api.route("/api/models", answer=ModelList)
    def list_models() -> Response:
        """List the models that can be asked."""
        summaries = [
            ModelSummary(
                name=model.name,
                recipe=model.card.recipe,
                normalization=model.card.normalization,
                test_accuracy=model.card.test_accuracy,
                created=model.card.created,
                digest=model.digest,
                history=companions.history(model) is not None,
                evaluation=companions.evaluation(model) is not None,
            )
            for model in store.models.values()
        ]
        return json_response(ModelList(summaries[0].name if summaries else None, summaries))

    @api.route("/api/models/<name>", answer=ModelCard, errors=(404,))
    def show_card(name: str) -> Response:
        """Show how a model came to be and how well it does."""
        return json_response(find_model(name).card)

    @api.route(
        "/api/models/<name>/weights.png", query=HeatmapQuery, answer="image/png", errors=(404,)
    )
    def draw_weights(query: HeatmapQuery, name: str) -> Response:
        """Draw the weights as heatmaps: red negative, blue positive, white zero, one scale."""
        model = find_model(name)
        digits = range(DIGITS) if query.digit is None else [query.digit]
        maps = np.hstack([model.weights[:, digit].reshape(SIDE, SIDE) for digit in digits])
        limit = float(np.abs(model.weights).max())
        response = Response(heatmap(maps, limit, query.scale), content_type="image/png")
        return kept(response, model.digest, query.v)

    @api.route("/api/models/<name>/weights", query=CacheQuery, answer=Weights, errors=(404,))
    def show_weights(query: CacheQuery, name: str) -> Response:
        """Give W and b as numbers."""
        model = find_model(name)
        weights = Weights(model.weights.tolist(), model.bias.tolist())
        return kept(json_response(weights), model.digest, query.v)

    @api.route("/api/models/<name>/weights.bin", query=CacheQuery, answer=BYTES, errors=(404,))
    def send_weights(query: CacheQuery, name: str) -> Response:
        """Give W, one row of ten a pixel, and then b, as 7,850 little-endian float32."""
        model = find_model(name)
        return kept(Response(weights_float32(model), content_type=BYTES), model.digest, query.v)

    @api.route("/api/models/<name>/weights.csv", query=CacheQuery, answer=CSV, errors=(404,))
    def tabulate_weights(query: CacheQuery, name: str) -> Response:
        """Give W and b as a table: a line for each pixel, then one for the bias."""
        model = find_model(name)
        return kept(Response(weights_csv(model), content_type=CSV), model.digest, query.v)

    @api.route("/api/digits", answer=SampleDigits)
    def show_digits() -> Response:
        """Give some real MNIST digits to start from, and the mean of each digit."""
        return revalidated(json_response(digits))

    register_learning(api, companions, find_model)

    @api.route("/healthz", answer=Health)
    def check_health() -> Response:
        """Answer 200 when the server can predict."""
        find_model(None)
        return json_response(Health(len(store.models)))

    @api.route("/openapi.json", answer=JSON)
    def show_api() -> Response:
        """Describe this API as OpenAPI 3.1."""
        return json_response(api.describe())

    return app


@lru_cache(maxsize=1)
def render_page(version: str) -> str:
    """Write the page, once for all who ask: nothing of it depends on who that is."""
    return render_template("index.html", digits=range(DIGITS), views=VIEWS, version=version)


def parse_drawing() -> tuple[Floats, str | None]:
    """Read the request's body: pixels (784,) in [0, 1] and the model's name, if it says one.

    :raise BadRequest: it is not what its content type says
    :raise UnprocessableEntity: it is, but it is not a drawing
    :raise UnsupportedMediaType: its content type is neither JSON nor bytes
    """
    # Read before anything is refused: some servers break a connection whose body is left unread.
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
