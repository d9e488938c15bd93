"""Polls are answered before Flask if nothing has changed, and as Flask answers them."""

from pathlib import Path

import pytest

from server.storage.history import TRAININGS, save_history
from server.transport import training_polls
from server.transport.gateway import Gateway, Response, Scope, no_fast_path
from server.transport.training_polls import TrainingPolls
from server.web.app import create_app
from server.web.common.context import context_of
from server.web.routes import trainings
from tests.support.asgi import ask_once
from tests.support.factories import make_history

POLL = "/api/training"
LONG_SECONDS = 60.0


class Demo:
    """The application with and without the fast path, and which requests reached Flask."""

    def __init__(self, models: Path) -> None:
        app = create_app(models)
        self.reached: list[str] = []
        app.before_request(lambda: self.reached.append("Flask"))
        polls = TrainingPolls(context_of(app).artifacts.trainings)

        async def answer(scope: Scope, _body: bytes) -> Response | None:
            return polls.answer(scope)

        self.app = Gateway(app, answer)
        self.flask = Gateway(app, no_fast_path)


@pytest.fixture
def demo(models: Path, monkeypatch: pytest.MonkeyPatch) -> Demo:
    """Make a demo whose list of trainings is recent for as long as a test takes."""
    for module in (trainings, training_polls):
        monkeypatch.setattr(module, "MAX_LIST_AGE", LONG_SECONDS)
    save_history(models / TRAININGS, make_history("wild", outcome="diverged", run="w"))
    return Demo(models)


def find_etag(demo: Demo) -> str:
    response = ask_once(demo.app, POLL)
    assert response.status == 200
    return dict(response.headers)[b"etag"].decode()


def test_an_unchanged_list_is_flasks_304_to_the_header(demo: Demo) -> None:
    etag = find_etag(demo)
    demo.reached.clear()
    unchanged = ask_once(demo.app, POLL, etag=etag)
    assert demo.reached == []
    by_flask = ask_once(demo.flask, POLL, etag=etag)
    assert demo.reached == ["Flask"]
    assert unchanged.status == by_flask.status == 304
    assert unchanged.body == by_flask.body == b""
    assert sorted(unchanged.headers) == sorted(by_flask.headers)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"etag": 'W/"another"'}, 200),
        ({"etag": ""}, 200),
        ({"query": "colour=red"}, 400),
        ({"method": "POST"}, 405),
        ({"path": "/api/models"}, 200),
    ],
)
def test_any_other_request_is_answered_by_flask(
    demo: Demo, request_: dict[str, str], status: int
) -> None:
    etag = find_etag(demo)
    demo.reached.clear()
    response = ask_once(demo.app, **{"path": POLL, "etag": etag, **request_})
    assert (response.status, demo.reached) == (status, ["Flask"])


def test_a_list_that_is_no_longer_recent_is_scanned_by_flask(
    demo: Demo, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    etag = find_etag(demo)
    save_history(models / TRAININGS, make_history("wild", outcome="diverged", run="later"))
    for module in (trainings, training_polls):
        monkeypatch.setattr(module, "MAX_LIST_AGE", 0)
    response = ask_once(demo.app, POLL, etag=etag)
    assert response.status == 200
    assert b'"run":"later"' in response.body
