"""The addresses under which a host may be met from inside a container, best first."""

from __future__ import annotations

import os
from collections.abc import Mapping

from mcpconf.broker.place import MOUNTED, Paths
from mcpconf.model import Kind

TOOLKIT_PORT = 8811
BROKER_PORT = 8812
NAMES = ("host.docker.internal", "host.containers.internal", "host.lima.internal")
LOOPBACK = "127.0.0.1"


def host_candidates(
    kind: Kind, env: Mapping[str, str], gateway: str | None, bridge: str | None = None
) -> tuple[str, ...]:
    """Names and addresses under which the host may be reached, most telling first, each once.

    What `MCPCONF_HOST` says (a host, or host:port) comes first everywhere. A host is its own: its default gateway is
    somebody's router, which is no place to knock at; it may have a `bridge`, where its containers would knock. WSL
    in mirrored mode, and whatever we do not know, may share the loopback interface with the host.
    """
    explicit = env.get("MCPCONF_HOST", "").strip()
    if kind is Kind.HOST:
        found = [explicit, bridge or "", LOOPBACK]
    else:
        found = [explicit, *NAMES, gateway or ""]
        if kind is not Kind.CONTAINER:
            found += [bridge or "", LOOPBACK]
    return tuple(dict.fromkeys(name for name in found if name))


def broker_candidates(
    kind: Kind, env: Mapping[str, str], runtime: str | None, gateway: str | None, *, everywhere: bool = False
) -> tuple[str, ...]:
    """Where a broker may answer, best first: `unix:PATH` or `tcp:HOST:PORT`.

    MCPCONF_BROKER is all that counts where it is set. TCP is asked only where a key for it is configured, and never
    on a host, whose own broker has a socket. `everywhere`: in a container also without a key, and for a mount that is
    not there, to tell what is missing.
    """
    explicit = env.get("MCPCONF_BROKER", "").strip()
    if explicit:
        return (explicit,)
    inside, everywhere = kind is not Kind.HOST, everywhere and kind is Kind.CONTAINER
    sockets = [Paths(directory).socket for directory in (runtime, MOUNTED) if directory]
    found = [f"unix:{path}" for path in sockets if os.path.lexists(path)]
    if inside and (everywhere or os.path.isdir(MOUNTED)):
        found.append(f"unix:{Paths(MOUNTED).socket}")
    if inside and (everywhere or env.get("MCPCONF_BROKER_KEY")):
        found += [f"tcp:{with_port(host, BROKER_PORT)}" for host in host_candidates(kind, {}, gateway)]
    return tuple(dict.fromkeys(found))


def with_port(candidate: str, port: int) -> str:
    """`host:port` for a candidate that may already have a port; an IPv6 address is put into brackets."""
    host, given = split_address(candidate)
    shown = f"[{host}]" if ":" in host else host
    return f"{shown}:{given or port}"


def split_address(address: str) -> tuple[str, int | None]:
    """Host and port of `host`, `host:port`, `[v6]:port` or a bare IPv6 address; a bad port counts as none."""
    if address.startswith("["):
        host, _, rest = address[1:].partition("]")
        return host, _port(rest.removeprefix(":"))
    if address.count(":") > 1:
        return address, None
    host, _, port = address.partition(":")
    return host, _port(port)


def _port(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text) < 65536 else None
