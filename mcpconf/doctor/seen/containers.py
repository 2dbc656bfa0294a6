"""Containers and their host: how they meet, what goes with a container, and what one has left."""

from __future__ import annotations

from mcpconf.environment.tried import Tried
from mcpconf.record import dataclass


@dataclass(frozen=True, slots=True)
class Fleeting:
    """A client's file with servers in it that lies in the container itself. `beside` is a mount that would outlast it,
    and that its client can be told to keep it in; empty where there is none."""

    path: str
    client: str
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Boxed:
    """A server whose image is to be run here. `written`: a client has an entry for it."""

    name: str
    image: str
    written: bool = True


@dataclass(frozen=True, slots=True)
class Left:
    """Containers that nobody watches over any more, by their ids, at the engine of this program."""

    program: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainersSeen:
    """`inside`: this is a container.

    There: `tried` are the addresses where the host's broker was looked for, `missing` what it would take, `signs` what
    speaks for one; `fleeting` are clients' files, `boxed` servers without an engine.
    On a host: `listening` are the broker's addresses by TCP, `followed` those of them that the profile names, `bridges`
    the addresses where containers meet this machine; `left` are containers, `lacking` images that are not here.
    """

    inside: bool
    tried: tuple[Tried, ...] = ()
    missing: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()
    fleeting: tuple[Fleeting, ...] = ()
    boxed: tuple[Boxed, ...] = ()
    listening: tuple[str, ...] = ()
    followed: tuple[str, ...] = ()
    bridges: tuple[tuple[str, str], ...] = ()
    left: tuple[Left, ...] = ()
    lacking: tuple[Boxed, ...] = ()
