"""`python -m tests.room.kills`: kill a server at random moments, and look for lost drawings.

Several threads give drawings to the room of a server as fast as it answers, until it is killed
without warning. Every drawing that was acknowledged must be in the file once. Prints one line of
JSON, and ends with status 1 if one is missing.
"""

import argparse
import hashlib
import http.client
import json
import random
import signal
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.digits import SEVEN
from tests.support.room import RoomServer, request, serve_room

GIVERS = 4


@dataclass
class Giver:
    """Gives drawings as fast as the server answers, until it is gone.

    `acknowledged` are the tokens of those that the server has acknowledged.
    """

    server: RoomServer
    name: str
    acknowledged: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Give drawings until the server cannot be reached."""
        while True:
            token = f"{self.name}-{len(self.acknowledged):020}"
            body = {"strokes": SEVEN, "label": 7, "token": token}
            # Each on a connection of its own: the number of drawings on one is limited.
            try:
                status, _ = request(f"{self.server.url}/api/room/drawings", "POST", body)
            except (OSError, http.client.HTTPException, json.JSONDecodeError):
                return
            if status == 201:
                self.acknowledged.append(token)


def kill(file: Path, seconds: float, *arguments: str) -> tuple[list[str], Counter[bytes]]:
    """Kill a server some seconds after it began to get drawings.

    :return: the tokens of the acknowledged drawings, and the digests of those in the file
    """
    with serve_room(file, *arguments) as server:
        givers = [Giver(server, f"{file.stem}-{number}") for number in range(GIVERS)]
        threads = [threading.Thread(target=giver.run) for giver in givers]
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        server.process.send_signal(signal.SIGKILL)
        for thread in threads:
            thread.join()
    acknowledged = [token for giver in givers for token in giver.acknowledged]
    with sqlite3.connect(file) as database:
        stored = Counter(token for (token,) in database.execute("SELECT token FROM drawings"))
    return acknowledged, stored


def lost(acknowledged: list[str], stored: Counter[bytes]) -> int:
    """Return how many acknowledged drawings are missing."""
    return sum(hashlib.sha256(token.encode()).digest() not in stored for token in acknowledged)


def main() -> None:
    """Kill servers, and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.room.kills")
    parser.add_argument("--times", type=int, default=10)
    arguments = parser.parse_args()
    report: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(arguments.times):
            file = Path(folder) / f"room-{number}.db"
            acknowledged, stored = kill(file, random.uniform(0.1, 2))
            report["kills"] += 1
            report["acknowledged"] += len(acknowledged)
            report["lost"] += lost(acknowledged, stored)
            report["duplicated"] += sum(stored.values()) - len(stored)
    print(json.dumps(report))
    sys.exit(1 if report["lost"] or report["duplicated"] else 0)


if __name__ == "__main__":
    main()
