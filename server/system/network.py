"""The addresses at which other machines can reach this one."""

import ipaddress
import socket
from dataclasses import dataclass

import ifaddr

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# Parts of the names of adapters that lead to a VPN, a container or a virtual machine. Their
# addresses look like a local network's, but no phone in the room can reach them.
VIRTUAL_ADAPTERS = (
    # Containers and virtual machines.
    *("docker", "br-", "veth", "virbr", "vmnet", "vboxnet", "vethernet", "wsl", "hyper-v"),
    *("virtualbox", "vmware", "parallels", "vnic", "lxc", "lxd", "podman", "cni", "flannel"),
    *("cali", "kube", "multipass", "waydroid"),
    # VPNs and tunnels.
    *("tun", "tap", "wg", "wireguard", "wintun", "tailscale", "zerotier", "zt", "ppp", "ipsec"),
    *("vpn", "anyconnect", "pangp", "globalprotect", "fortinet", "check point", "zscaler"),
    *("nordlynx", "proton", "hamachi", "teredo", "isatap", "6to4"),
    # Neither leads into the room's network: captures, loopbacks, Bluetooth, Apple's own links.
    *("npcap", "loopback", "bluetooth", "awdl", "llw", "anpi"),
)


@dataclass(frozen=True)
class Address:
    """An address of this machine, the name of its network adapter, and whether that is virtual."""

    ip: IPAddress
    adapter: str
    is_virtual: bool


def format_host(host: str) -> str:
    """Return a host as in a URL: IPv6 addresses in brackets."""
    return f"[{host}]" if ":" in host else host


def reachable_addresses(listener: socket.socket) -> list[Address]:
    """Return the addresses at which a listening socket can be reached, the best first.

    For a socket that listens on all addresses, these are the machine's own: physical adapters
    first, private addresses before public ones, IPv4 before IPv6, which is hard to type.
    """
    ip = ipaddress.ip_address(listener.getsockname()[0].partition("%")[0])
    if not ip.is_unspecified:
        return [Address(ip, "", is_virtual=False)]
    versions = {4} if ip.version == 4 else {4, 6} if is_dual_stack(listener) else {6}
    default = {_default_route_address(family) for family in (socket.AF_INET, socket.AF_INET6)}
    found = [address for address in machine_addresses() if address.ip.version in versions]

    def rank(address: Address) -> tuple[bool, ...]:
        ip = address.ip
        # The adapter of the default route is the one that is in use, unless a VPN has taken it.
        return (
            address.is_virtual,
            ip.is_link_local,
            ip.version == 6,
            not ip.is_private,
            ip not in default,
        )

    return sorted(found, key=rank)


def machine_addresses() -> list[Address]:
    """Return this machine's addresses, except those that only itself can reach."""
    addresses = []
    for adapter in ifaddr.get_adapters():
        for assigned in adapter.ips:
            text = assigned.ip if isinstance(assigned.ip, str) else assigned.ip[0]
            ip = ipaddress.ip_address(text)
            # A browser cannot open a link-local IPv6 address, which needs the adapter's name.
            if ip.is_loopback or (ip.version == 6 and ip.is_link_local):
                continue
            names = (adapter.nice_name, adapter.name, assigned.nice_name)
            is_virtual = any(is_virtual_adapter(name) for name in names)
            addresses.append(Address(ip, adapter.nice_name, is_virtual))
    return addresses


def is_virtual_adapter(name: str) -> bool:
    """Tell whether an adapter's name is that of a VPN, a container or a virtual machine."""
    lower = name.lower()
    # Short names such as "tun" are only prefixes: "Fortune" is no tunnel.
    return any(
        lower.startswith(part) or (len(part) > 4 and part in lower) for part in VIRTUAL_ADAPTERS
    )


def is_dual_stack(listener: socket.socket) -> bool:
    """Tell whether an IPv6 socket also accepts IPv4 connections."""
    return listener.family == socket.AF_INET6 and not listener.getsockopt(
        socket.IPPROTO_IPV6, socket.IPV6_V6ONLY
    )


def _default_route_address(family: int) -> IPAddress | None:
    """Return this machine's address on its default route; None without a network."""
    # Addresses reserved for documentation: connecting a UDP socket only selects a route.
    destination = "2001:db8::1" if family == socket.AF_INET6 else "192.0.2.1"
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((destination, 9))
            return ipaddress.ip_address(probe.getsockname()[0])
    except OSError:
        return None
