"""`python -m tests.pictures`: takes the README's picture and its animation of the page in use.

Runs the real server, and writes `static/screenshot.png` and `static/demo.webp`.
"""

import argparse
from pathlib import Path

from server.system.atomic_write import write_atomically
from tests.browser import launch_browser
from tests.pictures.files import animated_webp
from tests.pictures.scenes import film_use, take_still
from tests.support.serving import ROOT, serve


def main() -> None:
    """Take the pictures and print their sizes."""
    parser = argparse.ArgumentParser(prog="python -m tests.pictures", description=__doc__)
    parser.add_argument("--to", type=Path, default=ROOT / "static", metavar="DIR")
    directory = parser.parse_args().to
    with serve() as url, launch_browser() as browser:
        still = take_still(browser, url)
        film = film_use(browser, url)
    animation = animated_webp(film.frames, film.durations)
    for name, content in {"screenshot.png": still, "demo.webp": animation}.items():
        path = write_atomically(directory / name, content)
        print(f"{path}: {len(content) / 1000:.0f} kB")
    print(f"{len(film.frames)} frames, {sum(film.durations) / 1000:.1f} s")


if __name__ == "__main__":
    main()
