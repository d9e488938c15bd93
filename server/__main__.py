"""`python -m server`: serve the demo under waitress until it is told to stop."""

import argparse
import logging
import signal
import socket
import sys
from pathlib import Path
from types import FrameType

from waitress import create_server

from server.app import MAX_BODY_BYTES, create_app
from server.channel import serve_quick_answers_at_once
from server.model import MODELS

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


def main() -> None:
    """Serve until SIGINT or SIGTERM, then finish what is under way and leave with 0."""
    arguments = parse_arguments()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    # A page asks for its dozen files at once; that some wait for a thread is no cause for alarm.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    allow_open_files(CONNECTIONS + OTHER_FILES)
    app = create_app(arguments.models)
    host, port = arguments.host, arguments.port
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        sys.exit(f"Cannot serve on {host}:{port}: {error}")
    server = create_server(
        app,
        sockets=[listener],
        threads=THREADS,
        connection_limit=CONNECTIONS,
        asyncore_use_poll=True,
        max_request_body_size=4 * MAX_BODY_BYTES,
        ident=None,
    )
    serve_quick_answers_at_once(server)
    signal.signal(signal.SIGTERM, _stop)
    url_host = f"[{host}]" if ":" in host else host
    print(f"Serving on http://{url_host}:{server.effective_port}", flush=True)
    server.run()


def allow_open_files(count: int) -> None:
    """Let this process open so many files; macOS allows 256 unless it is asked for more."""
    # Windows has no such limit, and no such module.
    if resource is not None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        unlimited = resource.RLIM_INFINITY
        if soft != unlimited and soft < count:
            most = count if hard == unlimited else min(count, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m server", description="Serve the demo.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8000, help="0 takes a free one")
    parser.add_argument("--models", type=Path, default=MODELS, help="directory of model files")
    return parser.parse_args()


def _stop(_signal: int, _frame: FrameType | None) -> None:
    # waitress takes SystemExit as the word to finish its requests and return.
    raise SystemExit(0)


if __name__ == "__main__":
    main()
