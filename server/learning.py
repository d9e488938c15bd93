"""The routes to what was learned and is being learned: trainings, histories, evaluations."""

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import msgspec
from flask import Response
from werkzeug.exceptions import NotFound

from server.api import Api
from server.drawing import BYTES, JSON
from server.evaluation import EVALUATIONS, Evaluation, EvaluationAnswer, load_evaluation
from server.file_store import FileStore
from server.history import HISTORIES, History, load_history, quantize
from server.model import Model
from server.query import CacheQuery
from server.responses import json_response, kept, revalidated
from server.trainings import (
    MAX_LIST_AGE,
    Training,
    TrainingList,
    Trainings,
    describe_training,
)


class Companions:
    """What a models directory keeps beside its models: histories and evaluations.

    A model's own are those that name its digest; another training's are none of its.
    """

    def __init__(self, models: Path) -> None:
        self._histories = FileStore(models / HISTORIES, load_history, "History")
        self._evaluations = FileStore(models / EVALUATIONS, load_evaluation, "Evaluation")
        self.trainings = Trainings(models)

    def run(self, run: str) -> History | None:
        """Return the history of one training, whether it made a model or not; None without one."""
        everywhere = [*self.trainings.look().histories.values(), *self.histories.values()]
        return next((history for history in everywhere if history.card.run == run), None)

    @property
    def histories(self) -> dict[str, History]:
        """The histories of trainings that made a model, by name."""
        return self._histories.scan()

    def history(self, model: Model) -> History | None:
        """Return the history of a model; None where there is none."""
        history = self._histories.scan().get(model.name)
        return history if history and history.card.model == model.digest else None

    def evaluation(self, model: Model) -> Evaluation | None:
        """Return the evaluation of a model; None where there is none."""
        evaluation = self._evaluations.scan().get(model.name)
        return evaluation if evaluation and evaluation.card.model == model.digest else None


def register_learning(
    api: Api, companions: Companions, find_model: Callable[[str | None], Model]
) -> None:
    """Add the routes; `find_model` raises NotFound where there is no such model."""

    def find_history(name: str) -> History:
        history = companions.history(find_model(name))
        if history is None:
            raise NotFound(_missing("history", name))
        return history

    def find_training(name: str) -> History:
        histories = companions.trainings.look().histories
        if name not in histories:
            known = ", ".join(histories) or "none"
            raise NotFound(f"There is no training {name!r}. Accepted: {known}.")
        return histories[name]

    @api.route("/api/training", answer=TrainingList)
    def watch_trainings() -> Response:
        """List the trainings on this machine, those under way first; made to be asked often."""
        sight = companions.trainings.look(MAX_LIST_AGE)
        return revalidated(Response(sight.body, content_type=JSON), sight.digest)

    @api.route("/api/training/<name>/weights", answer=BYTES, errors=(404,))
    def show_training_weights(name: str) -> Response:
        """Give W and b as they are now, little-endian: a scale, b (10), both float32, W int8.

        W (784, 10) is to be multiplied with the scale.
        """
        history = find_training(name)
        return revalidated(Response(_encode_last(history), content_type=BYTES), history.digest)

    @api.route("/api/histories/<run>/weights", query=CacheQuery, answer=BYTES, errors=(404,))
    def replay_run(query: CacheQuery, run: str) -> Response:
        """Give W and b at all recorded steps of one training, as a model's history does.

        With the training's digest as `v` it may be kept for good.
        """
        history = companions.run(run)
        if history is None:
            raise NotFound(f"There is no history of the training {run!r} any more.")
        return kept(Response(history.blob(), content_type=BYTES), history.digest, query.v)

    @api.route("/api/histories", answer=TrainingList)
    def list_histories() -> Response:
        """List all trainings that are remembered, with a model and without, for comparing them."""
        sight = companions.trainings.look()
        finished = companions.histories
        trainings = [describe_training(history) for history in finished.values()]
        trainings += [
            describe_training(history, sight.states[name])
            for name, history in sight.histories.items()
            # What has finished is in both directories.
            if name not in finished or finished[name].card.run != history.card.run
        ]
        digest = hashlib.sha256(msgspec.json.encode(trainings)).hexdigest()
        return revalidated(json_response(TrainingList(digest, trainings)), digest)

    @api.route("/api/models/<name>/history", answer=Training, errors=(404,))
    def show_history(name: str) -> Response:
        """Show how a model was trained, and its loss and accuracy on the way."""
        history = find_history(name)
        return revalidated(json_response(describe_training(history)), history.digest)

    @api.route("/api/models/<name>/history/weights", query=CacheQuery, answer=BYTES, errors=(404,))
    def replay_history(query: CacheQuery, name: str) -> Response:
        """Give W and b at all n steps of a model's history, little-endian.

        They are n scales, n × b (10) and the last W (784, 10), all float32, and n × W (784, 10)
        int8, each to be multiplied with its scale: 31,360 + 7,884 n bytes. With the history's
        digest as `v` they may be kept for good.
        """
        history = find_history(name)
        return kept(Response(history.blob(), content_type=BYTES), history.digest, query.v)

    @api.route("/api/models/<name>/evaluation", answer=EvaluationAnswer, errors=(404,))
    def show_evaluation(name: str) -> Response:
        """Show how a model does on MNIST's test images, and those that it misreads."""
        evaluation = companions.evaluation(find_model(name))
        if evaluation is None:
            raise NotFound(_missing("evaluation", name))
        return revalidated(Response(_encode(evaluation), content_type=JSON), evaluation.digest)


def _missing(what: str, name: str) -> str:
    return (
        f"The model {name!r} has no {what}, or a broken one, or one of another training. "
        "`python -m training` leaves one beside each model."
    )


@lru_cache(maxsize=8)
def _encode_last(history: History) -> bytes:
    """Write W and b as they are now, once for all who watch."""
    weights, scale = quantize(history.last_weights)
    floats: bytes = scale.astype("<f4").tobytes() + history.last_bias.astype("<f4").tobytes()
    return floats + weights.tobytes()


@lru_cache(maxsize=8)
def _encode(evaluation: Evaluation) -> bytes:
    """Write an evaluation as JSON, once for all who ask."""
    return msgspec.json.encode(evaluation.answer())
