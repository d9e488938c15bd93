"""HTTP requests as raw bytes."""

import http.client
import socket
from urllib.parse import urlsplit


def send(url: str, request: bytes) -> tuple[int, str, bytes]:
    """Send raw bytes; return the status, the content type and the body of the response."""
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(request)
        response = http.client.HTTPResponse(connection)
        response.begin()
        return response.status, response.getheader("Content-Type", ""), response.read()
