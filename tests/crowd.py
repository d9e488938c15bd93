"""`python -m tests.crowd`: a room full of people who all draw at once.

Each opens the page with all that it loads, and has its two connections then. One asks for a
prediction every 100 ms while the pen is down, and for a whole one when it is lifted, as the page
does, never before the last answer is there; the other looks twice a second what is being trained.
Strokes, and the rests between them and between drawings, are of random lengths. Prints how long
answers took, in ms, while people came in and afterwards, how many requests were answered by what
status, and the server's memory in MB, as one line of JSON. It measures; it is no test.

With `--givers N`, the server has a room, all pages look every three seconds whether it is open,
and N of the people give each drawing to it. This is done twice, first without and then with
contributions. Printed are then both, the ratio of the live answers' p99, how many drawings were
acknowledged, and how many of those are missing in the room's file or in it twice.
"""

import argparse
import asyncio
import gc
import gzip
import hashlib
import json
import re
import sqlite3
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import numpy as np

from server.regression.shapes import DIGITS, PIXELS
from tests.support.connection import Connection
from tests.support.serving import Running, running

LIVE = "POST /api/predict?fields=digest,probabilities,evidence"
WHOLE = f"{LIVE},pixels,placement,doubt,distance"

BYTES = "application/octet-stream"
JSON = "application/json"

# How often a pen that is down asks, and a page looks, in seconds.
PEN_SECONDS = 0.1
WATCH_SECONDS = 0.5

# How often a page looks whether the room is open, in seconds.
ROOM_SECONDS = 3.0

# The points of a drawing that is given to the room.
POINTS = 100

# The shortest and longest of each, in seconds.
STROKE_SECONDS = (0.3, 1.5)
LIFT_SECONDS = (0.2, 0.6)
LOOK_SECONDS = (1.0, 3.0)
STROKES = (1, 2)

# People come in over so long, are settled after so long, and are measured from then on.
ARRIVAL_SECONDS = 10
SETTLED_SECONDS = 12

SAMPLE_SECONDS = 1


@dataclass
class Measured:
    """What all people saw together."""

    milliseconds: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    # The tokens of the drawings whose storage the server has acknowledged.
    given: list[str] = field(default_factory=list)

    async def give(self, connection: Connection, strokes: list[object], token: str) -> None:
        """Give a drawing to the room, with the same token until it is acknowledged."""
        body = {"strokes": strokes, "label": len(self.given) % DIGITS, "token": token}
        connection.body = b""
        while not connection.body.startswith(b'{"id":'):
            await self.ask(
                "give", connection, "POST /api/room/drawings", json.dumps(body).encode(), JSON
            )
        self.given.append(token)

    async def ask(
        self,
        kind: str,
        connection: Connection,
        request: str,
        body: bytes = b"",
        content_type: str = BYTES,
    ) -> None:
        """Send a request and keep how that went; after a 503, wait as long as it says."""
        start = time.perf_counter()
        try:
            status = await connection.send(request, body, content_type)
        except (OSError, asyncio.IncompleteReadError) as error:
            self.errors[type(error).__name__] += 1
            connection.close()
            await asyncio.sleep(1)
            return
        self.statuses[status] += 1
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            await asyncio.sleep(int(connection.headers["retry-after"]))
            return
        self.milliseconds.setdefault(kind, []).append(1000 * (time.perf_counter() - start))

    def percentiles(self) -> dict[str, dict[str, float]]:
        """Return how long answers of each kind took, in ms; p100 is the longest."""
        return {
            kind: {
                f"p{percent}": round(float(np.percentile(times, percent)), 1)
                for percent in (50, 95, 99, 100)
            }
            for kind, times in sorted(self.milliseconds.items())
        }


async def draw(
    url: str, measured: Measured, random: np.random.Generator, *, is_giver: bool = False
) -> None:
    """Draw one digit after the other, and give each to the room if this is a giver."""
    connection = Connection(url)
    try:
        while True:
            pixels = random.integers(256, size=PIXELS, dtype=np.uint8).tobytes()
            for _ in range(random.integers(*STROKES, endpoint=True)):
                lifted = time.perf_counter() + random.uniform(*STROKE_SECONDS)
                while (now := time.perf_counter()) < lifted:
                    connection.etag = ""
                    await measured.ask("live", connection, LIVE, pixels)
                    await asyncio.sleep(max(0, now + PEN_SECONDS - time.perf_counter()))
                await measured.ask("whole", connection, WHOLE, pixels)
                await asyncio.sleep(random.uniform(*LIFT_SECONDS))
            await asyncio.sleep(random.uniform(*LOOK_SECONDS))
            if is_giver:
                connection.etag = ""
                points = np.clip(0.5 + random.normal(0, 0.02, (POINTS, 2)).cumsum(axis=0), 0, 1)
                await measured.give(connection, [points.tolist()], random.bytes(16).hex())
    finally:
        connection.close()


async def watch_room(url: str, measured: Measured) -> None:
    """Look every few seconds whether the room is open."""
    connection = Connection(url)
    try:
        while True:
            await measured.ask("room", connection, "GET /api/room")
            await asyncio.sleep(ROOM_SECONDS)
    finally:
        connection.close()


async def watch(url: str, measured: Measured) -> None:
    """Look twice a second what is being trained."""
    connection = Connection(url)
    try:
        while True:
            await measured.ask("watch", connection, "GET /api/training")
            await asyncio.sleep(WATCH_SECONDS)
    finally:
        connection.close()


async def open_page(url: str, measured: Measured) -> None:
    """Get the page and its files, one after another."""
    connection = Connection(url)
    try:
        await measured.ask("page", connection, "GET /")
        files = re.findall(
            r'(?:href|src)="(static/[^"]+)"', gzip.decompress(connection.body).decode()
        )
        for file in files:
            connection.etag = ""
            await measured.ask("file", connection, f"GET /{file}")
    finally:
        connection.close()


async def visit(
    url: str, measured: Measured, number: int, arrival: float, *, has_room: bool, is_giver: bool
) -> None:
    """Come in, open the page, draw, and have it look."""
    await asyncio.sleep(arrival)
    await open_page(url, measured)
    random = np.random.default_rng(number)
    activities = [draw(url, measured, random, is_giver=is_giver), watch(url, measured)]
    if has_room:
        activities.append(watch_room(url, measured))
    await asyncio.gather(*activities)


async def fill_room(
    server: Running, people: int, seconds: float, *, has_room: bool = False, givers: int = 0
) -> tuple[dict[str, Any], list[str]]:
    """Let people draw for so long.

    :param givers: how many of them give their drawings to the room
    :return: all that is to be said of it, and the tokens of the acknowledged drawings
    """
    measured = Measured()
    arrivals = np.linspace(0, ARRIVAL_SECONDS, people, endpoint=False)
    before = round(server.megabytes(), 1)
    room = [
        asyncio.create_task(
            visit(
                server.url, measured, number, arrival, has_room=has_room, is_giver=number < givers
            )
        )
        for number, arrival in enumerate(arrivals)
    ]
    await asyncio.sleep(SETTLED_SECONDS)
    opened = {kind: measured.percentiles().get(kind) for kind in ("page", "file")}
    arrival_statuses = dict(measured.statuses)
    measured.milliseconds.clear()
    measured.statuses.clear()
    measured.errors.clear()
    start = time.perf_counter()
    memory = []
    while time.perf_counter() < start + seconds:
        await asyncio.sleep(SAMPLE_SECONDS)
        memory.append(round(server.megabytes(), 1))
    took = time.perf_counter() - start
    for task in room:
        task.cancel()
    ended = await asyncio.gather(*room, return_exceptions=True)
    failures = [error for error in ended if not isinstance(error, asyncio.CancelledError)]
    if failures:
        raise RuntimeError(failures[0])
    report = {
        "people": people,
        "opening_ms": opened,
        "opening_statuses": arrival_statuses,
        "seconds": round(took),
        "per_second": {
            kind: round(len(times) / took) for kind, times in sorted(measured.milliseconds.items())
        },
        "ms": measured.percentiles(),
        "statuses": dict(sorted(measured.statuses.items())),
        "errors": dict(measured.errors),
        "megabytes": {
            "before": before,
            "after_arrival": memory[0],
            "end": memory[-1],
            "most": max(memory),
        },
    }
    return report, measured.given


def compare_givers(workers: str, people: int, givers: int, seconds: float) -> dict[str, object]:
    """Fill a room without and with contributions; compare, and look for lost drawings."""
    reports = []
    for count in (0, givers):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "room.db"
            options = ["--port", "0", "--workers", workers, "--room", str(file)]
            with running(["-m", "server", *options]) as server:
                filled = fill_room(server, people, seconds, has_room=True, givers=count)
                report, given = asyncio.run(filled)
            reports.append(report)
            with sqlite3.connect(file) as database:
                stored = Counter(
                    token for (token,) in database.execute("SELECT token FROM drawings")
                )
    digests = {hashlib.sha256(token.encode()).digest() for token in given}
    without, with_givers = (report["ms"]["live"]["p99"] for report in reports)
    return {
        "without": reports[0],
        "with": reports[1],
        "live_p99_ratio": round(with_givers / without, 2),
        "given": len(given),
        "lost": len(digests - set(stored)),
        "duplicated": sum(stored.values()) - len(stored),
        "stored_but_not_acknowledged": len(set(stored) - digests),
    }


def main() -> None:
    """Serve, fill the room, and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.crowd")
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--givers", type=int, default=0)
    arguments = parser.parse_args()
    # The tool's own garbage collections would be measured as the server's delays.
    gc.freeze()
    people, seconds, workers = arguments.people, arguments.seconds, str(arguments.workers)
    if arguments.givers:
        report = compare_givers(workers, people, arguments.givers, seconds)
    else:
        with running(["-m", "server", "--port", "0", "--workers", workers]) as server:
            report, _ = asyncio.run(fill_room(server, people, seconds))
    print(json.dumps(report))


if __name__ == "__main__":
    main()
