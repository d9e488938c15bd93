"""One browser's connection to the server, for the tools that simulate many visitors."""

import asyncio
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlsplit


@dataclass
class Connection:
    """A keep-alive connection, opened by the first request and reopened after the server closes it.

    `etag`, `headers` and `body` are those of the last response.
    """

    url: str
    etag: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    _streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(
        self, request: str, body: bytes = b"", kind: str = "application/octet-stream"
    ) -> int:
        """Send a request, conditional on the last ETag; return the status of the response.

        :param request: method and path
        :param kind: the body's content type
        """
        if self._streams is None:
            parts = urlsplit(self.url)
            self._streams = await asyncio.open_connection(parts.hostname, parts.port)
        reader, writer = self._streams
        head = f"{request} HTTP/1.1\r\nHost: room\r\nContent-Length: {len(body)}\r\n"
        head += "Accept-Encoding: gzip\r\n"
        if body:
            head += f"Content-Type: {kind}\r\n"
        if self.etag:
            head += f"If-None-Match: {self.etag}\r\n"
        writer.write(head.encode() + b"\r\n" + body)
        answer = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        fields = (line.split(": ", 1) for line in answer[1:] if line)
        self.headers = {name.lower(): value for name, value in fields}
        self.etag = self.headers.get("etag", "")
        status = int(answer[0].split()[1])
        if status != HTTPStatus.NOT_MODIFIED:
            self.body = await reader.readexactly(int(self.headers["content-length"]))
        if self.headers.get("connection") == "close":
            self.close()
        return status

    def close(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None
