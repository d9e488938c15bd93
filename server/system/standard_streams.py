"""Standard output and error whose reader may leave, or whose disk may be full.

Python raises an exception where it prints. A training must not end for that.
"""

import io
import os
import sys
from typing import Any, TextIO

# Standard input, output and error.
_LAST_STANDARD_DESCRIPTOR = 2


class _TolerantFile(io.RawIOBase):
    """Passes on what is written until an error; `failure` is that error, or None."""

    def __init__(self, raw: io.RawIOBase) -> None:
        super().__init__()
        self.failure: OSError | None = None
        self._raw = raw

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._raw.isatty()

    def fileno(self) -> int:
        return self._raw.fileno()

    def write(self, content: Any, /) -> int | None:
        if self.failure is None:
            try:
                return self._raw.write(content)
            except OSError as error:
                self.failure = error
        return memoryview(content).nbytes


def tolerate_output_errors() -> None:
    """Replace `sys.stdout` and `sys.stderr` by streams that discard what cannot be written.

    Characters that a stream's encoding does not have are escaped. Call this first in a process: if
    one of the descriptors 0 to 2 is closed, the next file that is opened gets it, and TensorFlow
    writes its messages there.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= _LAST_STANDARD_DESCRIPTOR:
        continue
    os.close(descriptor)
    sys.stdout = _tolerant(sys.stdout, 1)
    sys.stderr = _tolerant(sys.stderr, 2)


def output_failure() -> OSError | None:
    """Return the error that kept something from standard output; None if all is written."""
    sys.stdout.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return raw.failure if isinstance(raw, _TolerantFile) else None


def _tolerant(stream: TextIO | None, descriptor: int) -> TextIO:
    """Return a stream that writes to the same file; None is a closed descriptor."""
    raw = getattr(getattr(stream, "buffer", None), "raw", None)
    if raw is None:
        raw = io.FileIO(descriptor, "w", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(_TolerantFile(raw)),
        encoding="utf-8" if stream is None else stream.encoding,
        errors="backslashreplace",
        line_buffering=True,
    )
