"""The page's own request is answered before Flask, and as Flask answers it."""

import asyncio
import json
from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest

from server.regression import prediction
from server.regression.model import Model
from server.regression.prediction import Prediction
from server.regression.shapes import PIXELS, Floats
from server.storage.model_file import MODELS, load_model
from server.storage.model_store import MAX_SCAN_AGE, ModelStore
from server.storage.sample_digits import load_digits
from server.transport.gateway import Gateway
from server.transport.live_predictions import MAX_BATCH, LivePredictions
from server.web.app import create_app
from tests.support.asgi import Response, ask, ask_once, run
from tests.support.factories import save_small_model

FIELDS = "fields=digest,evidence,doubt"
INK = bytes([0, 255]) + bytes(PIXELS - 2)
BYTES = "application/octet-stream"
# A parameter that changes nothing makes it another request than the page's.
BYTES_FOR_FLASK = "application/octet-stream; charset=binary"


@pytest.fixture
def demo(models: Path) -> tuple[Gateway, list[str]]:
    """Make the whole application, and a list that grows with each request that reaches Flask."""
    return make_demo(models)


def make_demo(models: Path, max_scan_age: float = MAX_SCAN_AGE) -> tuple[Gateway, list[str]]:
    store = ModelStore(models, max_scan_age)
    app = create_app(models, store)
    reached: list[str] = []
    app.before_request(lambda: reached.append("Flask"))
    return Gateway(app, LivePredictions(store).answer), reached


async def ask_live(app: Gateway, query: str = FIELDS, body: bytes = INK) -> Response:
    return await ask(
        app, "/api/predict", method="POST", query=query, content_type=BYTES, pieces=(body,)
    )


def post(app: Gateway, query: str, content_type: str, *pieces: bytes) -> Response:
    return ask_once(
        app,
        "/api/predict",
        method="POST",
        query=query,
        content_type=content_type,
        pieces=pieces or (INK,),
    )


@pytest.mark.parametrize(
    "query",
    [
        "fields=probabilities",
        "model=small&fields=digest%2Cprobabilities%2Cevidence",
        "fields=digest,probabilities,evidence&model=small",
        "fields=digest,probabilities,evidence,bias,pixels,placement,doubt,distance",
    ],
)
def test_it_is_flasks_answer_to_the_byte_and_the_header(
    demo: tuple[Gateway, list[str]], query: str
) -> None:
    app, reached = demo
    live = post(app, query, BYTES)
    assert reached == []
    by_flask = post(app, query, BYTES_FOR_FLASK)
    assert reached == ["Flask"]
    assert live.status == by_flask.status == 200
    assert live.body == by_flask.body
    assert sorted(live.headers) == sorted(by_flask.headers)


def test_a_body_may_come_in_pieces(demo: tuple[Gateway, list[str]]) -> None:
    app, reached = demo
    whole = post(app, FIELDS, BYTES)
    assert post(app, FIELDS, BYTES, INK[:1], b"", INK[1:]) == whole
    assert post(app, FIELDS, BYTES_FOR_FLASK, INK[:500], INK[500:]).body == whole.body
    assert reached == ["Flask"]


@pytest.mark.parametrize(
    ("query", "body", "status"),
    [
        ("model=none", INK, 404),
        ("colour=red", INK, 400),
        ("model=small&model=none", INK, 400),
        ("fields=smell", INK, 400),
        ("fields=%FF\u00e9", INK, 400),
        (FIELDS, INK[1:], 422),
        (FIELDS, INK + INK, 422),
        (FIELDS, b"", 422),
    ],
)
def test_what_is_refused_is_flasks_to_refuse(
    demo: tuple[Gateway, list[str]], query: str, body: bytes, status: int
) -> None:
    app, reached = demo
    answer = post(app, query, BYTES, body)
    assert reached == ["Flask"]
    assert answer.status == status
    assert answer.content_type == "application/problem+json"


def test_a_compressed_body_is_flasks_to_refuse(demo: tuple[Gateway, list[str]]) -> None:
    app, reached = demo
    answer = ask_once(
        app,
        "/api/predict",
        method="POST",
        query=FIELDS,
        content_type=BYTES,
        content_encoding="gzip",
        pieces=(INK,),
    )
    assert reached == ["Flask"]
    assert answer.status == 415


def drawings(count: int) -> list[bytes]:
    """Return real digits, and at the end what is none."""
    digits = [b64decode(digit.pixels) for digit in load_digits().digits[:count]]
    random = np.random.default_rng(0)
    strange = [random.integers(256, size=PIXELS, dtype=np.uint8).tobytes(), bytes(PIXELS), INK]
    return [*digits[: count - len(strange)], *strange]


def test_drawings_that_come_together_are_answered_as_each_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app, reached = make_demo(MODELS)
    sizes: list[int] = []

    def predict_all(model: Model, pixels: Floats, fields: frozenset[str]) -> list[Prediction]:
        sizes.append(len(pixels))
        return prediction.predict_all(model, pixels, fields)

    monkeypatch.setattr("server.transport.live_predictions.predict_all", predict_all)
    queries = [
        FIELDS,
        "model=normalized&fields=evidence",
        "model=tutorial&fields=evidence,distance",
    ]
    asked = [(queries[number % 3], body) for number, body in enumerate(drawings(48))]

    async def crowd() -> list[Response]:
        return await asyncio.gather(*(ask_live(app, query, body) for query, body in asked))

    together = run(crowd())
    assert sizes == [MAX_BATCH] * 3
    # To the byte: what a drawing is said to be must not depend on who else draws.
    assert together == [post(app, query, BYTES, body) for query, body in asked]
    assert reached == []


def test_a_crowd_is_answered_before_more_is_let_in(demo: tuple[Gateway, list[str]]) -> None:
    app, _ = demo
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def crowd() -> list[Response]:
        counting = asyncio.create_task(count_turns())
        asking = (ask_live(app) for _ in range(10 * MAX_BATCH + 1))
        answers = await asyncio.gather(*asking)
        counting.cancel()
        return answers

    assert {answer.status for answer in run(crowd())} == {200}
    # In each turn of the loop a busy server takes in hundreds of other requests.
    assert turns < 10


def test_whoever_leaves_takes_nobody_along(demo: tuple[Gateway, list[str]]) -> None:
    app, _ = demo

    async def crowd() -> list[Response]:
        asking = [asyncio.create_task(ask_live(app)) for _ in range(3)]
        # All of them wait to be answered together.
        await asyncio.sleep(0)
        asking[1].cancel()
        return await asyncio.wait_for(asyncio.gather(asking[0], asking[2]), 5)

    assert [answer.status for answer in run(crowd())] == [200, 200]


def test_what_cannot_be_answered_is_an_error_of_each_and_not_the_end(
    demo: tuple[Gateway, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, _ = demo

    async def pair() -> list[Response]:
        return await asyncio.gather(ask_live(app), ask_live(app))

    with monkeypatch.context() as patch:
        patch.setattr("server.transport.live_predictions.predict_all", lambda *_: 1 / 0)
        assert [answer.status for answer in run(pair())] == [500, 500]
    assert post(app, FIELDS, BYTES).status == 200


def test_without_a_model_it_says_so(tmp_path: Path) -> None:
    assert post(make_demo(tmp_path)[0], FIELDS, BYTES).status == 503


@pytest.mark.parametrize("query", ["", "fields=input", "fields=evidence,contributions"])
def test_images_are_left_to_flask(demo: tuple[Gateway, list[str]], query: str) -> None:
    """Encoding them in the event loop would hold up everybody."""
    app, reached = demo
    assert post(app, query, BYTES).status == 200
    assert reached == ["Flask"]


def test_it_follows_a_model_that_is_replaced(models: Path) -> None:
    app, _ = make_demo(models, max_scan_age=0)
    paper = bytes(PIXELS)
    assert json.loads(post(app, FIELDS, BYTES, paper).body)["digit"] == 0
    save_small_model(models, favourite=5)
    assert json.loads(post(app, FIELDS, BYTES, paper).body)["digit"] == 5


def test_a_client_that_knows_a_newer_model_is_answered_by_that(models: Path) -> None:
    """Of several workers, another one may have told the client."""
    app, reached = make_demo(models, max_scan_age=60)
    digest = load_model(save_small_model(models, favourite=5)).digest
    paper = bytes(PIXELS)
    assert json.loads(post(app, FIELDS, BYTES, paper).body)["digit"] == 0
    newer = json.loads(post(app, f"{FIELDS}&v={digest}", BYTES, paper).body)
    assert (newer["digit"], newer["digest"]) == (5, digest)
    assert reached == ["Flask"]
    # That scan serves the requests after it too.
    assert json.loads(post(app, FIELDS, BYTES, paper).body)["digit"] == 5


def test_a_new_model_is_found_however_recent_the_last_scan_is(models: Path) -> None:
    app, reached = make_demo(models, max_scan_age=60)
    save_small_model(models, "new", favourite=3)
    assert json.loads(post(app, f"{FIELDS}&model=new", BYTES, bytes(PIXELS)).body)["digit"] == 3
    assert reached == ["Flask"]
