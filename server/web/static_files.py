"""The page's files, at addresses that change when any of them does: a browser asks for each once.

Modules name each other by relative addresses, so that the page's version of one leads to that of
all others.
"""

import hashlib
import time
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, send_from_directory

from server.web.responses import cached_forever

STATIC = Path(__file__).parents[2] / "static"


def static_version() -> str:
    """Return the version of the page's files; they are looked at once a second."""
    return _version_at(int(time.monotonic()))


@lru_cache(maxsize=1)
def _version_at(_second: int) -> str:
    return version_of(STATIC)


def version_of(directory: Path) -> str:
    """Return what changes whenever a file in a directory is added, changed or removed."""
    files = sorted(
        (path.relative_to(directory).as_posix(), status.st_mtime_ns, status.st_size)
        for path in directory.rglob("*")
        # An editor's lock may be a link that leads nowhere.
        for status in [path.lstat()]
    )
    return hashlib.sha256(repr(files).encode()).hexdigest()[:16]


def register_static_files(app: Flask) -> None:
    """Add the route; `url_for("static_file", version=…, filename=…)` gives a file's address."""

    @app.get("/static/v-<version>/<path:filename>")
    def static_file(version: str, filename: str) -> Response:
        response = send_from_directory(STATIC, filename)
        # Files that were replaced are sent to a page that is older, but not to be kept as its own.
        return cached_forever(response) if version == static_version() else response
