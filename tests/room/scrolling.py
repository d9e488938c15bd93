"""`python -m tests.room.scrolling`: how smoothly a wall of many drawings scrolls.

Scrolls the wall in headless Chromium, by 300 px in each frame. Prints one line of JSON: the time
between frames in ms, median and 95th percentile, with few drawings and with many. It measures; it
is no test.
"""

import argparse
import json
import secrets
import tempfile
from pathlib import Path

import numpy as np

from server.room.database import RoomDatabase
from server.room.drawings import Reading
from tests.browser import launch_browser
from tests.support.digits import read_drawings
from tests.support.room import serve_room

WINDOW = {"width": 1920, "height": 1080}

FEW = 20

# Returns the times between frames, in ms, while the page is scrolled.
FRAMES = """async () => {
  const times = [];
  let last = await new Promise(requestAnimationFrame);
  for (let frame = 0; frame < 120; frame++) {
    scrollBy(0, 300);
    const now = await new Promise(requestAnimationFrame);
    times.push(now - last);
    last = now;
  }
  return times;
}"""

COUNT_IS = """(count) => document.querySelector("#wall").childElementCount === count"""


def measure(drawings: list[dict[str, object]]) -> dict[str, float]:
    """Return the median and the 95th percentile of the time between frames, in ms."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "room.db"
        database = RoomDatabase(file)
        for drawing in drawings:
            strokes = json.dumps(drawing["strokes"]).encode()
            label = int(str(drawing["label"]))
            database.add(strokes, label, secrets.token_hex(16), Reading(label, True, "another"))
        with serve_room(file) as room, launch_browser() as browser:
            page = browser.new_page(viewport=WINDOW)
            page.goto(f"{room.url}/#view=room")
            page.wait_for_function(COUNT_IS, arg=len(drawings))
            page.wait_for_selector("#room-words:text('has read the wall again')", timeout=60_000)
            times = page.evaluate(FRAMES)
    return {
        "median": round(float(np.percentile(times, 50)), 1),
        "p95": round(float(np.percentile(times, 95)), 1),
    }


def main() -> None:
    """Measure, and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.room.scrolling")
    parser.add_argument("file", type=Path, metavar="FILE.jsonl[.gz]")
    parser.add_argument("--drawings", type=int, default=2000)
    arguments = parser.parse_args()
    drawings = read_drawings(arguments.file, arguments.drawings)
    few, many = measure(drawings[:FEW]), measure(drawings)
    print(json.dumps({"few": few, "many": many, "drawings": len(drawings)}))


if __name__ == "__main__":
    main()
