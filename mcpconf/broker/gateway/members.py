"""Which servers a gateway shows, and where their pools and what is remembered of them are to be had."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from typing import Protocol

from mcpconf.broker.gateway.memory import Memory
from mcpconf.broker.pool import Pool
from mcpconf.broker.upstream.catalogue import Catalogue
from mcpconf.broker.upstream.definition import Definition
from mcpconf.errors import McpconfError
from mcpconf.wire.gateway.offers import Known

GATEWAY = "gateway"  # what it is called in logs, and its socket where no server is called so
ALL = "*"  # by what a client names it: no server can be called that


class Broker(Protocol):
    """Who has the pools."""

    def pool_of(self, name: str, project: str | None) -> Pool:
        """A server's pool. Raises `McpconfError`."""

    def number(self) -> int:
        """A client's number."""


class Members:
    """The configured servers, as a gateway's sessions ask for them."""

    def __init__(self, catalogue: Catalogue, memory: Memory, broker: Broker) -> None:
        self.memory = memory
        self._catalogue = catalogue
        self._broker = broker

    def members(self, project: str | None) -> Mapping[str, Definition]:
        """The user's servers, and those of this project alone: these win, and are shown by their plain names."""
        found: dict[str, Definition] = {}
        own = "" if project is None else of_project(project)
        for name in self._catalogue.names():  # sorted: a project's follow the user's of the same name
            plain, dot, _ = name.partition(".")
            if not dot or name == plain + own:
                try:
                    found[plain] = self._catalogue.get(name)
                except McpconfError:
                    continue  # a damaged one must not take the others with it; whoever opens it is told
        return found

    def pool_of(self, name: str, project: str | None) -> Pool:
        return self._broker.pool_of(name, project)

    def known(self, definition: Definition) -> Known:
        return self.memory.get(definition)

    def learned(self, definition: Definition, known: Known) -> None:
        self.memory.put(definition, known)

    def number(self) -> int:
        return self._broker.number()


def of_project(project: str) -> str:
    """What the name of a project's own server ends in (`mcpconf.route.context`)."""
    return "." + hashlib.sha256(os.fsencode(project)).hexdigest()[:8]
