"""The HTTP API: what it answers, and what it says to bad input."""

import base64
import csv
import gzip
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image

from server.regression.normalization import NORMALIZATIONS
from server.regression.prediction import OPTIONAL_FIELDS
from server.regression.regression import softmax
from server.regression.shapes import DIGITS, PIXELS, SIDE
from server.regression.transformations import Transformation
from server.storage.model_file import MODELS, load_model
from server.web.app import MAX_BODY_BYTES, create_app
from server.web.common.presenter import WrongTokenError
from server.web.common.problems import (
    CODES,
    OTHER_CODE,
    NoModelError,
    UnknownModelError,
    encode_problem,
)
from tests.support.factories import ink_on, save_small_model
from tests.support.serving import ROOT

JSON = "application/json"
BYTES = "application/octet-stream"


def decode(uri: str) -> Image.Image:
    head, _, data = uri.partition(",")
    assert head == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


def test_a_prediction_is_the_models_own_arithmetic(client: FlaskClient, models: Path) -> None:
    random = np.random.default_rng(0)
    pixels = random.random(PIXELS).astype(np.float32)
    answer = client.post("/api/predict", json={"pixels": pixels.tolist()}).get_json()
    model = load_model(models / "small.npz")
    evidence = pixels.astype(np.float64) @ model.weights + model.bias
    assert answer["model"] == "small"
    assert answer["digit"] == evidence.argmax()
    assert answer["evidence"] == pytest.approx(evidence, rel=1e-5)
    assert answer["bias"] == pytest.approx(model.bias)
    assert answer["probabilities"] == pytest.approx(softmax(evidence), rel=1e-4)
    assert sum(answer["probabilities"]) == pytest.approx(1)


def test_the_input_is_a_picture_of_the_pixels(client: FlaskClient) -> None:
    body = bytes(index % 256 for index in range(PIXELS))
    answer = client.post("/api/predict", data=body, content_type=BYTES).get_json()
    assert decode(answer["input"]).tobytes() == body


def test_contributions_are_drawn_on_one_scale_red_against_and_blue_for(models: Path) -> None:
    save_small_model(models, "small")
    client = create_app(models).test_client()
    answer = client.post("/api/predict", json={"pixels": ink_on(3)}).get_json()
    maps = [np.asarray(decode(uri).convert("RGB")) for uri in answer["contributions"]]
    assert len(maps) == DIGITS
    for digit, colours in enumerate(maps):
        assert colours.shape == (SIDE, SIDE, 3)
        assert (colours != 255).any() == (digit == 3)
    red, _, blue = maps[3][0, 3].astype(int)
    assert blue > red


def test_bytes_and_json_give_the_same_answer(client: FlaskClient) -> None:
    levels = np.arange(PIXELS) % 256
    from_json = client.post("/api/predict", json={"pixels": (levels / 255).tolist()})
    from_bytes = client.post(
        "/api/predict", data=levels.astype(np.uint8).tobytes(), content_type=BYTES
    )
    assert from_json.get_json() == from_bytes.get_json()


@pytest.mark.parametrize("asked", ["probabilities", "evidence,bias", "digit", "input,input"])
def test_fields_limit_the_answer(client: FlaskClient, asked: str) -> None:
    answer = client.post(f"/api/predict?fields={asked}", json={"pixels": ink_on(1)}).get_json()
    assert answer.keys() == {"model", "digit", "sure"} | set(asked.split(","))


def test_the_pixels_answered_are_those_that_the_weights_met() -> None:
    sent = ink_on(*range(60, 68), *range(88, 96))
    answer = create_app().test_client().post("/api/predict", json={"pixels": sent}).get_json()
    assert answer["pixels"] != sent
    model = load_model(MODELS / f"{answer['model']}.npz")
    choices = model.regression.transformation_set
    numbers = [
        choices.transformations.index(Transformation(**one)) for one in answer["transformations"]
    ]
    assert any(numbers)
    pixels = np.array(answer["pixels"], np.float32)
    inputs = choices.transform(pixels, numbers)
    evidence = (inputs * model.weights.T).sum(axis=1) + model.bias
    assert evidence == pytest.approx(answer["evidence"], abs=1e-4)
    # The picture is that of the answer.
    shown = decode(answer["input"])
    expected = inputs[answer["digit"]].reshape(28, 28) * 255
    assert np.abs(np.asarray(shown.convert("L")) - expected).max() < 1


def test_the_transformations_of_every_model_are_listed(client: FlaskClient) -> None:
    sets = client.get("/api/transformations").get_json()["sets"]
    for path in MODELS.glob("*.npz"):
        model = load_model(path)
        listed = [Transformation(**one) for one in sets[model.card.transformations]]
        assert tuple(listed) == model.regression.transformation_set.transformations


def test_without_fields_everything_is_answered(client: FlaskClient) -> None:
    answer = client.post("/api/predict", json={"pixels": ink_on(1)}).get_json()
    assert answer.keys() == {"model", "digit", "sure"} | OPTIONAL_FIELDS


@pytest.mark.parametrize(
    ("limit", "inked", "doubt"),
    [
        pytest.param(1e6, [2], None, id="a digit"),
        pytest.param(1e6, [], "no ink", id="no ink"),
        pytest.param(1e-6, [2], "unlike", id="far from what it was trained on"),
        pytest.param(1e6, [2, 5], "torn", id="as much of one digit as of another"),
    ],
)
def test_an_answer_is_sure_unless_there_is_a_reason(
    models: Path, limit: float, inked: list[int], doubt: str | None
) -> None:
    save_small_model(models, limit=limit)
    client = create_app(models).test_client()
    # 0.2 of ink on each of two pixels is 1.6 of evidence for two digits: 0.3 each.
    ink = 0.2 if len(inked) > 1 else 1
    pixels = [ink * value for value in ink_on(*inked)]
    answer = client.post("/api/predict", json={"pixels": pixels}).get_json()
    assert answer["sure"] is (doubt is None)
    assert answer["doubt"] == doubt
    assert (answer["distance"] > 1) == (doubt == "unlike")


def test_a_model_is_chosen_by_name(models: Path) -> None:
    save_small_model(models, "other", favourite=9)
    client = create_app(models).test_client()
    paper = bytes(PIXELS)
    for name, digit in [("small", 0), ("other", 9)]:
        by_query = client.post(f"/api/predict?model={name}", data=paper, content_type=BYTES)
        by_body = client.post("/api/predict", json={"pixels": ink_on(), "model": name})
        assert by_query.get_json()["digit"] == by_body.get_json()["digit"] == digit


def drawing(*first: Any, count: int = PIXELS) -> bytes:
    """Write a drawing as JSON: the first pixels as given, the others paper."""
    return json.dumps({"pixels": [*first, *[0] * (count - len(first))]}).encode()


BAD_REQUESTS = [
    # content type, body, status, part of the detail
    (JSON, b"", 400, "truncated"),
    (JSON, b'{"pixels": [', 400, "truncated"),
    (JSON, b"\xff\xfe", 400, "malformed"),
    (JSON, '{"pixels": []}'.encode("utf-16"), 400, "malformed"),
    (JSON, b"\xef\xbb\xbf", 400, "truncated"),
    (JSON, b"\xef\xbb\xbf" * 2 + drawing(), 400, "malformed"),
    (JSON, b"\xef\xbb\xbf" + drawing(float("nan")), 422, "NaN is not a finite number"),
    (JSON, drawing() + b"\xef\xbb\xbf", 400, "malformed"),
    (JSON, b'{"pix\xffels": []}', 400, "not UTF-8"),
    (JSON, b"[" * 100_000, 422, "Expected `object`, got `array`"),
    (JSON, b"null", 422, "Expected `object`, got `null`"),
    (JSON, b"{}", 422, "missing required field `pixels`"),
    (JSON, b'{"pixels": null}', 422, "Expected `array`, got `null` - at `$.pixels`"),
    (JSON, b'{"pixels": "ink"}', 422, "Expected `array`, got `str`"),
    (JSON, drawing(count=783), 422, "Expected `array` of length >= 784"),
    (JSON, drawing(count=785), 422, "Expected `array` of length <= 784"),
    (JSON, drawing([0]), 422, "Expected `float`, got `array` - at `$.pixels[0]`"),
    (JSON, drawing("1"), 422, "Expected `float`, got `str`"),
    (JSON, drawing(True), 422, "Expected `float`, got `bool`"),
    (JSON, drawing(None), 422, "Expected `float`, got `null`"),
    (JSON, drawing(0, 1.01), 422, "Expected `float` <= 1.0 - at `$.pixels[1]`"),
    (JSON, drawing(-0.01), 422, "Expected `float` >= 0.0"),
    (JSON, drawing(1e308), 422, "Expected `float` <= 1.0"),
    (JSON, drawing(float("nan")), 422, "NaN is not a finite number"),
    (JSON, drawing(float("inf")), 422, "Infinity is not a finite number"),
    (JSON, drawing(float("-inf")), 422, "-Infinity is not a finite number"),
    (JSON, drawing().replace(b"}", b', "modle": "small"}'), 422, "unknown field `modle`"),
    (JSON, drawing().replace(b"}", b', "model": 1}'), 422, "Expected `str | null`, got `int`"),
    (JSON, drawing().replace(b"}", b', "model": "none"}'), 404, "no model 'none'. Accepted: small"),
    (JSON, b" " * (MAX_BODY_BYTES + 1), 413, "at most 262144 bytes"),
    (BYTES, b"", 422, "Got 0 bytes"),
    (BYTES, bytes(783), 422, "Got 783 bytes. Accepted: "),
    (BYTES, bytes(785), 422, "Got 785 bytes"),
    ("text/plain", drawing(), 415, "Got text/plain. Accepted: "),
    (None, drawing(), 415, "Got no content type"),
]


@pytest.mark.parametrize(("content_type", "body", "status", "detail"), BAD_REQUESTS)
def test_bad_drawings_are_refused_with_what_was_wrong(
    client: FlaskClient, content_type: str | None, body: bytes, status: int, detail: str
) -> None:
    response = client.post("/api/predict", data=body, content_type=content_type)
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    problem = json.loads(response.data)
    assert problem["status"] == status
    assert detail in problem["detail"]


def test_a_byte_order_mark_before_json_is_ignored(client: FlaskClient) -> None:
    plain, marked = (
        client.post("/api/predict", data=mark + drawing(1), content_type=JSON).get_json()
        for mark in (b"", b"\xef\xbb\xbf")
    )
    assert plain == marked


VERSIONED = ["/api/models/small/weights", "/", "/static/main.js"]


@pytest.mark.parametrize("path", VERSIONED)
def test_another_version_than_the_current_one_is_a_problem(client: FlaskClient, path: str) -> None:
    response = client.get(path, headers={"If-Match": '"another"'})
    assert response.status_code == 412
    assert response.content_type == "application/problem+json"
    assert "If-Match" in response.get_json()["detail"]


@pytest.mark.parametrize("path", VERSIONED)
def test_any_version_is_the_current_one(client: FlaskClient, path: str) -> None:
    with client.get(path, headers={"If-Match": "*"}) as response:
        assert response.status_code == 200


def test_the_last_of_two_equal_keys_counts(client: FlaskClient) -> None:
    twice = drawing(1).replace(b"}", b"," + drawing(0, 1)[1:])
    answer = client.post("/api/predict?fields=pixels", data=twice, content_type=JSON).get_json()
    assert answer["pixels"] == ink_on(1)
    first_is_bad = drawing(2).replace(b"}", b"," + drawing(0, 1)[1:])
    assert client.post("/api/predict", data=first_is_bad, content_type=JSON).status_code == 422


def test_minus_zero_is_paper(client: FlaskClient) -> None:
    answer = client.post("/api/predict", data=drawing(-0.0), content_type=JSON).get_json()
    assert answer["doubt"] == "no ink"


@pytest.mark.parametrize("body", [drawing(1), bytes(PIXELS)])
@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate, gzip"])
def test_compressed_bodies_are_not_unpacked(
    client: FlaskClient, body: bytes, encoding: str
) -> None:
    kind = BYTES if len(body) == PIXELS else JSON
    bomb = gzip.compress(bytes(50_000_000)) if encoding == "gzip" else body
    for sent in (bomb, body):
        answer = client.post(
            "/api/predict", data=sent, content_type=kind, headers={"Content-Encoding": encoding}
        )
        assert answer.status_code == 415
        assert "Accepted: no encoding" in json.loads(answer.data)["detail"]


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("/api/models/none/weights.png", 404, "no model 'none'. Accepted: small"),
        ("/api/models/none/weights", 404, "no model 'none'"),
        ("/api/models/small/weights.png?digit=10", 400, "Expected `int` <= 9 - at `$.digit`"),
        ("/api/models/small/weights.png?digit=-1", 400, "Expected `int` >= 0"),
        ("/api/models/small/weights.png?digit=one", 400, "Expected `int`, got `str`"),
        ("/api/models/small/weights.png?digit=", 400, "Expected `int`, got `str`"),
        ("/api/models/small/weights.png?digit=null", 400, "digit cannot be 'null'"),
        ("/api/models/small/weights.png?digit=NULL", 400, "digit cannot be 'NULL'"),
        ("/api/models/small/weights.png?digit=3.0", 400, "digit cannot be '3.0'"),
        ("/api/models/small/weights.png?scale=1e1", 400, "scale cannot be '1e1'"),
        ("/api/models/small/weights.png?scale=null", 400, "Expected `int`, got"),
        ("/api/models/small/weights.png?scale=0", 400, "Expected `int` >= 1"),
        ("/api/models/small/weights.png?scale=33", 400, "Expected `int` <= 32"),
        ("/api/models/small/weights.png?digit=3&digit=", 400, "digit more than once"),
        ("/api/models/small/weights.png?size=3", 400, "Accepted parameters: digit, scale"),
        ("/nowhere", 404, "/openapi.json"),
        ("/static/../server/app.py", 404, "/openapi.json"),
        ("/api/predict", 405, "Accepted: OPTIONS, POST"),
    ],
)
def test_bad_paths_and_parameters_are_refused(
    client: FlaskClient, path: str, status: int, detail: str
) -> None:
    response = client.get(path)
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    assert detail in json.loads(response.data)["detail"]


def test_every_route_of_the_api_refuses_unknown_parameters(client: FlaskClient) -> None:
    checked = 0
    for rule in client.application.url_map.iter_rules():
        if rule.endpoint.startswith("page.") or rule.rule.startswith("/static"):
            continue
        method = "POST" if "POST" in (rule.methods or ()) else "GET"
        path = re.sub(r"<\w+>", "small", rule.rule)
        for query in ("colour=red", "v=1&v=1", "V=1", "%ff=1"):
            response = client.open(path, method=method, query_string=query)
            assert response.status_code == 400, (path, query)
            assert "Accepted" in json.loads(response.data)["detail"]
        checked += 1
    assert checked == len(client.get("/openapi.json").get_json()["paths"])


def test_the_page_ignores_what_other_programs_add_to_its_address(client: FlaskClient) -> None:
    assert client.get("/?utm_source=chat&fbclid=1").status_code == 200


def test_unknown_fields_are_refused(client: FlaskClient) -> None:
    response = client.post("/api/predict?fields=probabilities,odds", json={"pixels": ink_on()})
    assert response.status_code == 400
    detail = json.loads(response.data)["detail"]
    assert detail.startswith("Unknown fields: 'odds'. Accepted: a comma-separated subset of ")
    accepted = detail.rpartition(" ")[2].removesuffix(".")
    answer = client.post(f"/api/predict?fields={accepted}", json={"pixels": ink_on()})
    assert set(answer.get_json()) == set(accepted.split(","))


def test_an_unexpected_failure_shows_no_trace(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(models)
    monkeypatch.setattr("server.web.routes.prediction.predict", lambda *_: 1 / 0)
    response = app.test_client().post("/api/predict", json={"pixels": ink_on()})
    assert response.status_code == 500
    assert response.content_type == "application/problem+json"
    assert b"ZeroDivisionError" not in response.data


def test_models_are_listed(client: FlaskClient) -> None:
    answer = client.get("/api/models").get_json()
    (summary,) = answer["models"]
    assert answer["default"] == summary["name"] == "small"
    assert summary["recipe"] == "tutorial"
    assert summary["test_accuracy"] == 0.5


def test_weights_are_given_as_they_are(client: FlaskClient, models: Path) -> None:
    answer = client.get("/api/models/small/weights").get_json()
    model = load_model(models / "small.npz")
    assert np.array_equal(np.array(answer["weights"], np.float32), model.weights)
    assert np.array_equal(np.array(answer["bias"], np.float32), model.bias)


def test_weights_are_given_in_bytes_as_they_are(client: FlaskClient, models: Path) -> None:
    model = load_model(models / "small.npz")
    response = client.get("/api/models/small/weights.bin")
    numbers = np.frombuffer(response.data, "<f4")
    assert np.array_equal(numbers[:-10].reshape(784, 10), model.weights)
    assert np.array_equal(numbers[-10:], model.bias)


def test_weights_are_given_as_a_table_that_loses_no_digit() -> None:
    model = load_model(MODELS / "normalized.npz")
    response = create_app().test_client().get("/api/models/normalized/weights.csv")
    assert response.mimetype == "text/csv"
    header, *lines = csv.reader(response.text.splitlines())
    assert header == ["row", "column", *"0123456789"]
    assert lines[28 * 9 + 5][:2] == ["9", "5"]
    numbers = np.array([line[2:] for line in lines], np.float32)
    assert np.array_equal(numbers[:-1], model.weights)
    assert np.array_equal(numbers[-1], model.bias)
    assert lines[-1][:2] == ["", ""]


def test_the_digits_to_start_from_are_whole_images_five_of_each_label(client: FlaskClient) -> None:
    found = client.get("/api/digits").get_json()
    assert [digit["label"] for digit in found["digits"]] == sorted([*range(10)] * 5)
    images = [base64.b64decode(digit["pixels"]) for digit in found["digits"]]
    assert {len(image) for image in images} == {784}
    assert len(set(images)) == 50
    assert found["means"].keys() == NORMALIZATIONS.keys()


def test_each_mean_digit_is_read_as_that_digit(client: FlaskClient) -> None:
    for model in map(load_model, sorted(MODELS.glob("*.npz"))):
        means = client.get("/api/digits").get_json()["means"][model.card.normalization]
        pixels = np.array([np.frombuffer(base64.b64decode(mean), np.uint8) for mean in means])
        evidence = model.regression.evidence(pixels.astype(np.float32) / 255)
        assert np.array_equal(evidence.argmax(axis=1), np.arange(10))


@pytest.mark.parametrize(
    ("query", "size"), [("", (280, 28)), ("?digit=3", (28, 28)), ("?digit=3&scale=4", (112, 112))]
)
def test_weights_are_drawn(client: FlaskClient, query: str, size: tuple[int, int]) -> None:
    response = client.get(f"/api/models/small/weights.png{query}")
    assert response.content_type == "image/png"
    assert Image.open(io.BytesIO(response.data)).size == size


def test_a_browser_keeps_the_heatmaps_until_the_model_changes(models: Path) -> None:
    app = create_app(models)
    path = "/api/models/small/weights.png"
    first = app.test_client().get(path)
    known = {"If-None-Match": first.headers["ETag"]}
    assert app.test_client().get(path, headers=known).status_code == 304
    save_small_model(models, favourite=4)
    assert create_app(models).test_client().get(path, headers=known).status_code == 200


@pytest.mark.parametrize("file", ["weights", "weights.png", "weights.bin", "weights.csv"])
def test_weights_asked_for_by_their_digest_are_never_asked_for_again(
    models: Path, file: str
) -> None:
    client = create_app(models).test_client()
    digest = client.get("/api/models").get_json()["models"][0]["digest"]
    path = f"/api/models/small/{file}"
    by_digest = client.get(path, query_string={"v": digest})
    assert by_digest.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert by_digest.data == client.get(path).data
    # A digest that the model no longer has must not tie what is sent now to it.
    for other in ({}, {"v": digest[:-1]}, {"v": ""}):
        assert client.get(path, query_string=other).headers["Cache-Control"] == "no-cache"
    assert client.get(path, query_string={"colour": "red"}).status_code == 400


def test_health_tells_whether_the_server_can_predict(client: FlaskClient, tmp_path: Path) -> None:
    assert client.get("/healthz").status_code == 200
    empty = create_app(tmp_path / "none").test_client()
    for response in (empty.get("/healthz"), empty.post("/api/predict", json={"pixels": ink_on()})):
        assert response.status_code == 503
        assert "No model is ready" in json.loads(response.data)["detail"]
    assert empty.get("/api/models").get_json() == {"default": None, "models": []}


def test_the_description_has_every_route_and_every_named_schema(client: FlaskClient) -> None:
    description = client.get("/openapi.json").get_json()
    assert description["openapi"].startswith("3.1")
    routes = {
        rule.rule.replace("<", "{").replace(">", "}")
        for rule in client.application.url_map.iter_rules()
        if not rule.endpoint.startswith("page.") and not rule.rule.startswith("/static")
    }
    assert description["paths"].keys() == routes
    predict = description["paths"]["/api/predict"]["post"]
    assert [parameter["name"] for parameter in predict["parameters"]] == ["fields", "model", "v"]
    assert predict["requestBody"]["content"].keys() == {JSON, BYTES}
    assert predict["responses"].keys() == {"200", "400", "404", "413", "415", "422", "503"}
    replay = description["paths"]["/api/histories/{run}/weights"]["get"]
    assert [parameter["name"] for parameter in replay["parameters"]] == ["run", "v"]
    for operations in description["paths"].values():
        for operation in operations.values():
            assert operation["summary"]
            for parameter in operation["parameters"]:
                assert "null" not in json.dumps(parameter)
    schemas = description["components"]["schemas"]
    assert schemas["Drawing"]["properties"]["pixels"]["minItems"] == PIXELS
    named = {
        part.split('"')[0] for part in json.dumps(description).split("#/components/schemas/")[1:]
    }
    assert named <= schemas.keys()


def test_scripts_are_served_as_javascript_whatever_the_machine_calls_them(
    client: FlaskClient,
) -> None:
    with client.get("/static/main.js") as response:
        assert response.content_type.startswith("text/javascript")


def test_every_answer_forbids_what_the_page_does_not_need(client: FlaskClient) -> None:
    for path in ("/", "/api/models", "/nowhere", "/static/main.js"):
        with client.get(path) as response:
            headers = response.headers
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.process
def test_tensorflow_is_never_imported_to_serve() -> None:
    program = (
        "import sys; from server.web.app import create_app; import server.__main__;"
        "answer = create_app().test_client().post('/api/predict', json={'pixels': [0.5] * 784});"
        "assert answer.status_code == 200;"
        "sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras', 'training')))"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


def test_validation_is_documented_where_a_response_has_an_etag() -> None:
    client = create_app().test_client()
    run = client.get("/api/histories").get_json()["trainings"][0]["run"]
    validated = 0
    for path, operations in client.get("/openapi.json").get_json()["paths"].items():
        if "get" not in operations:
            continue
        place = path.format(name="pooled", run=run, tag="de")
        response = client.get(place)
        if response.status_code != 200:
            # No training is in progress.
            assert path == "/api/training/{name}/weights"
            continue
        documented = operations["get"]["responses"]
        etag = response.headers.get("ETag")
        assert ({"304", "412"} <= documented.keys()) == (etag is not None), path
        if etag is not None:
            assert "content" not in documented["304"]
            assert client.get(place, headers={"If-None-Match": etag}).status_code == 304
            refused = client.get(place, headers={"If-Match": '"another"'})
            assert (refused.status_code, refused.get_json()["code"]) == (412, "other-version")
            validated += 1
    assert validated == 12


def test_every_status_of_a_documented_problem_has_a_code(client: FlaskClient) -> None:
    document = json.loads(client.get("/openapi.json").data)
    statuses = {
        int(status)
        for operations in document["paths"].values()
        for operation in operations.values()
        for status in operation["responses"]
        if int(status) >= 400
    }
    assert len(statuses) > 5
    codes = [json.loads(encode_problem(status, ""))["code"] for status in statuses]
    assert OTHER_CODE not in codes


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/api/nothing", "not-found"),
        ("/api/predict?model=nothing", "unknown-model"),
        ("/api/predict?fields=nothing", "malformed-request"),
    ],
)
def test_a_problem_has_a_code(client: FlaskClient, path: str, code: str) -> None:
    answer = client.post(path, json={"pixels": [0] * PIXELS})
    assert json.loads(answer.data)["code"] == code


def test_without_any_model_the_code_says_so(tmp_path: Path) -> None:
    empty = create_app(tmp_path).test_client()
    answer = empty.post("/api/predict", json={"pixels": [0] * PIXELS})
    assert json.loads(answer.data)["code"] == "no-model"


def test_the_page_translates_codes_that_the_server_has() -> None:
    script = (ROOT / "static" / "network" / "problems.js").read_text("utf-8")
    table = script[script.index("const PROBLEMS") : script.index("};")]
    translated = set(re.findall(r'^  "?([a-z-]+)"?: gettext', table, re.MULTILINE))
    assert len(translated) > 5
    special = {kind.problem_code for kind in (NoModelError, UnknownModelError, WrongTokenError)}
    assert translated <= special | set(CODES.values())
