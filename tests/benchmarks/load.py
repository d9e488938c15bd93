"""Load: how many of the page's live requests a server answers in a second.

`wrk` sends them where it is installed (Debian and Homebrew have it). Elsewhere a process with plain
sockets does; it takes more of the machine, so that only figures of the same kind compare.
"""

import re
import selectors
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from server.regression.shapes import PIXELS
from server.storage.sample_digits import load_digits

PATH = "/api/predict?model=normalized&fields=digest%2Cprobabilities%2Cevidence"
POOLED_PATH = PATH.replace("normalized", "pooled")
TYPE = "application/octet-stream"

WRK = shutil.which("wrk")

# wrk reads the body as a Lua script gives it, in escapes.
SCRIPT = """
wrk.method = "POST"
wrk.body = "{body}"
wrk.headers["Content-Type"] = "{type}"
"""


def drawing() -> bytes:
    """Return a real digit as its 784 bytes."""
    return b64decode(load_digits().digits[0].pixels)


def requests_per_second(url: str, connections: int, seconds: float, path: str = PATH) -> float:
    """Keep so many connections busy for so long; every answer must be a 200."""
    if WRK is None:
        command = [sys.executable, "-m", "tests.benchmarks.load", url, str(connections)]
        return float(subprocess.check_output([*command, str(seconds), path], text=True))
    body = "".join(f"\\{byte:03d}" for byte in drawing())
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(SCRIPT.format(body=body, type=TYPE))
        script.flush()
        command = [WRK, "--threads", "1", "--connections", str(connections)]
        command += ["--duration", f"{seconds:.0f}s", "--script", script.name]
        # A slow peer is slow, and not broken.
        command += ["--timeout", "30s", url + path]
        output = subprocess.check_output(command, text=True)
    if "Non-2xx" in output or "Socket errors" in output:
        raise RuntimeError(f"{url} did not answer all requests:\n{output}")
    match = re.search(r"Requests/sec: +([\d.]+)", output)
    assert match is not None
    return float(match[1])


def request_bytes(path: str = PATH) -> bytes:
    """Return a live request as it goes over the wire."""
    head = f"POST {path} HTTP/1.1\r\nHost: room\r\nContent-Type: {TYPE}\r\n"
    return f"{head}Content-Length: {PIXELS}\r\n\r\n".encode() + drawing()


def connect(url: str) -> socket.socket:
    """Open a connection."""
    parts = urlsplit(url)
    connection = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


@contextmanager
def stalled(url: str, count: int, half: bytes | None = None) -> Iterator[None]:
    """Let so many clients each hold a request that is half sent, a live one unless given."""
    half = half or request_bytes()[: -PIXELS // 2]
    connections = [connect(url) for _ in range(count)]
    try:
        for connection in connections:
            connection.sendall(half)
        # They have been read, and wait for the rest, before anything is measured.
        time.sleep(0.2)
        yield
    finally:
        for connection in connections:
            connection.close()


def answer(connection: socket.socket, request: bytes) -> bytes:
    """Send one request and return the whole answer."""
    connection.sendall(request)
    received = connection.recv(1 << 20)
    while not _is_whole(received):
        received += connection.recv(1 << 20)
    if not received.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(received[:200].decode("latin-1"))
    return received


def _is_whole(received: bytes) -> bool:
    head, separator, body = received.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    return bool(separator and length and len(body) >= int(length[1]))


def main() -> None:
    """Print how many requests a second a URL answers: URL CONNECTIONS SECONDS PATH."""
    url, count, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    request = request_bytes(sys.argv[4])
    answered = 0
    with selectors.DefaultSelector() as selector:
        for _ in range(count):
            connection = connect(url)
            connection.sendall(request)
            selector.register(connection, selectors.EVENT_READ)
        start = time.perf_counter()
        while time.perf_counter() - start < seconds:
            for key, _ in selector.select(seconds):
                ready = key.fileobj
                assert isinstance(ready, socket.socket)
                received = ready.recv(1 << 16)
                while not _is_whole(received):
                    received += ready.recv(1 << 16)
                if not received.startswith(b"HTTP/1.1 200 "):
                    raise RuntimeError(received[:200].decode("latin-1"))
                answered += 1
                ready.sendall(request)
        print(answered / (time.perf_counter() - start))


if __name__ == "__main__":
    main()
