"""Between uvicorn and Flask: whole requests in, whole answers out, and no more than can be done."""

import asyncio
import json
import threading
from collections.abc import Iterator

import pytest
from flask import Flask, Response, request

from server.transport.gateway import MAX_WAIT_SECONDS, THREADS, Gateway
from tests.support.asgi import Response as Answer
from tests.support.asgi import ask, ask_once, run


@pytest.fixture
def door() -> Iterator[threading.Event]:
    """Open it, and all that wait behind it are answered."""
    door = threading.Event()
    yield door
    door.set()


@pytest.fixture
def app(door: threading.Event) -> Flask:
    app = Flask(__name__)

    @app.route("/echo", methods=["GET", "POST"])
    def echo() -> Response:
        facts = [request.method, request.path, request.query_string.decode("latin-1")]
        body = request.get_data()
        return Response(json.dumps([*facts, request.mimetype, len(body), body[:4].decode()]))

    @app.get("/api/door")
    @app.post("/api/predict", endpoint="predict")
    def wait() -> str:
        door.wait(10)
        return "open"

    return app


def test_flask_sees_the_request_as_it_was_sent(app: Flask) -> None:
    gateway = Gateway(app)
    answer = ask_once(
        gateway,
        "/echo",
        method="POST",
        query="a=%C3%A9&b",
        content_type="text/plain; charset=utf-8",
        pieces=(b"in", b" pieces"),
    )
    assert json.loads(answer.body) == ["POST", "/echo", "a=%C3%A9&b", "text/plain", 9, "in p"]


def test_of_a_body_that_is_too_long_no_more_is_read_than_shows_it(app: Flask) -> None:
    piece = bytes(100_000)
    answer = ask_once(Gateway(app), "/echo", method="POST", pieces=(piece,) * 1_000)
    assert json.loads(answer.body)[4] == 300_000


def check_busy(answer: Answer) -> None:
    assert answer.status == 503
    assert answer.content_type == "application/problem+json"
    assert int(dict(answer.headers)[b"retry-after"]) >= 1
    assert "Try again" in json.loads(answer.body)["detail"]


def test_a_request_that_has_waited_too_long_is_answered_with_503(app: Flask) -> None:
    gateway = Gateway(app, lambda *_: pytest.fail("It is answered all the same."))
    check_busy(ask_once(gateway, "/api/door", waited=2 * MAX_WAIT_SECONDS))


def test_the_page_and_its_files_are_answered_however_long_they_waited(app: Flask) -> None:
    answer = ask_once(Gateway(app), "/echo", waited=2 * MAX_WAIT_SECONDS)
    assert answer.status == 200
    # The page needs its messages too. This app has none.
    messages = ask_once(Gateway(app), "/api/messages/de", waited=2 * MAX_WAIT_SECONDS)
    assert messages.status == 404


def test_waiting_for_a_thread_counts_too(app: Flask, door: threading.Event) -> None:
    gateway = Gateway(app, max_wait_seconds=0.1)

    async def crowd() -> list[Answer]:
        asking = [asyncio.create_task(ask(gateway, "/api/door")) for _ in range(THREADS + 1)]
        # Longer than anybody may wait; the last one has no thread before the door opens.
        await asyncio.sleep(0.2)
        door.set()
        return await asyncio.gather(*asking)

    *answered, late = run(crowd())
    assert [answer.status for answer in answered] == [200] * THREADS
    check_busy(late)
    # Who comes again is answered.
    assert ask_once(gateway, "/api/door").status == 200


def test_answers_with_images_block_only_each_other(app: Flask, door: threading.Event) -> None:
    gateway = Gateway(app)

    async def crowd() -> int:
        asking = [
            asyncio.create_task(ask(gateway, "/api/predict", method="POST")) for _ in range(100)
        ]
        await asyncio.sleep(0)
        status = (await asyncio.wait_for(ask(gateway, "/echo"), 5)).status
        assert not any(task.done() for task in asking)
        door.set()
        await asyncio.gather(*asking)
        return status

    assert run(crowd()) == 200


def test_unfinished_bodies_do_not_delay_other_requests(app: Flask) -> None:
    gateway = Gateway(app)
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/echo",
        "query_string": b"",
        "headers": [],
        "http_version": "1.1",
        "server": None,
        "state": {},
    }

    async def crowd() -> int:
        never = asyncio.Event()
        waiting = 0

        async def receive() -> dict[str, object]:
            nonlocal waiting
            waiting += 1
            await never.wait()
            return {"type": "http.disconnect"}

        async def send(message: object) -> None:
            raise AssertionError(message)

        stalled = [asyncio.create_task(gateway(scope, receive, send)) for _ in range(1000)]
        while waiting < len(stalled):
            await asyncio.sleep(0)
        status = (await ask(gateway, "/echo")).status
        never.set()
        # Whoever has left is sent nothing.
        await asyncio.gather(*stalled)
        return status

    assert run(crowd()) == 200
