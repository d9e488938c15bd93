"""The page's own request is answered before Flask, and as Flask answers it."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.app import create_app
from server.shapes import PIXELS
from tests.conftest import save_small_model

INK = bytes([0, 255]) + bytes(PIXELS - 2)
BYTES = "application/octet-stream"
# A parameter that changes nothing makes it another request than the page's.
BYTES_FOR_FLASK = "application/octet-stream; charset=binary"


@pytest.fixture
def calls(models: Path) -> tuple[FlaskClient, list[str]]:
    """Make a client, and a list that grows with each request that reaches Flask."""
    app = create_app(models)
    reached: list[str] = []
    app.before_request(lambda: reached.append("Flask"))
    return app.test_client(), reached


def post(client: FlaskClient, query: str, content_type: str, body: bytes = INK) -> TestResponse:
    return client.post(f"/api/predict{query}", data=body, content_type=content_type)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?model=small&fields=digest%2Cprobabilities%2Cevidence",
        "?fields=digest,probabilities,evidence&model=small",
        "?model=small",
    ],
)
def test_it_is_flasks_answer_to_the_byte_and_the_header(
    calls: tuple[FlaskClient, list[str]], query: str
) -> None:
    client, reached = calls
    live = post(client, query, BYTES)
    assert reached == []
    by_flask = post(client, query, BYTES_FOR_FLASK)
    assert reached == ["Flask"]
    assert live.status == by_flask.status == "200 OK"
    assert live.data == by_flask.data
    assert sorted(live.headers) == sorted(by_flask.headers)


@pytest.mark.parametrize(
    ("query", "body", "status"),
    [
        ("?model=none", INK, 404),
        ("?colour=red", INK, 400),
        ("?fields=smell", INK, 400),
        ("", INK[1:], 422),
        ("", INK + INK, 422),
        ("", b"", 422),
    ],
)
def test_what_is_refused_is_flasks_to_refuse(
    calls: tuple[FlaskClient, list[str]], query: str, body: bytes, status: int
) -> None:
    client, reached = calls
    answer = post(client, query, BYTES, body)
    assert reached == ["Flask"]
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"


def test_a_body_that_ends_early_is_refused(calls: tuple[FlaskClient, list[str]]) -> None:
    client, reached = calls
    answer = client.post(
        "/api/predict",
        data=INK[:-1],
        content_type=BYTES,
        environ_overrides={"CONTENT_LENGTH": str(PIXELS)},
    )
    assert reached == ["Flask"]
    assert answer.status_code in (400, 422)


def test_without_a_model_it_says_so(tmp_path: Path) -> None:
    answer = post(create_app(tmp_path).test_client(), "", BYTES)
    assert answer.status_code == 503


def test_it_follows_a_model_that_is_replaced(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = create_app(models).test_client()
    paper = bytes(PIXELS)
    assert post(client, "", BYTES, paper).get_json()["digit"] == 0
    save_small_model(models, favourite=5)
    # The store looks at its files once a second.
    monkeypatch.setattr("time.monotonic", lambda: 1e9)
    assert post(client, "", BYTES, paper).get_json()["digit"] == 5
