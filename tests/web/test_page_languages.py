"""The page in the languages that it is offered in."""

import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest
from flask.testing import FlaskClient

from server.room.room import Room
from server.translations.catalogs import load_messages
from server.translations.languages import LANGUAGES
from server.web.app import create_app
from server.web.routes.static_files import STATIC
from tests.support.serving import ROOT, serve

HTML = re.compile(r'<html lang="([^"]*)" dir="([^"]*)"')
MESSAGES = re.compile(
    r'<script type="application/json" id="messages" data-others="(?P<others>.*?)">'
    r"(?P<first>.*?)</script>"
)


@pytest.mark.parametrize("tag", LANGUAGES)
def test_the_page_says_which_language_it_is_in(client: FlaskClient, tag: str) -> None:
    response = client.get("/", headers={"Accept-Language": tag})
    found = HTML.search(response.text)
    assert found
    assert found.groups() == (tag, LANGUAGES[tag].direction)
    assert response.headers["Content-Language"] == tag
    assert "Accept-Language" in response.headers["Vary"]
    title = load_messages(LANGUAGES[tag]).translations.gettext("Change its mind")
    assert title in response.text


@pytest.mark.parametrize(
    "query",
    [
        "language=de).",
        "language=de.",
        "language=de;",
        "language=%22de%22",
        "language=de%20",
        "language=%E2%80%8Bde",
        "language=3Dde",
        "amp;language=de",
        "x=1&amp;language=de",
        "Language=DE",
    ],
)
def test_a_changed_link_keeps_its_language(client: FlaskClient, query: str) -> None:
    response = client.get(f"/?{query}", headers={"Accept-Language": "fr"})
    assert response.headers["Content-Language"] == "de"


@pytest.mark.parametrize("query", ["language=", "language=.", "language=nonsense", "tongue=de"])
def test_a_link_to_no_language_gets_that_of_the_browser(client: FlaskClient, query: str) -> None:
    response = client.get(f"/?{query}", headers={"Accept-Language": "fr"})
    assert response.headers["Content-Language"] == "fr"


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/)", "./"),
        ("/,", "./"),
        ("/%20", "./"),
        ("/%E2%80%8B", "./"),
        ("/).?language=de", "./?language=de"),
        ("/%23view=weights&drawing=gAAgAA", "./#view=weights&drawing=gAAgAA"),
        ("/%23key%3DK%0D%0A", "./#key=K%0D%0A"),
        (
            "/?language=de%23view=softmax&drawing=gAAgAA",
            "./?language=de#view=softmax&drawing=gAAgAA",
        ),
        ("/?%2523view=weights", "./#view=weights"),
    ],
)
def test_a_changed_link_leads_to_the_page(client: FlaskClient, path: str, location: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.headers["Location"]) == (302, location)


@pytest.mark.parametrize("path", ["/nowhere", "/x)", "/)/)", "/nowhere%23", "/index.html"])
def test_another_path_is_not_found(client: FlaskClient, path: str) -> None:
    for method in ("GET", "POST"):
        assert client.open(path, method=method).status_code == 404


@pytest.mark.parametrize("tag", sorted(set(LANGUAGES) - {"en"}))
def test_all_messages_of_scripts_are_in_the_page_or_loaded_on_demand(
    client: FlaskClient, tag: str
) -> None:
    found = MESSAGES.search(client.get(f"/?language={tag}").text)
    assert found
    response = client.get(f"/{found['others']}")
    assert "immutable" in response.headers["Cache-Control"]
    first, others = json.loads(found["first"]), response.get_json()
    assert len(first) > 50
    assert len(others) > 100
    assert not set(first) & set(others)
    scripts = [f"static/{path.relative_to(STATIC).as_posix()}" for path in STATIC.rglob("*.js")]
    assert first | others == load_messages(LANGUAGES[tag]).of_scripts(scripts)


def test_the_page_of_a_room_has_the_messages_of_the_room(models: Path, tmp_path: Path) -> None:
    room = Room(tmp_path / "room.db", list)
    client = create_app(models, room=room).test_client()
    found = MESSAGES.search(client.get("/?language=de").text)
    assert found
    assert "Was it right?" not in found["first"]
    assert "First say which digit it was." in json.loads(found["first"])


def test_an_unknown_language_has_no_messages(client: FlaskClient) -> None:
    response = client.get("/api/messages/xx")
    assert response.status_code == 404
    assert "Accepted: en, de," in response.text


def test_the_english_page_has_no_translations(client: FlaskClient) -> None:
    assert not MESSAGES.search(client.get("/").text)


def test_the_url_and_the_server_choose_the_language(models: Path) -> None:
    client = create_app(models, language=LANGUAGES["fr"]).test_client()
    for url, header, tag in [("/", "de", "fr"), ("/?language=ja", "de", "ja")]:
        response = client.get(url, headers={"Accept-Language": header})
        assert response.headers["Content-Language"] == tag


def test_an_unknown_language_in_the_url_is_ignored(client: FlaskClient) -> None:
    response = client.get("/?language=xx&utm_source=mail", headers={"Accept-Language": "es"})
    assert response.status_code == 200
    assert response.headers["Content-Language"] == "es"


def test_a_browser_revalidates_each_language_by_itself(client: FlaskClient) -> None:
    tags = {client.get(f"/?language={tag}").headers["ETag"] for tag in LANGUAGES}
    assert len(tags) == len(LANGUAGES)
    known = client.get("/?language=de").headers["ETag"]
    assert client.get("/?language=de", headers={"If-None-Match": known}).status_code == 304
    assert client.get("/?language=fr", headers={"If-None-Match": known}).status_code == 200


def test_the_command_line_says_which_languages_there_are() -> None:
    command = [sys.executable, "-m", "server", "--language", "klingon"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert f"there is no language 'klingon'; accepted: {', '.join(LANGUAGES)}" in result.stderr


def test_the_command_line_chooses_the_language() -> None:
    with serve("--language", "JA") as url, urlopen(url) as response:
        assert response.headers["Content-Language"] == "ja"
