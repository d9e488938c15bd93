"""`python -m tests.fuzz`: what the API makes of tens of thousands of generated requests.

Schemathesis reads /openapi.json of the running server and sends what it allows and what it does
not, all of its checks on. Meanwhile somebody draws. Prints, as one line of JSON, how many requests
there were, how the one who draws was answered, in ms, and the server's memory in MB; leaves with 1
where a check failed. With `--room`, the server has a room, and the requests have its key.
"""

import argparse
import asyncio
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from tests.crowd import Measured, draw
from tests.support.room import serve_room
from tests.support.serving import Running, running


async def fuzz(server: Running, key: str, examples: int, seed: int) -> tuple[str, int, Measured]:
    """Run Schemathesis beside one who draws; return its output, its exit code and what they saw."""
    measured = Measured()
    drawing = asyncio.create_task(draw(server.url, measured, np.random.default_rng(seed)))
    with tempfile.TemporaryDirectory() as directory:
        process = await asyncio.create_subprocess_exec(
            Path(sys.executable).parent / "schemathesis",
            "run",
            f"{server.url}/openapi.json",
            "--checks=all",
            f"--max-examples={examples}",
            f"--seed={seed}",
            *(options_for(key) if key else []),
            cwd=directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        output, _ = await process.communicate()
    drawing.cancel()
    await asyncio.gather(drawing, return_exceptions=True)
    assert process.returncode is not None
    return output.decode(), process.returncode, measured


def options_for(key: str) -> list[str]:
    """Return Schemathesis's options for a server with a room."""
    # A schema cannot say that there must be ink on the pad, or which addresses the machine has.
    unsuitable = "--exclude-checks=positive_data_acceptance"
    return [f"--header=Authorization: Bearer {key}", unsuitable]


@contextmanager
def serve(*, has_room: bool) -> Iterator[tuple[Running, str]]:
    """Run a server; yield it, and the key of its room, empty without one."""
    if not has_room:
        with running(["-m", "server", "--port", "0"]) as server:
            yield server, ""
        return
    with tempfile.TemporaryDirectory() as folder, serve_room(Path(folder) / "room.db") as server:
        yield server, server.key


def main() -> None:
    """Serve, fuzz, and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--examples", type=int, default=1500, help="for each operation")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--room", action="store_true", help="the API of a room, too")
    arguments = parser.parse_args()
    with serve(has_room=arguments.room) as (server, key):
        before = server.megabytes()
        output, code, measured = asyncio.run(fuzz(server, key, arguments.examples, arguments.seed))
        after = server.megabytes()
    if code:
        print(output)
    match = re.search(r"(\d+) generated", output)
    report = {
        "requests": int(match[1]) if match else None,
        "failed": code != 0,
        "drawing_ms": measured.percentiles(),
        "drawing_statuses": dict(measured.statuses),
        "megabytes": {"before": round(before, 1), "after": round(after, 1)},
    }
    print(json.dumps(report))
    sys.exit(code)


if __name__ == "__main__":
    main()
