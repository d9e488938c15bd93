"""`python -m tests.viewers`: what it costs one who draws that a room watches a training.

The page of each viewer looks twice a second what is being trained. Measured is how long one
drawing visitor's predictions take while a training runs, without viewers and with them, in turns.
Prints one line of JSON, times in milliseconds. It measures; it is no test.
"""

import argparse
import asyncio
import json
import tempfile
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from server.shapes import PIXELS
from tests.conftest import save_small_model
from tests.killed import NAME, train
from tests.serving import serve

# How often a page looks, and how often a moving pen asks, in seconds.
WATCH_SECONDS = 0.5
PEN_SECONDS = 1 / 60

# How long each turn takes, and how many turns there are of each kind.
TURN_SECONDS = 5
TURNS = 3


@dataclass
class Connection:
    """One browser's kept-alive connection."""

    url: str
    etag: str = ""
    _streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = field(default=None)

    async def send(self, request: str, body: bytes = b"") -> int:
        """Send a request line and a body; return the answer's status."""
        if self._streams is None:
            parts = urlsplit(self.url)
            self._streams = await asyncio.open_connection(parts.hostname, parts.port)
        reader, writer = self._streams
        head = f"{request} HTTP/1.1\r\nHost: room\r\nContent-Length: {len(body)}\r\n"
        if body:
            head += "Content-Type: application/octet-stream\r\n"
        if self.etag:
            head += f"If-None-Match: {self.etag}\r\n"
        writer.write(head.encode() + b"\r\n" + body)
        answer = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in answer[1:] if line)
        self.etag = headers.get("etag", "")
        status = int(answer[0].split()[1])
        if status != HTTPStatus.NOT_MODIFIED:
            await reader.readexactly(int(headers["content-length"]))
        return status

    def close(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            self._streams[1].close()


async def watch(url: str, start: float) -> None:
    """Look twice a second, and take W where something is new, as the Training view does."""
    connection = Connection(url)
    await asyncio.sleep(start)
    try:
        while True:
            if await connection.send("GET /api/training") == HTTPStatus.OK:
                known, connection.etag = connection.etag, ""
                await connection.send(f"GET /api/training/{NAME}/weights")
                connection.etag = known
            await asyncio.sleep(WATCH_SECONDS)
    finally:
        connection.close()


async def draw(url: str, seconds: float) -> list[float]:
    """Ask as a moving pen does; return how long each answer took, in ms."""
    connection = Connection(url)
    times = []
    pixels = np.random.default_rng(0).integers(256, size=PIXELS, dtype=np.uint8).tobytes()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        await connection.send("POST /api/predict?fields=digest,probabilities,evidence", pixels)
        connection.etag = ""
        times.append(1000 * (time.perf_counter() - start))
        await asyncio.sleep(PEN_SECONDS)
    connection.close()
    return times


async def measure(url: str, viewers: int) -> dict[str, dict[str, float]]:
    """Take turns without and with viewers; return the medians and the 95th percentiles."""
    times: dict[str, list[float]] = {"alone": [], "with_viewers": []}
    for _ in range(TURNS):
        times["alone"] += await draw(url, TURN_SECONDS)
        starts = np.linspace(0, WATCH_SECONDS, viewers, endpoint=False)
        watching = [asyncio.create_task(watch(url, start)) for start in starts]
        await asyncio.sleep(WATCH_SECONDS)
        times["with_viewers"] += await draw(url, TURN_SECONDS)
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
    return {
        kind: {
            f"p{percent}": round(float(np.percentile(taken, percent)), 2) for percent in (50, 95)
        }
        for kind, taken in times.items()
    }


def main() -> None:
    """Serve, train, watch, draw, and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.viewers")
    parser.add_argument("--viewers", type=int, default=200)
    viewers = parser.parse_args().viewers
    with tempfile.TemporaryDirectory() as directory:
        models = Path(directory)
        save_small_model(models)
        with (
            serve("--models", directory) as url,
            train(models, "--steps", "1000000") as training,
        ):
            while not list((models / "training").glob("*.npz")):
                time.sleep(0.1)
            time.sleep(8)
            result = asyncio.run(measure(url, viewers))
            training.kill()
    print(json.dumps({"viewers": viewers, **result}))


if __name__ == "__main__":
    main()
