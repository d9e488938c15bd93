"""The page's files, at URLs with a version, so that browsers cache them permanently.

The version changes when any file does. Modules import each other by relative URLs, so all modules
of a page have the same version.

The bundles and the style sheets are served without comments and indentation, which are about half
of them. The scripts of the page's bundle can still be read at their own URLs.
"""

import hashlib
import re
import time
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, send_from_directory
from rjsmin import jsmin
from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join

from server.web.common.responses import cached_forever
from server.web.common.script_bundle import bundle_scripts, bundled_scripts

STATIC = Path(__file__).parents[3] / "static"

# The script that the page loads, and the name of the bundle that it is served in. The bundle is in
# the folder of the one script that has URLs relative to its own.
ENTRY = "main.js"
BUNDLE = "page/bundle.js"

# The script that takes the presenter's key out of the address. It is a bundle of its own, because
# the import map would make it wait for the page's.
ARRIVAL = "page/arrival.js"

_ENTRIES = {BUNDLE: ENTRY, ARRIVAL: ARRIVAL}

# In a style sheet. The style sheets have no strings that contain comments.
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_INDENTATION = re.compile(r"\n\s*")


def static_version() -> str:
    """Return the version of the page's files, checked at most once a second."""
    return _version_at(int(time.monotonic()))


@lru_cache(maxsize=1)
def _version_at(_second: int) -> str:
    return version_of(STATIC)


def version_of(directory: Path) -> str:
    """Return a digest that changes when a file of a directory is added, changed or removed."""
    files = sorted(
        (path.relative_to(directory).as_posix(), status.st_mtime_ns, status.st_size)
        for path in directory.rglob("*")
        # `lstat`, because an editor's lock file may be a broken link.
        for status in [path.lstat()]
    )
    return hashlib.sha256(repr(files).encode()).hexdigest()[:16]


@lru_cache(maxsize=len(_ENTRIES))
def minified_bundle(_version: str, filename: str = BUNDLE) -> str:
    """Return a bundle of a version of the page's files.

    :param filename: relative to STATIC
    """
    script: str = jsmin(bundle_scripts(_ENTRIES[filename], STATIC))
    return script


@lru_cache(maxsize=32)
def minified_styles(_version: str, filename: str) -> str:
    """Return a style sheet of a version of the page's files.

    :param filename: relative to STATIC
    :raise NotFound: there is no such file
    """
    path = safe_join(str(STATIC), filename)
    try:
        styles = Path(path or "").read_text("utf-8")
    # A name with a null character is a ValueError.
    except (OSError, ValueError) as error:
        raise NotFound from error
    return _INDENTATION.sub("\n", _COMMENT.sub("", styles))


def bundled_files() -> list[str]:
    """Return the files whose code the bundle has, relative to STATIC."""
    return bundled_scripts(ENTRY, STATIC)


def register_static_files(app: Flask) -> None:
    """Add the route; `url_for("static_file", version=…, filename=…)` gives a file's address."""

    @app.get("/static/v-<version>/<path:filename>")
    def static_file(version: str, filename: str) -> Response:
        if filename in _ENTRIES:
            script = minified_bundle(static_version(), filename)
            response = Response(script, mimetype="text/javascript")
        elif filename.endswith(".css"):
            response = Response(minified_styles(static_version(), filename), mimetype="text/css")
        else:
            response = send_from_directory(STATIC, filename)
        # A page of an older version gets the new files, but must not cache them under its version.
        return cached_forever(response) if version == static_version() else response
