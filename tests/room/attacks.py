"""`python -m tests.room.attacks`: what somebody without the key can do to a room.

Tries to remove, read, approve and export what belongs to others, to guess the key, to inject SQL
and HTML into every field, to send extreme strokes, and to flood the room. Prints one line of JSON:
how many requests of each attack were answered by which status, the slowest answer in seconds, the
server's memory in MB before and after, and whether the room is still as it was. Ends with status 1
if an attack succeeded.
"""

import argparse
import json
import re
import secrets
import socket
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from tests.support.digits import ONE, SEVEN
from tests.support.room import RoomServer, request, serve_room

DRAWINGS = "/api/room/drawings"

# How many requests of a flood are sent before their answers are read.
PIPELINED = 100

TEXTS = [
    "'; DROP TABLE drawings; --",
    "1 OR 1=1",
    '"><script>alert(1)</script>',
    "<img src=x onerror=alert(1)>",
    "{{7*7}}",
    "../../etc/passwd",
    "\x00",
    "𝟙",
    "A" * 5000,
]

# Requests that only the presenter may send.
OF_THE_PRESENTER: list[tuple[str, str, Any]] = [
    ("PATCH", "/api/room", {"open": False}),
    ("PATCH", "/api/room", {"approval": True}),
    ("PATCH", f"{DRAWINGS}/1", {"shown": False}),
    ("DELETE", f"{DRAWINGS}/1", None),
    ("DELETE", DRAWINGS, None),
    ("GET", f"{DRAWINGS}.jsonl", None),
]


class Attacks:
    """A server with a room, what it has answered to which attack, and the slowest answer."""

    def __init__(self, server: RoomServer) -> None:
        self.server = server
        self.statuses: dict[str, Counter[int]] = {}
        self.slowest = 0.0

    def send(self, attack: str, method: str, path: str, body: Any = None, key: str = "") -> int:
        """Send a request, and note the status of its answer."""
        start = time.perf_counter()
        status: int = request(self.server.url + path, method, body, key)[0]
        self.slowest = max(self.slowest, time.perf_counter() - start)
        self.statuses.setdefault(attack, Counter())[status] += 1
        return status

    def as_somebody_else(self, token: str) -> None:
        """Do what only the presenter may, without a key and with another drawing's token."""
        for method, path, body in OF_THE_PRESENTER:
            for key in ("", token):
                self.send("others' drawings and settings", method, path, body, key)

    def with_guessed_keys(self, count: int) -> None:
        """Do what only the presenter may, with random keys and with keys that are nearly right."""
        key = self.server.key
        near = [key[:-1], key + "A", key.swapcase(), key[::-1], f" {key[1:]}", key[:16]]
        for guess in near + [secrets.token_urlsafe(24) for _ in range(count)]:
            for method, path, body in OF_THE_PRESENTER:
                self.send("guessed keys", method, path, body, guess)

    def with_text_in_every_field(self) -> None:
        """Send SQL, HTML and other text where a number or a name belongs."""
        contribution = {"strokes": ONE, "label": 1, "token": secrets.token_hex(16)}
        for text in TEXTS:
            for field in ("strokes", "label", "model", "token"):
                self.send("text in fields", "POST", DRAWINGS, {**contribution, field: text})
            self.send("text in fields", "POST", DRAWINGS, {**contribution, text: 1})
            self.send(
                "text in fields", "POST", DRAWINGS, {**contribution, "strokes": [[[text, 0]]]}
            )
            for path in ("?after=", "?since=", "/"):
                method = "DELETE" if path == "/" else "GET"
                self.send("text in paths", method, f"{DRAWINGS}{path}{quote(text, safe='')}")
            self.send("text in paths", "GET", f"/api/room?device={quote(text, safe='')}")
            self.send("text in paths", "GET", f"/api/room/readings?model={quote(text, safe='')}")

    def with_extreme_strokes(self) -> None:
        """Send strokes that are too many, too long, too large, or no numbers."""
        across = [[0, 0], [1, 1], [0, 1], [1, 0]]
        for strokes in (
            [],
            [[]] * 5000,
            [across * 1251],
            [[[1e308, -1e308]]],
            [[[0.5] * 60_000]],
            [[[5, 5], [-5, -5]]],
            [[["NaN", 0]]],
        ):
            self.send("extreme strokes", "POST", DRAWINGS, {"strokes": strokes, "label": 1})
        for body in (
            b'{"strokes": [[[NaN, Infinity]]], "label": 1}',
            b'{"strokes": ' + b"[" * 60_000,
            b"\xff" * 1000,
            b'{"strokes": [[[0.5,0.5]]], "label": 1, "label": 2, "x": 3}',
            b" " * 200_000,
        ):
            self.send("extreme strokes", "POST", DRAWINGS, body)

    def flood(self, count: int) -> None:
        """Send contributions on one connection, without waiting for their answers."""
        statuses = self.statuses.setdefault("flood", Counter())
        body = json.dumps({"strokes": ONE, "label": 1}).encode()
        head = f"POST {DRAWINGS} HTTP/1.1\r\nHost: room\r\nContent-Type: application/json\r\n"
        head += f"Content-Length: {len(body)}\r\n\r\n"
        parts = urlsplit(self.server.url)
        address = (str(parts.hostname), parts.port or 80)
        sent = 0
        with socket.create_connection(address, timeout=60) as connection:
            while sent < count:
                batch = min(PIPELINED, count - sent)
                connection.sendall((head.encode() + body) * batch)
                statuses.update(_statuses(connection, batch))
                sent += batch


def _statuses(connection: socket.socket, count: int) -> list[int]:
    """Return the statuses of so many answers."""
    data = b""
    found: list[int] = []
    while len(found) < count:
        data += connection.recv(1 << 20)
        found = [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", data)]
    return found


def attack(flood: int, guesses: int) -> tuple[dict[str, Any], bool]:
    """Run all attacks; return the report, and whether the room resisted them."""
    with (
        tempfile.TemporaryDirectory() as folder,
        serve_room(Path(folder) / "room.db") as server,
    ):
        server.give(SEVEN, 7)
        token = server.give(ONE, 1)["token"]
        before = server.request("/api/room")[1]
        memory = server.megabytes()
        attacks = Attacks(server)
        attacks.as_somebody_else(token)
        attacks.with_guessed_keys(guesses)
        attacks.with_text_in_every_field()
        attacks.with_extreme_strokes()
        after = server.request("/api/room")[1]
        is_unchanged = {**after, "devices": 0} == {**before, "devices": 0}
        attacks.flood(flood)
        # Others are on other connections, which have limits of their own.
        server.give(SEVEN, 7)
        stored = server.request("/api/room/drawings.jsonl", key=server.key)[1].splitlines()
        labels = Counter(json.loads(line)["label"] for line in stored)
        flooded = attacks.statuses["flood"]
        refused = [
            status
            for name, statuses in attacks.statuses.items()
            for status in statuses
            if name != "flood" and not 400 <= status < 500
        ]
        resisted = (
            is_unchanged
            and not refused
            and set(flooded) <= {201, 429, 503}
            and labels == {7: 2, 1: 1 + flooded[201]}
        )
        report = {
            "attacks": {name: dict(found) for name, found in attacks.statuses.items()},
            "slowest_seconds": round(attacks.slowest, 2),
            "megabytes": [round(memory, 1), round(server.megabytes(), 1)],
            "room_is_unchanged": is_unchanged,
            "nothing_is_lost": labels == {7: 2, 1: 1 + flooded[201]},
        }
        return report, resisted


def main() -> None:
    """Attack, and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.room.attacks")
    parser.add_argument("--flood", type=int, default=100_000, help="contributions of the flood")
    parser.add_argument("--guesses", type=int, default=1000, help="random keys that are tried")
    arguments = parser.parse_args()
    report, resisted = attack(arguments.flood, arguments.guesses)
    print(json.dumps(report))
    sys.exit(0 if resisted else 1)


if __name__ == "__main__":
    main()
