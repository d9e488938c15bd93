"""`python -m server`: serve the demo until SIGINT, SIGTERM or SIGHUP."""

import argparse
import ipaddress
import logging
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

if __name__ == "__main__":
    # Before the server is ready there is nothing to clean up: Ctrl-C ends it without a message.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from server.room.errors import RoomBusyError, RoomError, RoomStorageError
from server.room.room import Room, is_local_url, local_address, open_room
from server.storage.archive import FILE_SUFFIX
from server.storage.model_file import MODELS
from server.system.network import format_host, reachable_addresses
from server.system.paths import expand_home
from server.system.standard_streams import output_failure, tolerate_output_errors
from server.translations.languages import TAGS, Language, find_language
from server.transport.serving import Served, serve
from server.transport.workers import WorkerError, serve_with_workers

_log = logging.getLogger(__name__)

MAX_PORT = 65_535


def main() -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP, then shut down gracefully, with exit status 0."""
    arguments = parse_arguments()
    try:
        listener = listen(arguments.host, arguments.port)
    except (OSError, OverflowError, TypeError, ValueError) as error:
        sys.exit(f"Cannot serve on {format_host(arguments.host)}:{arguments.port}: {error}")

    room = None
    if arguments.room is not None:
        try:
            room = open_room(arguments.room, listener)
            room.database.forget_devices()
        except (RoomError, RoomBusyError, RoomStorageError) as error:
            sys.exit(f"Cannot serve: {error}")

    def announce() -> None:
        port = listener.getsockname()[1]
        messages = (
            f"Serving on http://{format_host(arguments.host)}:{port}",
            describe_exposure(listener, room),
            describe_room(listener, room),
            describe_models(arguments.models),
        )
        print("\n".join(message for message in messages if message), flush=True)
        if (failure := output_failure()) is not None:
            _log.warning("Standard output cannot be written: %s", failure)

    served = Served(arguments.models, arguments.room, arguments.language)
    if arguments.workers == 1:
        serve(listener, served, announce, room=room)
        return
    try:
        serve_with_workers(arguments.workers, listener, served, announce)
    except WorkerError as error:
        sys.exit(f"Cannot serve: {error}")


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; for `::`, all addresses, a dual-stack one (IPv4 and IPv6).

    A name that has addresses of both kinds stands for its IPv4 address.

    :raise OSError: the address is not this machine's, is unknown, or is in use
    :raise OverflowError: the port is out of range
    :raise TypeError: the host contains bytes that are not text
    :raise ValueError: the host cannot be encoded for a DNS lookup
    """
    if not 0 <= port <= MAX_PORT:
        raise OverflowError(f"a port is a number from 0 to {MAX_PORT}")
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, *_, address = min(found, key=lambda info: info[0] != socket.AF_INET)
    # Explicit, because by default Linux listens on both and Windows only on IPv6.
    is_dual = address[0] == "::" and socket.has_dualstack_ipv6()
    # The address of an IPv6 interface (fe80::1%eth0) has its number too.
    return socket.create_server(address, family=family, dualstack_ipv6=is_dual)


def describe_exposure(listener: socket.socket, room: Room | None) -> str:
    """Return a message about who can reach a listening socket; empty if only this machine can."""
    host, port = listener.getsockname()[:2]
    address = ipaddress.ip_address(host.partition("%")[0])
    if address.is_loopback:
        return ""
    reachable = reachable_addresses(listener)
    if reachable:
        address = reachable[0].ip
    allowed = "and change nothing"
    if room is not None:
        allowed = "give drawings to the room, and change nothing else"
    return (
        "Open to everyone who can reach this machine over the network, at "
        f"http://{format_host(str(address))}:{port}: "
        f"they can draw, see all models and trainings, {allowed}."
    )


def describe_room(listener: socket.socket, room: Room | None) -> str:
    """Return the URL that phones open, and the one of the presenter; empty without a room."""
    if room is None:
        return ""
    state = room.database.read_state()
    join = room.join_url(state)
    lines = [f"Join: {join}", f"Presenter: {local_address(listener).url}#key={state.key}"]
    if is_local_url(join):
        lines.append("Only this machine can join: --host 0.0.0.0 lets phones in.")
    return "\n".join(lines)


def describe_models(directory: Path) -> str:
    """Return a message about a directory without model files; empty if it has any."""
    try:
        has_any = any(path.suffix == FILE_SUFFIX for path in directory.iterdir())
    except OSError:
        # It cannot be read, which the log says.
        return ""
    if has_any:
        return ""
    return (
        f"There is no model in {str(directory)!r}, so nothing can be predicted. "
        "`python -m training --models DIR` saves one there, which is then loaded."
    )


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
    parser.add_argument(
        "--room",
        type=parse_file,
        metavar="FILE",
        help="let people give their drawings to a room, which is stored in FILE; it is created if "
        "it is missing",
    )
    parser.add_argument(
        "--language",
        type=parse_language,
        metavar="TAG",
        help=f"language of the page, one of {TAGS} (default: the language of each browser)",
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

    An IPv4-mapped IPv6 address becomes the IPv4 address: an IPv6 socket cannot listen on it.

    :raise argparse.ArgumentTypeError: it is empty
    """
    host = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if not host.strip():
        # An empty host would mean all addresses.
        raise argparse.ArgumentTypeError("it is empty; accepted: an address or a name")
    with suppress(ValueError):
        mapped = ipaddress.IPv6Address(host).ipv4_mapped
        return host if mapped is None else str(mapped)
    # An IPv4 address or a name.
    return host


def parse_directory(text: str) -> Path:
    """Return the path of a directory.

    :raise argparse.ArgumentTypeError: it does not exist, or is not a directory
    """
    path = expand_home(text)
    # An empty path would mean the current directory.
    if not text or not os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises on some paths
        kind = "is not a directory" if text and os.path.exists(path) else "does not exist"  # noqa: PTH110
        raise argparse.ArgumentTypeError(f"{text!r} {kind}; accepted: a directory of model files")
    return path


def parse_file(text: str) -> Path:
    """Return the path of a file.

    :raise argparse.ArgumentTypeError: it is empty
    """
    if not text.strip() or "\0" in text:
        raise argparse.ArgumentTypeError(f"{text!r} is not the name of a file")
    return expand_home(text)


def parse_language(text: str) -> Language:
    """Return the language with a tag.

    :raise argparse.ArgumentTypeError: the page is not offered in it
    """
    language = find_language(text)
    if language is None:
        raise argparse.ArgumentTypeError(f"there is no language {text!r}; accepted: {TAGS}")
    return language


if __name__ == "__main__":
    tolerate_output_errors()
    main()
