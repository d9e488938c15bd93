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
from http import HTTPStatus
from pathlib import Path

import numpy as np

from server.regression.shapes import PIXELS
from tests.killed import NAME, train
from tests.support.connection import Connection
from tests.support.factories import save_small_model
from tests.support.serving import serve

# How often a page looks, and how often a moving pen asks, in seconds.
WATCH_SECONDS = 0.5
PEN_SECONDS = 1 / 60

# How long each turn takes, and how many turns there are of each kind.
TURN_SECONDS = 5
TURNS = 3


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
