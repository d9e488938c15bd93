"""A client generated from the API's own description works against the real server."""

import importlib
import json
import subprocess
import sys
import urllib.request
from typing import Any

import pytest

from server.regression.shapes import DIGITS, PIXELS

GENERATOR = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none"]

# The generator knows no images unless it is told to read them as bytes.
SETTINGS = {"content_type_overrides": {"image/png": "application/octet-stream"}, "post_hooks": []}


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
            example = "de" if path.startswith("/api/messages/") else "normalized"
            names = [example] * path.count("{")
            answer = operation(operations["get"]["operationId"]).sync(*names, client=client)
            assert answer is not None, path
            assert type(answer).__name__ != "Problem", path
