"""The real server in a process of its own."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent


@contextmanager
def serve(*arguments: str) -> Iterator[str]:
    """Run `python -m server` on a free port; yield its URL and stop it in the end."""
    command = [sys.executable, "-m", "server", "--port", "0", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            match = re.fullmatch(r"Serving on (http://\S+)\n", line)
            if match is None:
                raise RuntimeError(f"The server did not start; it printed {line!r}")
            yield match[1]
        finally:
            process.terminate()
