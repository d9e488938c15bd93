"""Standard output and error that tolerate write errors, such as a closed pipe or a full disk.

By default `print` would raise an exception, which would end a training.
"""

import io
import os
import sys
from typing import TextIO

# Standard input, output and error.
_LAST_STANDARD_DESCRIPTOR = 2


class _TolerantOutput(io.TextIOWrapper):
    """A text stream that discards everything after the first write error, `failure`."""

    failure: OSError | None = None

    def write(self, text: str, /) -> int:
        try:
            return super().write(text)
        except OSError as error:
            self._discard(error)
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            self._discard(error)

    def _discard(self, error: OSError) -> None:
        self.failure = self.failure or error
        # Python writes what it has buffered again, at the latest when it exits.
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, self.fileno())
        os.close(null)


def tolerate_output_errors() -> None:
    """Replace `sys.stdout` and `sys.stderr` by streams that tolerate write errors.

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
    """Flush standard output, and return its first write error, or None."""
    sys.stdout.flush()
    return sys.stdout.failure if isinstance(sys.stdout, _TolerantOutput) else None


def exit_if_output_failed() -> None:
    """Exit with a message if something could not be written to standard output."""
    if (failure := output_failure()) is not None:
        sys.exit(f"Standard output cannot be written: {failure}")


def _tolerant(stream: TextIO | None, descriptor: int) -> TextIO:
    """Return a stream that writes to the same file.

    :param stream: None if the descriptor was closed when the process was started
    """
    if sys.platform != "win32":
        # Python cannot write to a pipe that is full and does not block.
        os.set_blocking(descriptor, True)
    if not isinstance(stream, io.TextIOWrapper):
        binary = open(descriptor, "wb", closefd=False)  # noqa: SIM115
        return _TolerantOutput(binary, encoding="utf-8", errors="backslashreplace")
    return _TolerantOutput(
        stream.buffer,
        encoding=stream.encoding,
        errors="backslashreplace" if stream.errors == "strict" else stream.errors,
        line_buffering=True,
        write_through=stream.write_through,
    )
