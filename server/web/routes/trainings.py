"""Routes of trainings in progress, and of histories."""

import hashlib
from functools import lru_cache

import msgspec
from flask import Response
from werkzeug.exceptions import NotFound

from server.storage.history import History
from server.storage.training_monitor import MAX_LIST_AGE, TrainingList, describe_training
from server.web.common.blueprint import ApiBlueprint
from server.web.common.context import get_context
from server.web.common.drawing import BYTES, JSON
from server.web.common.query import CacheQuery
from server.web.common.responses import cached, json_response, with_etag
from server.web.common.weight_files import last_step_bytes, replay_bytes

# The list of trainings, which every open page polls.
TRAININGS_API = "/api/training"

routes = ApiBlueprint("training")


def find_training(name: str) -> History:
    """Return the history so far of a training.

    :raise NotFound: there is no such training
    """
    histories = get_context().artifacts.trainings.snapshot().histories
    if name not in histories:
        known = ", ".join(histories) or "none"
        raise NotFound(f"There is no training {name!r}. Accepted: {known}.")
    return histories[name]


@routes.api_route(TRAININGS_API, answer=TrainingList, has_etag=True)
def watch_trainings() -> Response:
    """List the trainings of this directory, those in progress first. Cheap enough to poll."""
    snapshot = get_context().artifacts.trainings.snapshot(MAX_LIST_AGE)
    return with_etag(Response(snapshot.body, content_type=JSON), snapshot.digest)


@routes.api_route(f"{TRAININGS_API}/<name>/weights", answer=BYTES, errors=(404,), has_etag=True)
def show_training_weights(name: str) -> Response:
    """Return the current W and b of a training, little-endian.

    A scale and b (10,) as float32, then W (784, 10) as int8, to be multiplied by the scale.
    """
    history = find_training(name)
    return with_etag(Response(_encode_last_step(history), content_type=BYTES), history.digest)


@routes.api_route(
    "/api/histories/<run>/weights", query=CacheQuery, answer=BYTES, errors=(404,), has_etag=True
)
def replay_training(query: CacheQuery, run: str) -> Response:
    """Return W and b at all n recorded steps of one training, little-endian.

    First n scales, n × b (10) and the exact last W (784, 10), all as float32; then n × W (784, 10)
    as int8, each to be multiplied by its scale: 31,360 + 7,884 n bytes. With the history's digest
    as `v`, clients may cache them permanently.
    """
    history = get_context().artifacts.find_run(run)
    if history is None:
        raise NotFound(f"There is no history of the training {run!r} any more.")
    return cached(Response(replay_bytes(history), content_type=BYTES), history.digest, query.v)


@routes.api_route("/api/histories", answer=TrainingList, has_etag=True)
def list_histories() -> Response:
    """List all recorded trainings, whether they produced a model or not."""
    snapshot = get_context().artifacts.trainings.snapshot()
    finished = get_context().artifacts.histories
    trainings = [describe_training(history) for history in finished.values()]
    trainings += [
        describe_training(history, snapshot.states[name])
        for name, history in snapshot.histories.items()
        # A finished training is in both directories.
        if name not in finished or finished[name].card.run != history.card.run
    ]
    digest = hashlib.sha256(msgspec.json.encode(trainings)).hexdigest()
    return with_etag(json_response(TrainingList(digest, trainings)), digest)


@lru_cache(maxsize=8)
def _encode_last_step(history: History) -> bytes:
    """Encode the current W and b, once for all clients that follow a training."""
    return last_step_bytes(history)
