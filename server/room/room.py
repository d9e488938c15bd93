"""A room as the server uses it: its file, its limit on contributions, and the address to join."""

import ipaddress
import logging
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import inf
from pathlib import Path
from urllib.parse import urlsplit

from server.room.database import RoomDatabase
from server.room.drawings import RoomState
from server.room.errors import RoomBusyError, RoomStorageError
from server.room.rate_limit import RateLimit
from server.system.network import format_host, is_dual_stack, reachable_addresses

_log = logging.getLogger(__name__)

# How many drawings one connection may give in how many seconds.
MAX_CONTRIBUTIONS = 30
CONTRIBUTION_SECONDS = 60.0

DEFAULT_PORT = 80

# How long the machine's addresses are kept, because every page asks for the room's state.
ADDRESS_SECONDS = 2.0


@dataclass(frozen=True)
class JoinAddress:
    """A URL that phones may open, the network adapter that it leads to, and whether it is virtual.

    A virtual adapter belongs to a VPN, a container or a virtual machine.
    """

    url: str
    interface: str
    is_virtual: bool


class Room:
    """A room's file, its limit on contributions, and its addresses.

    :param addresses: returns the URLs at which the server can be reached, the best first
    :param create: whether to create the file if it is missing
    :raise RoomError: the file is not a room, or is missing, or cannot be created
    """

    def __init__(
        self, path: Path, addresses: Callable[[], list[JoinAddress]], *, create: bool = True
    ) -> None:
        self.database = RoomDatabase(path, create=create)
        self._device_counter = ThreadPoolExecutor(1, "devices")
        # Those that are being counted.
        self._new_devices: set[str] = set()
        self.contributions = RateLimit(MAX_CONTRIBUTIONS, CONTRIBUTION_SECONDS)
        self._find_addresses = addresses
        self._addresses: list[JoinAddress] = []
        self._expiry = -inf

    def count_device(self, device: str) -> None:
        """Count a device that has joined, once.

        It is counted in a thread of its own: a write waits for the disk and for other writers, and
        every page tells its device whenever it asks for the room's state.
        """
        if device in self._new_devices or self.database.has_device(device):
            return
        self._new_devices.add(device)
        self._device_counter.submit(self._add_device, device)

    def _add_device(self, device: str) -> None:
        try:
            self.database.add_device(device)
        except (RoomBusyError, RoomStorageError) as error:
            # The room can be used without the count.
            _log.warning("A device cannot be counted: %s", error)
        finally:
            self._new_devices.discard(device)

    def addresses(self) -> list[JoinAddress]:
        """Return the URLs at which the server can be reached, the best first.

        The machine may join a network while the server runs.
        """
        now = time.monotonic()
        if now >= self._expiry:
            self._addresses = self._find_addresses()
            self._expiry = now + ADDRESS_SECONDS
        return self._addresses

    def join_url(self, state: RoomState) -> str:
        """Return the URL that phones open: the presenter's choice while it exists, or the best."""
        urls = [address.url for address in self.addresses()]
        return state.join_url if state.join_url in urls else urls[0]


def open_room(path: Path, listener: socket.socket, *, create: bool = True) -> Room:
    """Return the room of a server that listens on a socket.

    A process opens a room once, because of its locks (`check_room`).

    :param create: whether to create the file if it is missing
    :raise RoomError: the file is not a room, or is missing, or cannot be created
    """
    return Room(path, lambda: join_addresses(listener), create=create)


def join_addresses(listener: socket.socket) -> list[JoinAddress]:
    """Return the URLs at which a listening socket can be reached, the best first; at least one."""
    port = listener.getsockname()[1]
    found = [
        JoinAddress(http_url(str(address.ip), port), address.adapter, address.is_virtual)
        for address in reachable_addresses(listener)
    ]
    # Without a network, only this machine can join.
    return found or [local_address(listener)]


def local_address(listener: socket.socket) -> JoinAddress:
    """Return the URL at which a listening socket can be reached from this machine."""
    host, port = listener.getsockname()[:2]
    ip = ipaddress.ip_address(host.partition("%")[0])
    if ip.is_unspecified:
        host = "127.0.0.1" if ip.version == 4 or is_dual_stack(listener) else "::1"
    return JoinAddress(http_url(host, port), "", is_virtual=False)


def http_url(host: str, port: int) -> str:
    """Return the URL of the page at a host and a port."""
    return f"http://{format_host(host)}{'' if port == DEFAULT_PORT else f':{port}'}/"


def is_local_url(url: str) -> bool:
    """Tell whether a URL leads to the machine that opens it."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
