"""The default gateway, as the kernel's routing table gives it."""

from __future__ import annotations

_UP_GATEWAY = 0x3  # RTF_UP | RTF_GATEWAY


def default_gateway(routes: str) -> str | None:
    """The IPv4 gateway of the default route with the least metric in a `/proc/net/route` text, or None."""
    found = [route for line in routes.split("\n")[1:] if (route := _default(line.split())) is not None]
    return min(found)[1] if found else None


def _default(fields: list[str]) -> tuple[int, str] | None:
    try:
        destination, gateway, flags, metric, mask = (fields[index] for index in (1, 2, 3, 6, 7))
        if int(destination, 16) or int(mask, 16) or int(flags, 16) & _UP_GATEWAY != _UP_GATEWAY:
            return None
        # The kernel prints the address as one number in host byte order: little-endian wherever we run.
        octets = int(gateway, 16).to_bytes(4, "little")
        return int(metric), ".".join(str(octet) for octet in octets)
    except (IndexError, ValueError, OverflowError):
        return None
