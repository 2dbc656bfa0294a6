"""Where a plain door may be: on the loopback address, or on that of a bridge to containers; and who comes to it."""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
import sys
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from mcpconf.errors import UsageError
from mcpconf.record import dataclass

Address = IPv4Address | IPv6Address
_ADDRESS, _NETMASK = 0x8915, 0x891B  # SIOCGIFADDR, SIOCGIFNETMASK: netdevice(7), Linux
HINT = "use tcp:127.0.0.1:8811, or the address of docker0 (ip -br addr); for all else: mcpconf broker start --listen"


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface with an address of version 4."""

    name: str
    address: IPv4Address
    network: IPv4Network
    bridge: bool


@dataclass(frozen=True, slots=True)
class Place:
    """An address to listen on, and the network from which somebody may come; `local`: this machine alone."""

    host: str
    network: IPv4Network | IPv6Network
    local: bool


def place_for(host: str, interfaces: Callable[[], tuple[Interface, ...]] | None = None) -> Place:
    """Where a plain door on this address would be. Raises `UsageError` where there may be none, with the reason."""
    address = ipaddress.ip_address(host)
    if address.is_loopback:
        local = ipaddress.ip_network("127.0.0.0/8" if address.version == 4 else "::1/128")
        return Place(host, local, True)
    if address.is_unspecified:
        raise UsageError(f"a plain door on {host} would be open to every network of this machine", hint=HINT)
    found = next((one for one in (interfaces or read_interfaces)() if one.address == address), None)
    if found is None:
        raise UsageError(f"no interface of this machine has the address {host}", hint=HINT)
    if not found.bridge:
        reason = f"{host} is {found.name}'s, which is no bridge: a plain door would be open to all of {found.network}"
        raise UsageError(reason, hint=HINT)
    return Place(host, found.network, False)


def read_interfaces(system: str = "/sys/class/net") -> tuple[Interface, ...]:
    """The interfaces of this machine; none where the system is not Linux."""
    if sys.platform != "linux":
        return ()
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for _, name in socket.if_nameindex():
            try:
                address = _asked(asking, name, _ADDRESS)
                mask = _asked(asking, name, _NETMASK)
            except OSError:
                continue  # it has no address of version 4
            network = ipaddress.IPv4Network(f"{address}/{mask}", strict=False)
            is_bridge = os.path.isdir(os.path.join(system, name, "bridge"))
            found.append(Interface(name, ipaddress.IPv4Address(address), network, is_bridge))
    return tuple(found)


def _asked(asking: socket.socket, name: str, what: int) -> str:
    import fcntl

    answer = fcntl.ioctl(asking.fileno(), what, struct.pack("256s", name.encode()[:15]))
    return socket.inet_ntoa(answer[20:24])


def is_here(address: Address) -> bool:
    """Whether an address is one of this machine's own: nobody can listen on another's."""
    try:
        with socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_DGRAM) as one:
            one.bind((str(address), 0))
            return True
    except OSError:
        return False


def owner_of(address: Address, port: int, to: int, table: str = "/proc/net") -> int | None:
    """The user whose socket of this machine it is; None where nobody has it.

    A socket that was closed, but whose bytes are still on their way, has no inode, and seems to be root's.
    """
    wanted = f"{_written(address)}:{port:04X}"
    try:
        with open(os.path.join(table, "tcp" if address.version == 4 else "tcp6"), encoding="ascii") as lines:
            next(lines)
            for line in lines:
                words = line.split()
                if words[1] == wanted and words[2].endswith(f":{to:04X}"):
                    return int(words[7]) if words[9] != "0" else None
    except (OSError, ValueError, IndexError, StopIteration):
        return None
    return None


def _written(address: Address) -> str:
    """As the kernel's table has it: words of four bytes in the machine's own order."""
    packed = address.packed
    words = [packed[at : at + 4] for at in range(0, len(packed), 4)]
    return "".join(f"{struct.unpack('=I', word)[0]:08X}" for word in words)
