"""`python -m server`: serve the demo until SIGINT or SIGTERM."""

import argparse
import ipaddress
import os
import socket
import sys
from pathlib import Path

from server.storage.model_file import MODELS
from server.transport.serving import serve
from server.transport.workers import WorkerError, serve_with_workers


def main() -> None:
    """Serve until SIGINT or SIGTERM, then shut down gracefully, with exit status 0."""
    arguments = parse_arguments()
    try:
        listener = listen(arguments.host, arguments.port)
    except (OSError, OverflowError, ValueError) as error:
        sys.exit(f"Cannot serve on {format_host(arguments.host)}:{arguments.port}: {error}")

    def announce() -> None:
        port = listener.getsockname()[1]
        print(f"Serving on http://{format_host(arguments.host)}:{port}", flush=True)
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


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; for `::`, all addresses, a dual-stack one (IPv4 and IPv6).

    :raise OSError: the address is not this machine's, is unknown, or is in use
    :raise OverflowError: the port is out of range
    :raise ValueError: the host cannot be encoded for a DNS lookup
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Explicit, because by default Linux listens on both and Windows only on IPv6.
    is_dual = host == "::" and socket.has_dualstack_ipv6()
    return socket.create_server((host, port), family=family, dualstack_ipv6=is_dual)


def format_host(host: str) -> str:
    """Return a host as in a URL: IPv6 addresses in brackets."""
    return f"[{host}]" if ":" in host else host


def describe_exposure(listener: socket.socket) -> str:
    """Return a message about who can reach a listening socket; empty if only this machine can."""
    host, port = listener.getsockname()[:2]
    address = ipaddress.ip_address(host.partition("%")[0])
    if address.is_loopback:
        return ""
    if address.is_unspecified:
        # IPv4 addresses are easier to type than IPv6.
        own = own_address(socket.AF_INET) if is_dual_stack(listener) else None
        address = own or own_address(listener.family) or address
    return (
        "Open to everyone who can reach this machine over the network, at "
        f"http://{format_host(str(address))}:{port}: "
        "they can draw, see all models and trainings, and change nothing."
    )


def is_dual_stack(listener: socket.socket) -> bool:
    """Tell whether an IPv6 socket also accepts IPv4 connections."""
    return listener.family == socket.AF_INET6 and not listener.getsockopt(
        socket.IPPROTO_IPV6, socket.IPV6_V6ONLY
    )


def own_address(family: int) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return this machine's address on its default route; None without a network."""
    # Addresses reserved for documentation: connecting a UDP socket only selects a route.
    destination = "2001:db8::1" if family == socket.AF_INET6 else "192.0.2.1"
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((destination, 9))
        except OSError:
            return None
        return ipaddress.ip_address(probe.getsockname()[0])


def parse_arguments() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(prog="python -m server", description="Serve the demo.")
    parser.add_argument(
        "--host",
        type=parse_host,
        default="127.0.0.1",
        help="address to listen on; 0.0.0.0 for all of IPv4, :: for all (default: %(default)s)",
    )
    parser.add_argument(
        "--port", type=int, default=8000, help="0 takes a free one (default: %(default)s)"
    )
    parser.add_argument(
        "--models",
        type=parse_directory,
        default=MODELS,
        metavar="DIR",
        help="directory of model files (default: %(default)s)",
    )
    parser.add_argument(
        "--workers", type=int, default=1, metavar="N", help="processes (default: %(default)s)"
    )
    arguments = parser.parse_args()
    if arguments.workers < 1:
        parser.error("--workers takes 1 or more")
    if arguments.workers > 1 and os.name == "nt":
        parser.error(
            "--workers takes 1 on Windows, where processes cannot share a listening socket"
        )
    return arguments


def parse_host(text: str) -> str:
    """Return an address without the brackets that an IPv6 address may have.

    :raise argparse.ArgumentTypeError: it is empty
    """
    host = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if not host:
        # An empty host would mean all addresses.
        raise argparse.ArgumentTypeError("it is empty; accepted: an address or a name")
    return host


def parse_directory(text: str) -> Path:
    """Return the path of a directory.

    :raise argparse.ArgumentTypeError: it does not exist, or is not a directory
    """
    # An empty path would mean the current directory.
    if not text or not os.path.isdir(text):  # noqa: PTH112 - Path.is_dir raises on some paths
        kind = "is not a directory" if text and os.path.exists(text) else "does not exist"  # noqa: PTH110
        raise argparse.ArgumentTypeError(f"{text!r} {kind}; accepted: a directory of model files")
    return Path(text)


if __name__ == "__main__":
    main()
