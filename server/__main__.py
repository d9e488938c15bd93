"""`python -m server`: serve the demo until it is told to stop."""

import argparse
import ipaddress
import os
import socket
import sys
from pathlib import Path

from server.model import MODELS
from server.serving import serve
from server.workers import WorkerError, serve_with_workers


def main() -> None:
    """Serve until SIGINT or SIGTERM, then finish what is under way and leave with 0."""
    arguments = parse_arguments()
    host, port = arguments.host, arguments.port
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        sys.exit(f"Cannot serve on {host}:{port}: {error}")

    def announce() -> None:
        url_host = f"[{host}]" if ":" in host else host
        print(f"Serving on http://{url_host}:{listener.getsockname()[1]}", flush=True)
        exposed = describe_exposure(listener)
        if exposed:
            print(exposed, flush=True)

    if arguments.workers == 1:
        serve(listener, arguments.models, announce)
        return
    try:
        serve_with_workers(arguments.workers, listener, arguments.models, announce)
    except WorkerError as error:
        sys.exit(f"Cannot serve: {error}")


def describe_exposure(listener: socket.socket) -> str:
    """Say to whom a listening socket is open; nothing where it is to this machine alone."""
    host, port = listener.getsockname()[:2]
    address = ipaddress.ip_address(host.partition("%")[0])
    if address.is_loopback:
        return ""
    if address.is_unspecified:
        address = own_address(listener.family) or address
    shown = f"[{address}]" if address.version == 6 else str(address)
    return (
        f"Open to everyone who can reach this machine over the network, at http://{shown}:{port}: "
        "they can draw, see all models and trainings, and change nothing."
    )


def own_address(family: int) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return this machine's address in the network that it uses; None where it is in none."""
    # Addresses that are documentation's own: nothing is sent until there is something to send.
    elsewhere = "2001:db8::1" if family == socket.AF_INET6 else "192.0.2.1"
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((elsewhere, 9))
        except OSError:
            return None
        return ipaddress.ip_address(probe.getsockname()[0])


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m server", description="Serve the demo.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8000, help="0 takes a free one")
    parser.add_argument("--models", type=Path, default=MODELS, help="directory of model files")
    parser.add_argument("--workers", type=int, default=1, help="processes, for many visitors")
    arguments = parser.parse_args()
    if arguments.workers < 1:
        parser.error("--workers takes 1 or more")
    if arguments.workers > 1 and os.name == "nt":
        parser.error("--workers takes 1 on Windows, where processes share no listening socket")
    return arguments


if __name__ == "__main__":
    main()
