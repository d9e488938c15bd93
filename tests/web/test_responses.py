"""What goes over the wire: packed where the client takes that, and kept by the browser."""

import gzip
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from server.web.routes.static_files import version_of

GZIP = {"Accept-Encoding": "gzip, deflate, br"}

TEXTS = ["/", "/static/main.js", "/static/style.css", "/api/digits", "/openapi.json"]


@pytest.mark.parametrize("path", TEXTS)
def test_text_is_gzipped_where_that_is_accepted(client: FlaskClient, path: str) -> None:
    with client.get(path) as plain, client.get(path, headers=GZIP) as packed:
        assert plain.content_encoding is None
        assert packed.content_encoding == "gzip"
        assert gzip.decompress(packed.data) == plain.data
        assert len(packed.data) < len(plain.data) / 2
        for response in (plain, packed):
            assert "Accept-Encoding" in response.vary
            assert response.content_length == len(response.data)


@pytest.mark.parametrize("accepted", ["", "br", "identity", "gzip;q=0"])
def test_who_takes_no_gzip_gets_none(client: FlaskClient, accepted: str) -> None:
    with client.get("/", headers={"Accept-Encoding": accepted}) as response:
        assert response.content_encoding is None
        assert b"<!doctype html>" in response.data


def test_answers_about_drawings_pictures_and_short_answers_stay_as_they_are(
    client: FlaskClient,
) -> None:
    """The first would be packed anew each time, and the others would hardly shrink."""
    posted = client.post("/api/predict", json={"pixels": [0.5] * 784}, headers=GZIP)
    picture = client.get("/api/models/small/weights.png?scale=8", headers=GZIP)
    short = client.get("/healthz", headers=GZIP)
    for response in (posted, picture, short):
        assert response.status_code == 200
        assert response.content_encoding is None


@pytest.mark.parametrize("path", ["/", "/static/main.js", "/api/digits"])
@pytest.mark.parametrize("headers", [{}, GZIP], ids=["plain", "gzip"])
def test_a_cached_file_is_answered_with_304(
    client: FlaskClient, path: str, headers: dict[str, str]
) -> None:
    with client.get(path, headers=headers) as first:
        known = headers | {"If-None-Match": first.headers["ETag"]}
    with client.get(path, headers=known) as second:
        assert second.status_code == 304
        assert second.data == b""
        assert second.headers["ETag"] == first.headers["ETag"]
        assert "Accept-Encoding" in second.vary


def test_the_page_s_files_are_kept_for_good(client: FlaskClient) -> None:
    files = set(re.findall(r'(?:href|src)="(static/[^"]+)"', client.get("/").text))
    assert any(file.endswith("/style.css") for file in files)
    for file in files:
        with client.get(f"/{file}") as response:
            assert response.status_code == 200
            assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_another_version_of_a_file_is_sent_but_not_kept(client: FlaskClient) -> None:
    with client.get("/static/v-0/main.js") as response, client.get("/static/main.js") as newest:
        assert response.data == newest.data
        assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["/static/v-0/../main.js/", "/static/v-0/%2e%2e/app.py"])
def test_a_version_leads_nowhere_else(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_version_changes_with_any_file(tmp_path: Path) -> None:
    versions = [version_of(tmp_path)]
    file = tmp_path / "views" / "draw.js"
    file.parent.mkdir()
    for text in ("let a;", "let ab;", None):
        if text is None:
            file.unlink()
        else:
            file.write_text(text, encoding="utf-8")
        versions.append(version_of(tmp_path))
    assert len(set(versions)) == 4
    assert version_of(tmp_path) == versions[-1]
    (tmp_path / ".#lock").symlink_to("nowhere")
    assert version_of(tmp_path) != versions[-1]


@pytest.mark.parametrize("name", ["nowhere.css", "../server/x.css", "views", "%00.css"])
def test_a_missing_file_is_reported(client: FlaskClient, name: str) -> None:
    response = client.get(f"/static/v-0/{name}")
    assert response.status_code == 404
    assert response.content_type == "application/problem+json"
