"""A client generated from the API's own description works against the real server."""

import importlib
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from server.regression.shapes import DIGITS, PIXELS
from tests.support.digits import SEVEN
from tests.support.room import RoomServer, serve_room

GENERATOR = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none"]

# The generator knows neither images nor lines of JSON unless it is told to read them as bytes.
BYTES = "application/octet-stream"
KINDS = ("image/png", "image/svg+xml", "application/x-ndjson")
SETTINGS = {"content_type_overrides": dict.fromkeys(KINDS, BYTES), "post_hooks": []}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoomServer]:
    with serve_room(tmp_path_factory.mktemp("room") / "room.db") as server:
        yield server


@pytest.fixture(scope="module")
def server_url(room: RoomServer) -> str:
    """Return the URL of a server with all routes."""
    return room.url


@pytest.fixture(scope="module")
def generated(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Generate a client from the server's description, and import it."""
    directory = tmp_path_factory.mktemp("generated")
    document = directory / "openapi.json"
    with urllib.request.urlopen(f"{server_url}/openapi.json", timeout=10) as response:
        document.write_bytes(response.read())
    package = directory / "evidence_client"
    settings = directory / "settings.json"
    settings.write_text(json.dumps(SETTINGS))
    options = ["--path", document, "--output-path", package, "--config", settings]
    result = subprocess.run(
        [*GENERATOR, *map(str, options), "--fail-on-warning"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "WARNING" not in result.stdout + result.stderr
    sys.path.insert(0, str(directory))
    try:
        yield importlib.import_module("evidence_client")
    finally:
        sys.path.remove(str(directory))


def operation(name: str) -> Any:
    """Return the module of one operation of the generated client."""
    return importlib.import_module(f"evidence_client.api.default.{name}")


def test_a_generated_client_predicts(generated: Any, server_url: str) -> None:
    models = importlib.import_module("evidence_client.models")
    with generated.Client(base_url=server_url) as client:
        drawing = models.Drawing(pixels=[0.0] * (PIXELS - 1) + [1.0])
        answer = operation("answer_drawing").sync(client=client, body=drawing)
        assert isinstance(answer, models.Prediction)
        assert sum(answer.probabilities) == pytest.approx(1, abs=1e-4)
        assert len(answer.contributions) == DIGITS
        refused = operation("answer_drawing").sync(client=client, body=drawing, model="none")
        assert isinstance(refused, models.Problem)
        assert refused.status == 404


def test_a_generated_client_reads_every_answer(generated: Any, server_url: str) -> None:
    with urllib.request.urlopen(f"{server_url}/openapi.json", timeout=10) as response:
        paths = json.load(response)["paths"]
    with generated.Client(base_url=server_url) as client:
        for path, operations in paths.items():
            # No training is under way, and the name of a run is not known beforehand.
            if "get" not in operations or path.startswith(("/api/training/", "/api/histories/")):
                continue
            # These need the key of the room, or a drawing.
            if path in ("/api/room/drawings.jsonl", "/api/room/drawings/{number}"):
                continue
            example = "de" if path.startswith("/api/messages/") else "normalized"
            names = [example] * path.count("{")
            answer = operation(operations["get"]["operationId"]).sync(*names, client=client)
            assert answer is not None, path
            assert type(answer).__name__ != "Problem", path


def test_a_generated_client_gives_a_drawing_and_withdraws_it(
    generated: Any, room: RoomServer
) -> None:
    models = importlib.import_module("evidence_client.models")
    contribution = models.Contribution(strokes=[[list(point) for point in SEVEN[0]]], label=7)
    with generated.Client(base_url=room.url) as client:
        given = operation("give_drawing").sync(client=client, body=contribution)
        assert isinstance(given, models.Given)
        wall = operation("show_wall").sync(client=client)
        assert [drawing.label for drawing in wall.drawings] == [7]
    with generated.AuthenticatedClient(base_url=room.url, token=given.token) as client:
        removed = operation("remove_drawing").sync_detailed(str(given.id), client=client)
        assert removed.status_code == 204
    with generated.AuthenticatedClient(base_url=room.url, token=room.key) as client:
        lines = operation("download_drawings").sync(client=client)
        assert lines.payload.read() == b""
