"""The routes of the room: what they answer, and what they refuse."""

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.room.room import JoinAddress, Room
from server.web.app import create_app
from server.web.common.contribution import MAX_CONTRIBUTION_BYTES, MAX_POINTS
from tests.support.digits import ONE, SEVEN
from tests.support.factories import save_small_model
from tests.support.limits import no_room_beyond
from tests.support.waiting import wait_until

ADDRESSES = [
    JoinAddress("http://192.168.1.7:8000/", "wlan0", is_virtual=False),
    JoinAddress("http://172.17.0.1:8000/", "docker0", is_virtual=True),
]

DRAWINGS = "/api/room/drawings"


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path / "room.db", lambda: ADDRESSES)


@pytest.fixture
def app(models: Path, room: Room) -> Flask:
    return create_app(models, room=room)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def key(room: Room) -> dict[str, str]:
    return bearer(room.database.read_state().key)


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def give(client: FlaskClient, **changes: Any) -> TestResponse:
    return client.post(DRAWINGS, json={"strokes": SEVEN, "label": 7, **changes})


def given(client: FlaskClient, **changes: Any) -> Any:
    response = give(client, **changes)
    assert response.status_code == 201, response.get_data(as_text=True)
    return response.get_json()


def wall(client: FlaskClient, query: str = "", key: dict[str, str] | None = None) -> Any:
    return client.get(f"{DRAWINGS}{query}", headers=key).get_json()


def detail(response: TestResponse) -> str:
    assert response.content_type == "application/problem+json"
    return str(json.loads(response.data)["detail"])


def test_without_a_room_all_its_paths_are_missing(models: Path) -> None:
    client = create_app(models).test_client()
    for path in ("", "/drawings", "/drawings.jsonl", "/readings", "/join.svg", "/drawings/1"):
        for method in ("GET", "POST", "PATCH", "DELETE"):
            assert client.open(f"/api/room{path}", method=method).status_code == 404


def test_a_drawing_is_read_stored_and_shown(client: FlaskClient) -> None:
    answer = given(client)
    assert set(answer) == {"id", "token", "digit", "sure", "shown"}
    (drawing,) = wall(client)["drawings"]
    assert drawing["strokes"] == [[list(point) for point in stroke] for stroke in SEVEN]
    assert (drawing["id"], drawing["label"]) == (answer["id"], 7)
    assert (drawing["digit"], drawing["sure"]) == (answer["digit"], answer["sure"])
    assert client.get("/api/room").get_json()["drawings"] == 1


def test_the_answer_is_that_of_the_model_for_the_pixels_of_the_page(
    client: FlaskClient, models: Path
) -> None:
    save_small_model(models, "other", favourite=4)
    assert given(client, model="other")["digit"] == 4
    assert given(client, model="small")["digit"] != 4


NOT_ACCEPTED = [
    ({"label": 10}, 422, "label"),
    ({"label": -1}, 422, "label"),
    ({"label": True}, 422, "label"),
    ({"label": "7"}, 422, "label"),
    ({"label": None}, 422, "label"),
    ({"strokes": []}, 422, "no ink"),
    ({"strokes": [[]]}, 422, "no ink"),
    ({"strokes": [[[-0.4, -0.4], [1.4, -0.4]]]}, 422, "no ink"),
    ({"strokes": [[[0.5, 1e308]]]}, 422, "1.5"),
    ({"strokes": [[[0.5, -0.6]]]}, 422, "-0.5"),
    ({"strokes": [[[0.5]]]}, 422, "length"),
    ({"strokes": [[[0.5, 0.5, 0.5]]]}, 422, "length"),
    ({"strokes": [[["0.5", 0.5]]]}, 422, "float"),
    ({"strokes": "<svg>"}, 422, "array"),
    ({"strokes": [[[0.5, 0.5]] * (MAX_POINTS + 1)]}, 422, "5001 points"),
    ({"token": "short"}, 422, "token"),
    ({"token": "'; DROP TABLE drawings; --"}, 422, "token"),
    ({"name": "Alice"}, 422, "name"),
    ({"model": "none"}, 404, "none"),
    ({"model": "<b>x</b>"}, 404, "<b>"),
    ({"strokes": [[[0.123456789012345678, 0.5]] * 3000]}, 413, str(MAX_CONTRIBUTION_BYTES)),
]


@pytest.mark.parametrize(("changes", "status", "said"), NOT_ACCEPTED)
def test_what_is_not_accepted_is_explained(
    client: FlaskClient, changes: dict[str, Any], status: int, said: str
) -> None:
    response = give(client, **changes)
    assert response.status_code == status
    assert said in detail(response)
    assert "Accepted" in detail(response)
    assert wall(client)["drawings"] == []


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b'{"strokes": [[[NaN, 0]]], "label": 1}', "application/json", 422),
        (b"\xff", "application/json", 400),
        (b"[" * 60_000, "application/json", 422),
        (b"{}", "text/plain", 415),
        (b"{}", "", 415),
    ],
)
def test_other_bodies_are_refused(client: FlaskClient, body: bytes, kind: str, status: int) -> None:
    response = client.post(DRAWINGS, data=body, content_type=kind)
    assert response.status_code == status
    assert "Accepted" in detail(response)


def test_the_same_request_sent_again_gets_the_same_answer(client: FlaskClient) -> None:
    token = "0123456789abcdef"
    assert given(client, token=token) == given(client, token=token)
    assert len(wall(client)["drawings"]) == 1


def test_a_connection_may_give_thirty_drawings_a_minute(client: FlaskClient) -> None:
    for _ in range(30):
        given(client)
    response = give(client)
    assert response.status_code == 429
    assert 1 <= int(response.headers["Retry-After"]) <= 60
    assert "30" in detail(response)
    other = client.post(
        DRAWINGS, json={"strokes": ONE, "label": 1}, environ_base={"REMOTE_PORT": "2"}
    )
    assert other.status_code == 201


def test_a_drawing_is_withdrawn_with_its_token_or_the_key(
    client: FlaskClient, key: dict[str, str]
) -> None:
    first, second, third = (given(client) for _ in range(3))
    path = f"{DRAWINGS}/{first['id']}"
    assert client.delete(path).status_code == 401
    assert client.delete(path, headers=bearer(second["token"])).status_code == 401
    assert client.delete(path, headers=bearer("guess")).status_code == 401
    assert client.delete(path, headers=bearer(first["token"])).status_code == 204
    assert client.delete(path, headers=bearer(first["token"])).status_code == 404
    assert client.delete(f"{DRAWINGS}/{second['id']}", headers=key).status_code == 204
    assert [drawing["id"] for drawing in wall(client)["drawings"]] == [third["id"]]


def test_who_gave_a_drawing_can_look_what_became_of_it(
    client: FlaskClient, key: dict[str, str]
) -> None:
    client.patch("/api/room", headers=key, json={"approval": True})
    answer, other = given(client), given(client)
    path, token = f"{DRAWINGS}/{answer['id']}", bearer(answer["token"])
    assert client.get(path, headers=token).get_json() == {"shown": False}
    client.patch(path, headers=key, json={"shown": True})
    assert client.get(path, headers=token).get_json() == {"shown": True}
    assert client.get(path, headers=key).get_json() == {"shown": True}
    assert client.get(path).status_code == 401
    assert client.get(path, headers=bearer(other["token"])).status_code == 401
    client.delete(path, headers=key)
    assert client.get(path, headers=token).status_code == 404


@pytest.mark.parametrize("number", ["0", "99", "x", "-1", "1e0", "9" * 40, "1%20OR%201=1", "²"])
def test_a_drawing_that_does_not_exist_is_missing(
    client: FlaskClient, key: dict[str, str], number: str
) -> None:
    given(client)
    assert client.delete(f"{DRAWINGS}/{number}", headers=key).status_code == 404
    changed = client.patch(f"{DRAWINGS}/{number}", headers=key, json={"shown": False})
    assert changed.status_code == 404
    assert len(wall(client)["drawings"]) == 1


PRESENTER_ONLY: list[tuple[str, str, Any]] = [
    ("PATCH", "/api/room", {"open": False}),
    ("PATCH", f"{DRAWINGS}/1", {"shown": False}),
    ("GET", f"{DRAWINGS}/1", None),
    ("DELETE", f"{DRAWINGS}/1", None),
    ("DELETE", DRAWINGS, None),
    ("GET", f"{DRAWINGS}.jsonl", None),
]


@pytest.mark.parametrize(("method", "path", "body"), PRESENTER_ONLY)
@pytest.mark.parametrize("secret", ["", "guess", "ключ", "Basic", "Basic \xff"])
def test_without_the_key_nothing_of_the_presenters_works(
    client: FlaskClient, room: Room, method: str, path: str, body: Any, secret: str
) -> None:
    given(client)
    before = room.database.read_state()
    # As WSGI has them: their bytes as Latin-1.
    bearer_header = f"Bearer {secret}".encode().decode("latin-1")
    environ = {"HTTP_AUTHORIZATION": bearer_header} if secret else {}
    if secret.startswith("Basic"):
        environ = {"HTTP_AUTHORIZATION": f"{secret} {before.key}"}
    response = client.open(path, method=method, json=body, environ_overrides=environ)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert "Accepted" in detail(response)
    assert room.database.read_state() == before


def test_a_wrong_key_is_refused_where_none_is_needed(client: FlaskClient) -> None:
    for path in ("/api/room", DRAWINGS, "/api/room/readings"):
        assert client.get(path, headers=bearer("guess")).status_code == 401
        assert client.get(path).status_code == 200


def test_only_the_presenter_sees_the_file_and_all_addresses(
    client: FlaskClient, key: dict[str, str], room: Room, models: Path
) -> None:
    assert client.get("/api/room").get_json()["presenter"] is None
    presenter = client.get("/api/room", headers=key).get_json()["presenter"]
    assert presenter["file"] == str(room.database.path)
    assert presenter["command"].endswith(
        f"python -m training --room {room.database.path} --models {models}"
    )
    assert [address["interface"] for address in presenter["addresses"]] == ["wlan0", "docker0"]


@pytest.mark.skipif(sys.platform == "win32", reason="file names on Windows are Unicode")
def test_paths_that_are_not_utf_8_are_shown_with_a_replacement_character(tmp_path: Path) -> None:
    models = tmp_path / os.fsdecode(b"models\xff")
    models.mkdir()
    save_small_model(models)
    room = Room(tmp_path / os.fsdecode(b"room\xff.db"), lambda: ADDRESSES)
    client = create_app(models, room=room).test_client()
    key = bearer(room.database.read_state().key)
    presenter = client.get("/api/room", headers=key).get_json()["presenter"]
    assert presenter["file"].endswith("/room\ufffd.db")
    assert presenter["command"].endswith("/models\ufffd'")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a directory in use")
def test_the_presenter_is_answered_after_the_working_directory_was_deleted(
    client: FlaskClient, key: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "working"
    directory.mkdir()
    monkeypatch.chdir(directory)
    directory.rmdir()
    presenter = client.get("/api/room", headers=key).get_json()["presenter"]
    assert presenter["command"].startswith(f"{sys.executable} -m training --room ")


def test_the_presenter_closes_and_opens_the_room(client: FlaskClient, key: dict[str, str]) -> None:
    closed = client.patch("/api/room", headers=key, json={"open": False})
    assert (closed.status_code, closed.get_json()["open"]) == (200, False)
    response = give(client)
    assert response.status_code == 403
    client.patch("/api/room", headers=key, json={"open": True})
    given(client)


def test_drawings_wait_for_approval_if_the_presenter_wants_so(
    client: FlaskClient, key: dict[str, str]
) -> None:
    client.patch("/api/room", headers=key, json={"approval": True})
    answer = given(client)
    assert answer["shown"] is False
    assert wall(client)["drawings"] == []
    (waiting,) = wall(client, key=key)["drawings"]
    assert waiting["shown"] is False
    assert client.get("/api/room/readings").get_json()["ids"] == []
    path = f"{DRAWINGS}/{answer['id']}"
    assert client.patch(path, headers=key, json={"shown": True}).status_code == 204
    assert len(wall(client)["drawings"]) == 1


@pytest.mark.parametrize(
    "change", [{"join": "http://evil.example/"}, {"open": 1}, {"approval": "yes"}, {"key": "x"}, []]
)
def test_other_settings_are_refused(
    client: FlaskClient, key: dict[str, str], change: Any, room: Room
) -> None:
    before = room.database.read_state()
    response = client.patch("/api/room", headers=key, json=change)
    assert response.status_code == 422
    assert "Accepted" in detail(response)
    assert room.database.read_state() == before


def test_the_presenter_chooses_the_address_that_phones_open(
    client: FlaskClient, key: dict[str, str]
) -> None:
    assert client.get("/api/room").get_json()["join"] == ADDRESSES[0].url
    first = client.get("/api/room/join.svg").data
    client.patch("/api/room", headers=key, json={"join": ADDRESSES[1].url})
    assert client.get("/api/room").get_json()["join"] == ADDRESSES[1].url
    assert client.get("/api/room/join.svg").data != first


def test_an_address_that_is_gone_is_not_used(client: FlaskClient, room: Room) -> None:
    room.database.change_settings(join_url="http://10.0.0.1:8000/")
    assert client.get("/api/room").get_json()["join"] == ADDRESSES[0].url


def test_the_digest_changes_with_everything(client: FlaskClient, key: dict[str, str]) -> None:
    digests = set()

    def note() -> None:
        digests.add(client.get("/api/room").get_json()["digest"])

    note()
    answer = given(client)
    note()
    client.patch(f"{DRAWINGS}/{answer['id']}", headers=key, json={"shown": False})
    note()
    client.delete(f"{DRAWINGS}/{answer['id']}", headers=key)
    note()
    client.patch("/api/room", headers=key, json={"open": False})
    note()
    client.get("/api/room?device=0123456789")
    wait_until(lambda: client.get("/api/room").get_json()["devices"] == 1)
    note()
    client.delete(DRAWINGS, headers=key)
    note()
    assert len(digests) == 7


def test_devices_that_join_are_counted(client: FlaskClient) -> None:
    for device in ("device-one", "device-one", "device-two"):
        client.get(f"/api/room?device={device}")
    wait_until(lambda: client.get("/api/room").get_json()["devices"] == 2)
    client.get("/api/room?device=device-two")
    assert client.get("/api/room").get_json()["devices"] == 2
    assert client.get("/api/room?device=x").status_code == 400


def test_the_wall_is_listed_after_a_drawing_or_since_a_revision(client: FlaskClient) -> None:
    first = given(client)["id"]
    revision = wall(client)["revision"]
    second = given(client)["id"]
    assert [drawing["id"] for drawing in wall(client, "?after=0")["drawings"]] == [first, second]
    assert [drawing["id"] for drawing in wall(client, f"?after={first}")["drawings"]] == [second]
    changes = wall(client, f"?since={revision}")
    assert [drawing["id"] for drawing in changes["drawings"]] == [second]
    assert changes["is_complete"] is False
    assert client.get(f"{DRAWINGS}?after=1&since=1").status_code == 400
    assert client.get(f"{DRAWINGS}?since=-1").status_code == 400
    assert client.get(f"{DRAWINGS}?since={10**30}").status_code == 400


def test_another_model_reads_all_drawings_again(client: FlaskClient, models: Path) -> None:
    given(client, strokes=SEVEN)
    given(client, strokes=ONE)
    save_small_model(models, "other", favourite=4)
    readings = client.get("/api/room/readings?model=other").get_json()
    assert readings["ids"] == [1, 2]
    assert readings["digits"] == [4, 4]
    later = client.get("/api/room/readings?model=other&after=1").get_json()
    assert later["ids"] == [2]
    assert client.get("/api/room/readings?model=none").status_code == 404


def test_the_download_has_a_line_for_each_drawing(client: FlaskClient, key: dict[str, str]) -> None:
    given(client)
    given(client, strokes=ONE, label=1)
    response = client.get(f"{DRAWINGS}.jsonl", headers=key)
    lines = [json.loads(line) for line in response.data.splitlines()]
    assert [line["label"] for line in lines] == [7, 1]
    assert all(set(line) == {"label", "hand", "strokes"} for line in lines)


def test_all_drawings_can_be_removed(client: FlaskClient, key: dict[str, str]) -> None:
    given(client)
    given(client)
    assert client.delete(DRAWINGS, headers=key).status_code == 204
    assert wall(client)["drawings"] == []
    assert given(client)["id"] == 3


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", DRAWINGS, {"strokes": SEVEN, "label": 7}),
        ("PATCH", "/api/room", {"open": True}),
        ("PATCH", f"{DRAWINGS}/1", {"shown": True}),
    ],
)
def test_a_byte_order_mark_before_json_is_ignored(
    client: FlaskClient, key: dict[str, str], method: str, path: str, body: Any
) -> None:
    given(client)
    sent = b"\xef\xbb\xbf" + json.dumps(body).encode()
    response = client.open(
        path, method=method, data=sent, content_type="application/json", headers=key
    )
    assert response.status_code < 300, response.data


@pytest.mark.parametrize("end", ["", "\n"])
def test_a_line_break_does_not_belong_to_an_id_or_a_token(client: FlaskClient, end: str) -> None:
    expected = (400, 422) if end else (200, 201)
    asked = client.get("/api/room", query_string={"device": "aaaaaaaa" + end})
    sent = give(client, token="b" * 20 + end)
    assert (asked.status_code, sent.status_code) == expected


def test_a_file_that_is_gone_is_a_problem_without_the_words_of_sqlite(
    client: FlaskClient, room: Room
) -> None:
    room.database.path.rename(room.database.path.with_name("elsewhere.db"))
    # As in a thread that has not read the room yet.
    room.database._local.connection.close()
    del room.database._local.connection
    answers = [client.get("/api/room"), client.get(DRAWINGS), give(client)]
    assert [answer.status_code for answer in answers] == [503, 503, 507]
    assert not any("SQL" in detail(answer) or "table" in detail(answer) for answer in answers)
    assert not room.database.path.exists()


def test_a_full_disk_is_said(client: FlaskClient, room: Room) -> None:
    given(client)
    room.database._connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with no_room_beyond(100):
        response = give(client)
    assert response.status_code == 507
    assert "disk" in detail(response)
    given(client)
    assert len(wall(client)["drawings"]) == 2


def test_nothing_of_the_room_is_kept_by_caches(client: FlaskClient) -> None:
    for path in ("/api/room", DRAWINGS, "/api/room/readings", "/api/room/join.svg"):
        response = client.get(path, headers={"Accept-Encoding": "gzip"})
        assert response.headers["Cache-Control"] == "no-store"
        assert "Content-Encoding" not in response.headers


def test_the_qr_code_is_black_on_white_with_a_margin(client: FlaskClient) -> None:
    svg = client.get("/api/room/join.svg").get_data(as_text=True)
    assert 'fill="#fff"' in svg
    assert 'stroke="#000"' in svg
    # The first module is four modules from the edge.
    assert re.search(r'd="M4 4\.5', svg)


def test_the_api_of_the_room_is_described(client: FlaskClient) -> None:
    paths = client.get("/openapi.json").get_json()["paths"]
    assert set(paths["/api/room"]) == {"get", "patch"}
    assert set(paths["/api/room/drawings/{number}"]) == {"get", "patch", "delete"}
    assert paths["/api/room/drawings"]["post"]["responses"]["201"]
    assert paths["/api/room/drawings"]["delete"]["security"] == [{"key": []}]
