"""The marks of all tests, and fixtures that several folders of tests use."""

import os
from collections.abc import Iterator
from pathlib import Path

# NumPy reads this at import. On a busy machine, several threads of OpenBLAS make small
# decompositions ten times slower, because they wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import hypothesis
import pytest
from flask.testing import FlaskClient
from hypothesis import is_hypothesis_test

from server.web.app import create_app
from tests.support.factories import save_small_model
from tests.support.serving import serve

# The mark of each file or folder whose tests are not unit tests; the longest matching path counts.
# They need a browser, TensorFlow (which takes seconds to import), processes that they start, or the
# time for thousands of inputs. A single test that differs from its file has its own mark.
MARKS = {
    "engines": "browser",
    "page": "browser",
    "room/test_server.py": "process",
    "storage/test_broken_files.py": "fuzz",
    "tools/test_benchmarks.py": "training",
    "tools/test_drawn.py": "browser",
    "tools/test_killed.py": "training",
    "tools/test_nondigits.py": "browser",
    "training": "training",
    "training/running/test_child_process.py": "process",
    "training/data": "unit",
    "training/data/test_signals.py": "process",
    "training/outputs/test_report.py": "unit",
    "training/running/test_stopping.py": "process",
    "transport/test_connection.py": "process",
    "transport/test_http.py": "process",
    "transport/test_server.py": "process",
    "transport/test_workers.py": "process",
    "web/test_client.py": "process",
}


def mark_of(path: Path) -> str:
    """Return the mark of the tests of a file or folder."""
    relative = path.relative_to(Path(__file__).parent)
    for part in (relative, *relative.parents):
        if mark := MARKS.get(part.as_posix()):
            return mark
    return "unit"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With `-m unit`, do not import other tests: importing takes longer than the unit tests."""
    if config.option.markexpr != "unit" or mark_of(collection_path) == "unit":
        return None
    # The folder `training` has the mark "training", but some of its files have unit tests.
    is_of_browsers = collection_path.name in ("page", "engines")
    return True if collection_path.is_file() or is_of_browsers else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test that has no mark of its own."""
    for item in items:
        if not any(item.get_closest_marker(mark) for mark in MARKS.values()):
            is_generated = is_hypothesis_test(getattr(item, "obj", None))
            item.add_marker("fuzz" if is_generated else mark_of(item.path))


# Hypothesis generates the same examples in every run, and has no time limit, which a busy machine
# would exceed.
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
    """Serve the demo with the models that come with it; return the URL."""
    with serve() as url:
        yield url
