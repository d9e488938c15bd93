"""The app under waitress, in one process."""

import logging
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from waitress import create_server

from server.app import MAX_BODY_BYTES, create_app
from server.channel import serve_quick_answers_at_once

try:
    import resource
except ImportError:
    resource = None  # type: ignore[assignment]

# Predictions are made where their requests are read, so that these are for all the rest; waitress
# reads slow clients' requests beside its threads, whatever their number.
THREADS = 2

# A browser keeps several open. A room full of phones needs more than waitress's 100; Windows waits
# for no more than 512.
CONNECTIONS = 480

# Files that the server has open beside its connections, with room to spare.
OTHER_FILES = 100


def serve(listener: socket.socket, models: Path, ready: Callable[[], None]) -> None:
    """Serve a directory's models until SIGINT or SIGTERM, and finish what is under way.

    :param ready: called as soon as requests are answered
    """
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    # A page asks for its dozen files at once; that some wait for a thread is no cause for alarm.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    allow_open_files(CONNECTIONS + OTHER_FILES)
    server = create_server(
        create_app(models),
        sockets=[listener],
        threads=THREADS,
        connection_limit=CONNECTIONS,
        asyncore_use_poll=True,
        max_request_body_size=4 * MAX_BODY_BYTES,
        ident=None,
    )
    serve_quick_answers_at_once(server)
    signal.signal(signal.SIGTERM, stop)
    ready()
    server.run()


def stop(_signal: int, _frame: FrameType | None) -> None:
    """Handle a signal by ending the process with 0."""
    # Waitress takes it as the word to finish its requests and return.
    raise SystemExit(0)


def allow_open_files(count: int) -> None:
    """Let this process open so many files; macOS allows 256 unless it is asked for more."""
    # Windows has no such limit, and no such module.
    if resource is not None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        unlimited = resource.RLIM_INFINITY
        if soft != unlimited and soft < count:
            most = count if hard == unlimited else min(count, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
