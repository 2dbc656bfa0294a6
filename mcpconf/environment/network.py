"""What the kernel's tables say of this machine's networks: the default gateway, and the bridges to containers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mcpconf.record import dataclass

_UP, _GATEWAY = 0x1, 0x2  # RTF_UP, RTF_GATEWAY


@dataclass(frozen=True, slots=True)
class Route:
    """A line of the routing table; addresses are IPv4, as numbers. `gateway` is 0 where the network is right there."""

    device: str
    network: int
    mask: int
    gateway: int
    metric: int


@dataclass(frozen=True, slots=True)
class Bridge:
    """A bridge of this machine, and the address under which what hangs on it meets the machine."""

    name: str
    address: str


def default_gateway(routes: str) -> str | None:
    """The IPv4 gateway of the default route with the least metric in a `/proc/net/route` text, or None."""
    found = [one for one in _routes(routes) if not one.network and not one.mask and one.gateway]
    return _dotted(min(found, key=lambda one: (one.metric, _dotted(one.gateway))).gateway) if found else None


def bridges(devices: Iterable[str], routes: str, fib: str) -> tuple[Bridge, ...]:
    """These devices with their own addresses, which are this machine's within the network that is routed to each.

    `routes` is the text of `/proc/net/route`, `fib` that of `/proc/net/fib_trie`.
    """
    here = _local(fib)
    table = [one for one in _routes(routes) if one.mask and not one.gateway]
    found = []
    for device in devices:
        own = (_number(text) for one in table if one.device == device for text in here if _within(text, one))
        found += [Bridge(device, _dotted(number)) for number in dict.fromkeys(own)]
    return tuple(found)


def _routes(text: str) -> Iterator[Route]:
    for line in text.split("\n")[1:]:
        fields = line.split()
        try:
            destination, gateway, flags, metric, mask = (fields[index] for index in (1, 2, 3, 6, 7))
            if not int(flags, 16) & _UP:
                continue
            via = _turned(gateway) if int(flags, 16) & _GATEWAY else 0
            yield Route(fields[0], _turned(destination), _turned(mask), via, int(metric))
        except (IndexError, ValueError, OverflowError):
            continue


def _turned(field: str) -> int:
    """The kernel prints an address as one number in host byte order: little-endian wherever we run."""
    return int.from_bytes(int(field, 16).to_bytes(4, "little"), "big")


def _local(fib: str) -> tuple[str, ...]:
    """The addresses of this machine itself: a leaf `|-- ADDRESS`, and below it `/32 host LOCAL`."""
    found: dict[str, None] = {}
    leaf = ""
    for line in fib.split("\n"):
        words = line.split()
        if words[:1] == ["|--"]:
            leaf = words[1] if len(words) > 1 else ""
        elif words == ["/32", "host", "LOCAL"] and leaf:
            found[leaf] = None
    return tuple(found)


def _within(address: str, route: Route) -> bool:
    try:
        return _number(address) & route.mask == route.network
    except ValueError:
        return False


def _number(address: str) -> int:
    octets = [int(part) for part in address.split(".")]
    if len(octets) != 4:
        raise ValueError(address)
    return int.from_bytes(bytes(octets), "big")


def _dotted(number: int) -> str:
    return ".".join(str(octet) for octet in number.to_bytes(4, "big"))
