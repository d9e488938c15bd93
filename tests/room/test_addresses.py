"""The address that phones open: which of the machine's it is."""

import ipaddress
import socket

import ifaddr
import pytest

from server.room.room import JoinAddress, is_local_url, join_addresses, local_address
from server.system import network
from server.system.network import is_virtual_adapter


def adapter(name: str, *addresses: str) -> ifaddr.Adapter:
    ips = [
        ifaddr.IP((text, 0, 0) if ":" in text else text, 64 if ":" in text else 24, name)
        for text in addresses
    ]
    return ifaddr.Adapter(name, name, ips)


@pytest.fixture
def listener() -> socket.socket:
    return socket.create_server(("0.0.0.0", 0))


def urls(listener: socket.socket) -> list[str]:
    port = listener.getsockname()[1]
    return [address.url.replace(f":{port}/", "") for address in join_addresses(listener)]


MACHINES = {
    "a laptop with Docker, WSL and a VPN listed first": (
        [
            adapter("docker0", "172.17.0.1"),
            adapter("vEthernet (WSL)", "172.29.64.1"),
            adapter("tun0", "10.8.0.2"),
            adapter("wlan0", "192.168.1.7", "fd00::7"),
            adapter("lo", "127.0.0.1", "::1"),
        ],
        "192.168.1.7",
    ),
    "an adapter that got no address": (
        [adapter("eth0", "169.254.10.1"), adapter("wlan0", "10.0.0.5")],
        "10.0.0.5",
    ),
    "a public address besides a private one": (
        [adapter("eth0", "93.184.216.34"), adapter("eth1", "192.168.0.2")],
        "192.168.0.2",
    ),
    "only a VPN": ([adapter("utun3", "10.2.0.2"), adapter("lo0", "127.0.0.1")], "10.2.0.2"),
    "Windows": (
        [
            adapter("VirtualBox Host-Only Ethernet Adapter", "192.168.56.1"),
            adapter("TAP-Windows Adapter V9", "10.9.0.6"),
            adapter("Intel(R) Wi-Fi 6 AX201 160MHz", "192.168.178.20"),
        ],
        "192.168.178.20",
    ),
}


@pytest.mark.parametrize("machine", MACHINES)
def test_the_best_address_is_that_of_a_physical_adapter(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch, machine: str
) -> None:
    adapters, best = MACHINES[machine]
    monkeypatch.setattr(ifaddr, "get_adapters", lambda: adapters)
    with listener:
        assert urls(listener)[0] == f"http://{best}"


def test_the_presenter_can_choose_among_all_addresses_that_phones_can_open(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapters = [
        adapter("docker0", "172.17.0.1"),
        adapter("wlan0", "192.168.1.7", "fe80::1", "2001:db9::7"),
        adapter("lo", "127.0.0.1"),
    ]
    monkeypatch.setattr(ifaddr, "get_adapters", lambda: adapters)
    with listener:
        # The socket listens on IPv4 only.
        assert urls(listener) == ["http://192.168.1.7", "http://172.17.0.1"]
        port = listener.getsockname()[1]
        assert join_addresses(listener)[1] == JoinAddress(
            f"http://172.17.0.1:{port}/", "docker0", is_virtual=True
        )


def test_of_two_equal_adapters_the_one_of_the_default_route_is_better(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapters = [adapter("eth0", "192.168.1.7"), adapter("wlan0", "192.168.2.7")]
    monkeypatch.setattr(ifaddr, "get_adapters", lambda: adapters)
    route = ipaddress.ip_address("192.168.2.7")
    monkeypatch.setattr(network, "_default_route_address", lambda _family: route)
    with listener:
        assert urls(listener)[0] == "http://192.168.2.7"


def test_without_a_network_only_this_machine_can_join(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ifaddr, "get_adapters", lambda: [adapter("lo", "127.0.0.1")])
    with listener:
        assert urls(listener) == ["http://127.0.0.1"]


def test_an_address_that_was_chosen_on_the_command_line_is_the_only_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        port = chosen.getsockname()[1]
        assert [address.url for address in join_addresses(chosen)] == [f"http://127.0.0.1:{port}/"]
        assert local_address(chosen).url == f"http://127.0.0.1:{port}/"


def test_the_presenter_opens_the_page_on_this_machine(listener: socket.socket) -> None:
    with listener:
        assert local_address(listener).url == f"http://127.0.0.1:{listener.getsockname()[1]}/"


@pytest.mark.parametrize(
    ("url", "is_local"),
    [
        ("http://127.0.0.1:8000/", True),
        ("http://[::1]:8000/", True),
        ("http://localhost/", True),
        ("http://192.168.1.7:8000/", False),
        ("http://laptop.local/", False),
    ],
)
def test_a_local_url_leads_to_the_machine_that_opens_it(url: str, is_local: bool) -> None:
    assert is_local_url(url) == is_local


@pytest.mark.parametrize("name", ["eth0", "wlan0", "en0", "Wi-Fi", "enp3s0", "Realtek PCIe GbE"])
def test_physical_adapters_are_not_taken_for_virtual_ones(name: str) -> None:
    assert not is_virtual_adapter(name)
