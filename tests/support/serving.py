"""The real server in a child process."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Running:
    """A running server: its URL and its process."""

    url: str
    process: subprocess.Popen[str]

    @property
    def pid(self) -> int:
        """The ID of the server's process."""
        return self.process.pid

    def megabytes(self) -> float:
        """Return the resident memory, in MB, of the server's process and its child processes."""
        pids = [
            *subprocess.run(
                ["pgrep", "-P", str(self.pid)], capture_output=True, text=True, check=False
            ).stdout.split(),
            str(self.pid),
        ]
        listed = subprocess.check_output(["ps", "-o", "rss=", "-p", ",".join(pids)], text=True)
        return sum(map(int, listed.split())) / 1024


@contextmanager
def running(arguments: list[str], stderr: int | None = None) -> Iterator[Running]:
    """Run a Python program that prints `Serving on URL`; terminate it at the end of the context.

    :raise RuntimeError: it prints something else, or nothing
    """
    command = [sys.executable, *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            match = re.fullmatch(r"Serving on (http://\S+)\n", line)
            if match is None:
                raise RuntimeError(f"{' '.join(arguments)} did not start; it printed {line!r}")
            yield Running(match[1], process)
        finally:
            process.terminate()


@contextmanager
def serve(*arguments: str) -> Iterator[str]:
    """Run `python -m server` on a free port; yield its URL."""
    with running(["-m", "server", "--port", "0", *arguments]) as server:
        yield server.url
