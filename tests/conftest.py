"""Marks for all tests, and fixtures that need nothing but the server's own packages."""

import os
from collections.abc import Iterator
from pathlib import Path

# Before NumPy is imported. On a busy machine, the threads of OpenBLAS that wait for each other slow
# small decompositions down by a factor of ten and more.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import hypothesis
import pytest
from flask.testing import FlaskClient
from hypothesis import is_hypothesis_test

from server.web.app import create_app
from tests.support.factories import save_small_model
from tests.support.serving import serve

# What the tests of a file or folder need that a unit test does not: a browser, TensorFlow (which
# takes seconds to import), processes that they start, or the time for thousands of inputs. The
# longest path counts, and what is not listed is a unit test. Among a file's unit tests, one that
# starts a process has that mark itself.
MARKS = {
    "page": "browser",
    "storage/test_broken_files.py": "fuzz",
    "tools/test_benchmarks.py": "training",
    "tools/test_drawn.py": "browser",
    "tools/test_killed.py": "training",
    "tools/test_nondigits.py": "browser",
    "training": "training",
    "training/running/test_child_process.py": "process",
    "training/data": "unit",
    "training/outputs/test_report.py": "unit",
    "training/running/test_stopping.py": "process",
    "transport/test_connection.py": "process",
    "transport/test_http.py": "process",
    "transport/test_server.py": "process",
    "transport/test_workers.py": "process",
    "web/test_client.py": "process",
}


def mark_of(path: Path) -> str:
    """Return the mark of the tests of a file, or of all below a folder."""
    relative = path.relative_to(Path(__file__).parent)
    for part in (relative, *relative.parents):
        if mark := MARKS.get(part.as_posix()):
            return mark
    return "unit"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With `-m unit`, do not even import what is no unit test: that alone would take longer."""
    if config.option.markexpr != "unit" or mark_of(collection_path) == "unit":
        return None
    # Among the tests of `training` there are unit tests too.
    return True if collection_path.is_file() or collection_path.name == "page" else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test that has no mark of its own."""
    for item in items:
        if not any(item.get_closest_marker(mark) for mark in MARKS.values()):
            is_generated = is_hypothesis_test(getattr(item, "obj", None))
            item.add_marker("fuzz" if is_generated else mark_of(item.path))


# The same examples in every run, however long one of them takes on a busy machine.
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.load_profile("repeatable")


@pytest.fixture
def models(tmp_path: Path) -> Path:
    directory = tmp_path / "models"
    save_small_model(directory)
    return directory


@pytest.fixture
def client(models: Path) -> FlaskClient:
    return create_app(models).test_client()


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """Serve the demo as visitors get it, with its own models."""
    with serve() as url:
        yield url
