"""What a gateway wants done. Like the multiplexer's, actions are to be done in their order."""

from __future__ import annotations

from typing import NamedTuple

from mcpconf.wire.actions import Era, Log
from mcpconf.wire.gateway.offers import Known


class ToClient(NamedTuple):
    """Write a line to the client."""

    line: bytes


class ToServer(NamedTuple):
    """Say a line to one server, as its client."""

    server: int
    line: bytes


class Enter(NamedTuple):
    """Be a client of a server, in this era. A line for it follows."""

    server: int
    era: Era


class Leave(NamedTuple):
    """Be its client no longer. Harmless where one is none."""

    server: int


class AskEra(NamedTuple):
    """Find out what a server speaks, in the words of this request; `Gateway.judged` is to be told."""

    server: int
    request: bytes


class Learned(NamedTuple):
    """What is now known of a server, to be remembered for the next client."""

    server: int
    known: Known


Action = ToClient | ToServer | Enter | Leave | AskEra | Learned | Log
