"""A server with a room, and drawings to give to it."""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.digits import SEVEN, Stroke
from tests.support.serving import Running, running


@dataclass(frozen=True)
class RoomServer(Running):
    """A running server with a room: its file, and the presenter's key and URL."""

    file: Path
    key: str
    presenter_url: str

    def request(self, path: str, method: str = "GET", body: Any = None, key: str = "") -> Any:
        """Return the status, and the JSON of the response, or its bytes."""
        return request(self.url + path, method, body, key)

    def give(self, strokes: list[Stroke] = SEVEN, label: int = 7, **more: Any) -> Any:
        """Give a drawing; return the response's JSON."""
        body = {"strokes": strokes, "label": label, **more}
        status, answer = self.request("/api/room/drawings", "POST", body)
        assert status == 201, answer
        return answer


@contextmanager
def serve_room(file: Path, *arguments: str) -> Iterator[RoomServer]:
    """Run `python -m server --room FILE` on a free port."""
    with running(["-m", "server", "--port", "0", "--room", str(file), *arguments]) as server:
        assert server.process.stdout is not None
        lines = ""
        while "Presenter: " not in lines:
            line = server.process.stdout.readline()
            assert line, lines
            lines += line
        match = re.search(r"Presenter: (http://\S+#key=(\S+))\n", lines)
        assert match is not None, lines
        yield RoomServer(server.url, server.process, file, match[2], match[1])


def request(url: str, method: str = "GET", body: Any = None, key: str = "") -> Any:
    """Return the status of a response, and its JSON, or its bytes if it is something else."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    data = None
    if body is not None:
        headers["Content-Type"] = "application/json"
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = urllib.request.Request(url, data, headers, method=method)
    try:
        with urllib.request.urlopen(sent, timeout=20) as response:
            status, kind, content = (
                response.status,
                response.headers["Content-Type"],
                response.read(),
            )
    except urllib.error.HTTPError as error:
        status, kind, content = error.code, error.headers["Content-Type"], error.read()
    is_json = kind in ("application/json", "application/problem+json")
    return status, json.loads(content) if is_json else content
