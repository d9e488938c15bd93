"""The routes to histories, evaluations and trainings."""

import base64
import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from flask.testing import FlaskClient

from server.regression.shapes import DIGITS, PIXELS
from server.storage.evaluation import EVALUATIONS, load_evaluation
from server.storage.history import HISTORIES, TRAININGS, History, load_history, save_history
from server.storage.model_file import load_model
from server.web.app import create_app
from server.web.common.weight_files import replay_bytes
from tests.support.factories import make_evaluation, make_history, save_evaluation, save_small_model
from tests.support.gated_load import GatedLoad


@pytest.fixture
def history(models: Path) -> History:
    """Give the small model a history."""
    digest = load_model(models / "small.npz").digest
    history = make_history(outcome="finished", model=digest)
    save_history(models / HISTORIES, history)
    return history


@pytest.fixture
def artifacts(models: Path, history: History) -> History:
    """Give the small model a history "r" and an evaluation; add a training "w" without a model."""
    digest = load_model(models / "small.npz").digest
    save_evaluation(models / EVALUATIONS, make_evaluation("small", digest))
    save_history(models / TRAININGS, make_history("wild", outcome="diverged", run="w"))
    return history


@pytest.mark.usefixtures("artifacts")
def test_models_say_whether_they_have_an_evaluation(models: Path) -> None:
    save_small_model(models, "bare")
    summaries = create_app(models).test_client().get("/api/models").get_json()["models"]
    found = {summary["name"]: summary["evaluation"] for summary in summaries}
    assert found == {"small": True, "bare": False}


@pytest.mark.usefixtures("history")
def test_a_history_tells_settings_and_curves(client: FlaskClient) -> None:
    (answer,) = client.get("/api/histories").get_json()["trainings"]
    assert (answer["name"], answer["state"], answer["optimizer"]) == ("small", "finished", "sgd")
    assert answer["init"] == "zeros"
    assert answer["curves"]["steps"] == [0, 1, 2, 3]
    assert answer["curves"]["train_accuracy"] == pytest.approx([0, 1 / 3, 2 / 3, 1], abs=1e-5)


@pytest.mark.parametrize("run", ["r", "w"])
def test_recorded_weights_are_given_as_numbers(
    artifacts: History, client: FlaskClient, run: str
) -> None:
    response = client.get(f"/api/histories/{run}/weights")
    assert response.content_type == "application/octet-stream"
    assert response.data == replay_bytes(artifacts)


@pytest.mark.parametrize("run", ["r", "w"])
def test_recorded_weights_asked_for_by_their_digest_are_never_asked_for_again(
    artifacts: History, client: FlaskClient, run: str
) -> None:
    path = f"/api/histories/{run}/weights"
    digest = client.get(path).get_etag()[0]
    kept = client.get(path, query_string={"v": digest})
    assert kept.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert kept.data == replay_bytes(artifacts)
    other = client.get(path, query_string={"v": "0"})
    assert other.headers["Cache-Control"] == "no-cache"


def test_the_weights_of_a_training_are_given_as_they_are_now(
    artifacts: History, client: FlaskClient
) -> None:
    body = client.get("/api/training/wild/weights").data
    assert len(body) == 44 + PIXELS * DIGITS
    scale, *bias = np.frombuffer(body, "<f4", 11)
    weights = np.frombuffer(body, np.int8, offset=44).reshape(PIXELS, DIGITS) * scale
    assert np.allclose(weights, artifacts.last_weights)
    assert np.array_equal(bias, artifacts.biases[-1])


@pytest.mark.usefixtures("artifacts")
def test_an_evaluation_is_given_whole_gzipped_where_accepted(client: FlaskClient) -> None:
    path = "/api/models/small/evaluation"
    plain = client.get(path)
    packed = client.get(path, headers={"Accept-Encoding": "gzip, br"})
    assert plain.content_encoding is None
    assert packed.content_encoding == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert "Accept-Encoding" in packed.headers["Vary"]
    answer = plain.get_json()
    assert answer["confusion"][4][9] == 1
    pixels = base64.b64decode(answer["misread"][0]["pixels"])
    asked = client.post("/api/predict", data=pixels, content_type="application/octet-stream")
    assert asked.status_code == 200


def test_histories_are_those_with_a_model_and_those_without(
    artifacts: History, models: Path
) -> None:
    save_history(models / TRAININGS, replace(artifacts, name="small"), durable=False)
    client = create_app(models).test_client()
    answer = client.get("/api/histories").get_json()
    listed = [(training["name"], training["state"]) for training in answer["trainings"]]
    assert listed == [("small", "finished"), ("wild", "diverged")]


def test_two_trainings_of_one_name_have_each_its_own_weights(
    artifacts: History, models: Path
) -> None:
    other = replace(artifacts, name="small", last_weights=artifacts.last_weights * 2)
    other = replace(other, card=msgspec.structs.replace(other.card, run="other"))
    save_history(models / TRAININGS, other, durable=False)
    client = create_app(models).test_client()
    for history in (artifacts, other):
        blob = client.get(f"/api/histories/{history.card.run}/weights").data
        assert blob == replay_bytes(history)


def test_the_files_of_a_training_are_found_right_after_a_scan(models: Path) -> None:
    """Of several workers, another one may have told the page that the training has ended."""
    client = create_app(models).test_client()
    for run in ("first", "second", "third"):
        # Another visitor has just made this worker scan its directories.
        for path in ("/api/models", "/api/histories", "/api/training"):
            client.get(path)
        digest = load_model(save_small_model(models, run)).digest
        finished = make_history(run, outcome="finished", model=digest, run=run)
        save_history(models / HISTORIES, finished)
        save_evaluation(models / EVALUATIONS, make_evaluation(run, digest))
        unsaved = make_history(f"{run}-unsaved", outcome="diverged", run=f"{run}-unsaved")
        save_history(models / TRAININGS, unsaved)
        summaries = client.get("/api/models").get_json()["models"]
        (summary,) = (summary for summary in summaries if summary["name"] == run)
        assert summary["evaluation"]
        listed = [one["name"] for one in client.get("/api/histories").get_json()["trainings"]]
        assert {run, f"{run}-unsaved"} <= set(listed)
        for path in (
            f"/api/histories/{run}/weights",
            f"/api/models/{run}/evaluation",
            f"/api/histories/{run}-unsaved/weights",
            f"/api/training/{run}-unsaved/weights",
        ):
            assert client.get(path).status_code == 200


@pytest.mark.usefixtures("artifacts")
def test_the_first_visitors_all_see_the_evaluation_of_a_model(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = GatedLoad(load_evaluation)
    monkeypatch.setattr("server.storage.model_artifacts.load_evaluation", load)
    app = create_app(models)
    answers = load.call_twice(lambda: app.test_client().get("/api/models").get_json())
    assert [answer["models"][0]["evaluation"] for answer in answers] == [True, True]


@pytest.mark.usefixtures("artifacts")
def test_the_first_visitors_all_see_the_histories(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = GatedLoad(load_history)
    monkeypatch.setattr("server.storage.model_artifacts.load_history", load)
    app = create_app(models)
    answers = load.call_twice(lambda: app.test_client().get("/api/histories").get_json())
    assert [[one["name"] for one in answer["trainings"]] for answer in answers] == [
        ["small", "wild"]
    ] * 2


@pytest.mark.usefixtures("artifacts")
def test_the_first_visitors_all_see_the_trainings(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = GatedLoad(load_history)
    monkeypatch.setattr("server.storage.training_monitor.load_history", load)
    app = create_app(models)
    answers = load.call_twice(lambda: app.test_client().get("/api/training").get_json())
    assert [[one["name"] for one in answer["trainings"]] for answer in answers] == [["wild"]] * 2


@pytest.mark.usefixtures("artifacts")
def test_a_failed_training_does_not_hide_the_history_of_the_model_of_its_name(
    models: Path,
) -> None:
    save_history(models / TRAININGS, make_history("small", outcome="diverged", run="later"))
    answer = create_app(models).test_client().get("/api/histories").get_json()
    listed = [(training["name"], training["state"]) for training in answer["trainings"]]
    assert listed == [("small", "finished"), ("small", "diverged"), ("wild", "diverged")]


@pytest.mark.usefixtures("artifacts")
@pytest.mark.parametrize(
    "path",
    [
        "/api/training",
        "/api/training/wild/weights",
        "/api/histories/w/weights",
        "/api/histories",
        "/api/histories/r/weights",
        "/api/models/small/evaluation",
    ],
)
def test_an_unchanged_resource_is_answered_with_304(
    client: FlaskClient, models: Path, path: str
) -> None:
    first = client.get(path)
    assert first.status_code == 200
    known = {"If-None-Match": first.headers["ETag"]}
    again = client.get(path, headers=known)
    assert again.status_code == 304
    assert again.data == b""
    digest = load_model(save_small_model(models, favourite=3)).digest
    changed = make_history(steps=3, outcome="finished", model=digest)
    save_history(models / HISTORIES, changed)
    save_history(models / TRAININGS, make_history("wild", steps=2, run="w"))
    evaluation = make_evaluation("small", digest)
    card = msgspec.structs.replace(evaluation.card, accuracy=0.25)
    save_evaluation(models / EVALUATIONS, replace(evaluation, card=card))
    assert create_app(models).test_client().get(path, headers=known).status_code == 200


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("/api/models/none/evaluation", "no model 'none'. Accepted: small"),
        ("/api/models/small/evaluation", "'small' has no evaluation"),
        ("/api/training/none/weights", "no training 'none'. Accepted: none"),
        ("/api/histories/none/weights", "no history of the training 'none'"),
        ("/api/training/..%2Fsmall/weights", "/openapi.json"),
        ("/api/training/%2e%2e/weights", "no training '..'"),
    ],
)
def test_missing_resources_are_404_with_a_detail(
    client: FlaskClient, path: str, detail: str
) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert response.content_type == "application/problem+json"
    assert detail in json.loads(response.data)["detail"]


def test_broken_artifacts_are_logged_once_and_not_found(
    models: Path, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    for directory in (HISTORIES, EVALUATIONS, TRAININGS):
        (models / directory).mkdir()
        (models / directory / "small.npz").write_bytes(b"broken")
    for _ in range(3):
        assert client.get("/api/models/small/evaluation").status_code == 404
        assert client.get("/api/training/small/weights").status_code == 404
        for path in ("/api/models", "/api/training", "/api/histories"):
            assert client.get(path).status_code == 200
    assert len(caplog.records) == 3


@pytest.mark.usefixtures("artifacts")
def test_the_evaluation_of_another_training_is_not_the_models(models: Path) -> None:
    save_small_model(models, favourite=3)
    client = create_app(models).test_client()
    assert client.get("/api/models/small/evaluation").status_code == 404
    (summary,) = client.get("/api/models").get_json()["models"]
    assert not summary["evaluation"]


def test_the_answers_are_those_that_the_description_names(client: FlaskClient) -> None:
    paths: Any = client.get("/openapi.json").get_json()["paths"]
    for path, schema in [
        ("/api/training", "TrainingList"),
        ("/api/histories", "TrainingList"),
        ("/api/models/{name}/evaluation", "EvaluationAnswer"),
    ]:
        content = paths[path]["get"]["responses"]["200"]["content"]["application/json"]
        assert content["schema"]["$ref"].endswith(f"/{schema}")


@pytest.fixture(scope="module")
def demo() -> FlaskClient:
    """Ask the demo as visitors do, with its own models."""
    return create_app().test_client()


@pytest.mark.parametrize("name", ["tutorial", "normalized"])
def test_the_demos_replays_end_in_what_the_server_answers_with(
    demo: FlaskClient, name: str
) -> None:
    summary: Any = next(
        model for model in demo.get("/api/models").get_json()["models"] if model["name"] == name
    )
    assert summary["evaluation"]
    trainings = demo.get("/api/histories").get_json()["trainings"]
    (history,) = (training for training in trainings if training["name"] == name)
    blob = demo.get(f"/api/histories/{history['run']}/weights").data
    n = len(history["curves"]["steps"])
    assert n >= 60
    assert len(blob) == 31_360 + 7_884 * n
    last = np.frombuffer(blob, "<f4", PIXELS * DIGITS, offset=44 * n).reshape(PIXELS, DIGITS)
    served = demo.get(f"/api/models/{name}/weights").get_json()
    assert np.array_equal(last, np.array(served["weights"], np.float32))
    bias = np.frombuffer(blob, "<f4", DIGITS, offset=4 * n + 40 * (n - 1))
    assert np.array_equal(bias, np.array(served["bias"], np.float32))


@pytest.mark.parametrize("name", ["tutorial", "normalized"])
def test_the_demos_examples_are_answered_as_its_evaluation_says(
    demo: FlaskClient, name: str
) -> None:
    evaluation = demo.get(f"/api/models/{name}/evaluation").get_json()
    confusion = np.array(evaluation["confusion"])
    assert confusion.sum() == sum(entry["count"] for entry in evaluation["reliability"]) == 10_000
    assert confusion.trace() / 10_000 == evaluation["accuracy"]
    assert len(evaluation["misread"]) == 10_000 - confusion.trace()
    assert len(evaluation["read"]) == 120
    for example in evaluation["misread"][::7] + evaluation["read"][::7]:
        answer = demo.post(
            f"/api/predict?model={name}&fields=probabilities",
            data=base64.b64decode(example["pixels"]),
            content_type="application/octet-stream",
        ).get_json()
        assert answer["digit"] == example["digit"]
        # Many images normalized together and one alone may differ by a byte's step in a pixel.
        probability = answer["probabilities"][example["digit"]]
        assert probability == pytest.approx(example["probability"], abs=0.002)
