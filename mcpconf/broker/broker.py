"""The broker itself: servers' pools, and the clients that use them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Container, Mapping

from mcpconf.broker.door.arrival import Arrived
from mcpconf.broker.door.auth import refusal
from mcpconf.broker.door.control_session import ControlSession
from mcpconf.broker.gateway.members import ALL, GATEWAY, Members
from mcpconf.broker.gateway.memory import Memory
from mcpconf.broker.hangup import Hangups
from mcpconf.broker.pool import Pool
from mcpconf.broker.session import Peer, Session
from mcpconf.broker.upstream.catalogue import Catalogue, NoSuchServer
from mcpconf.broker.upstream.definition import PROJECT, Definition
from mcpconf.broker.upstream.launcher import Launcher
from mcpconf.broker.upstream.logfile import LogFile
from mcpconf.errors import McpconfError
from mcpconf.wire.answers import INTERNAL, failure

CLIENTS = 512  # connected at once
BY_KEY = 128  # of them by one key, so that a container can't lock out all others
PLAIN = 32  # of them by the gateway's plain door, where nobody has to say who it is
POOLS = 256  # before those that nobody uses are forgotten: each project may have its own

Key = tuple[str, str | None]  # a server's name, and the project where each has processes of its own


class Broker:
    """Opens servers for clients. Its end is asked for by `stop` and comes when nothing runs any more."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        catalogue: Catalogue,
        launcher: Launcher,
        logs: str,
        commands: Mapping[str, Callable[[Mapping[str, object]], Mapping[str, object]]],
    ) -> None:
        """`logs` is the directory of the servers' logs; `commands` is what the control socket can ask for."""
        self.pools: dict[Key, Pool] = {}
        self.sessions: dict[int, Session] = {}
        self.controls: set[ControlSession] = set()
        self.launcher = launcher
        self.catalogue = catalogue
        self.since = loop.time()
        self._loop = loop
        self._logs = logs
        self._commands = commands
        self._files: dict[str, LogFile] = {}
        self._hangups = Hangups(loop)
        self._members = Members(catalogue, Memory(loop, os.path.join(os.path.dirname(logs), "gateway.json")), self)
        self._last = 0

    def number(self) -> int:
        """A client's number that was never used."""
        self._last += 1
        return self._last

    # -- clients

    def admit(self, arrived: Arrived, peer: Peer) -> None:
        """Give a connection what it asks for."""
        if arrived.wish.verb == "control" and arrived.key is not None:
            _say_and_close(arrived.connection, refusal("the broker is controlled over its unix socket alone"))
        elif arrived.wish.verb == "control":
            ControlSession(self._loop, arrived, self._commands, self.controls)
        elif arrived.wish.server == ALL:
            self.gateway(arrived, peer)
        elif arrived.wish.verb == "list":
            _say_and_close(arrived.connection, arrived.yes + _listing(self.catalogue.names()))
        else:
            self.open(arrived, peer)

    def open(self, arrived: Arrived, peer: Peer) -> None:
        """Let a client in, or say why not."""
        try:
            self._check_room(arrived.key)
            pool = self.pool_of(arrived.wish.server, arrived.wish.project)
        except McpconfError as error:
            _refuse(arrived, error)
            return
        descriptor = arrived.connection.detach()
        number = self.number()
        session = Session(self._loop, number, descriptor, pool, peer, self._hangups, self._left, arrived.ends)
        session.key = arrived.key
        self.sessions[session.id] = session
        session.start(arrived.yes, arrived.rest)

    def gateway(self, arrived: Arrived, peer: Peer, *, plain: bool = False) -> None:
        """Let a client in to all servers at once; `plain`: it came by the door without a handshake."""
        from mcpconf.broker.gateway.session import GatewaySession

        try:
            self._check_room(arrived.key, plain)
        except McpconfError as error:
            _refuse(arrived, error)
            return
        pool = self._new(Definition(name=GATEWAY, argv=()), arrived.wish.project)
        descriptor = arrived.connection.detach()
        session = GatewaySession(
            self._loop,
            descriptor,
            pool,
            peer,
            self._hangups,
            self._left,
            arrived.ends,
            house=self._members,
            plain=plain,
        )
        session.key = arrived.key
        self.sessions[session.id] = session
        session.start(arrived.yes, arrived.rest)

    def _check_room(self, key: str | None, plain: bool = False) -> None:
        """Raise `McpconfError` where there is no room for one more client, or for one more of its kind."""
        if len(self.sessions) >= CLIENTS:
            raise McpconfError(f"{CLIENTS} clients are connected, which is as many as there may be")
        if key is not None and sum(session.key == key for session in self.sessions.values()) >= BY_KEY:
            raise McpconfError(f"{BY_KEY} clients came by this key, which is as many as may")
        if plain and sum(session.plain for session in self.sessions.values()) >= PLAIN:
            raise McpconfError(f"{PLAIN} clients came by the plain door, which is as many as may")

    def _left(self, session: Session) -> None:
        self.sessions.pop(session.id, None)

    # -- servers

    def pool_of(self, name: str, project: str | None) -> Pool:
        """The pool of a server, as it is configured now."""
        definition = self.catalogue.get(name)
        key = name, (project if definition.cwd == PROJECT else None)
        pool = self.pools.get(key)
        if pool is not None and pool.definition != definition:
            self._retire(key, "its configuration has changed")
            pool = None
        if pool is None:
            self._forget_unused()
            pool = self.pools[key] = self._new(definition, key[1])
        return pool

    def _forget_unused(self) -> None:
        if len(self.pools) >= POOLS:
            used = {id(session.pool) for session in self.sessions.values()}
            for key, pool in list(self.pools.items()):
                if not pool.workers and id(pool) not in used:
                    self._retire(key, "nobody uses it")

    def _new(self, definition: Definition, project: str | None) -> Pool:
        file = self._files.get(definition.name)
        if file is None:
            file = self._files[definition.name] = LogFile(os.path.join(self._logs, f"{definition.name}.log"))
        return Pool(self._loop, definition, project, self.launcher, file.write)

    def _retire(self, key: Key, why: str) -> None:
        pool = self.pools.pop(key)
        for session in [one for one in self.sessions.values() if one.pool is pool]:
            session.drop(why)
        pool.retire(why)

    def reload(self) -> tuple[str, ...]:
        """Read all definitions again: the names of the servers that changed or went, whose clients are let go."""
        changed = []
        for key, pool in list(self.pools.items()):
            definition = None
            try:
                definition = self.catalogue.get(key[0])
            except NoSuchServer:
                pass
            except McpconfError:
                continue  # a damaged file is no reason to end what runs
            if definition != pool.definition or self._has_new_secrets(pool):
                changed.append(key[0])
                self._retire(key, "its configuration has changed")
        for session in list(self.sessions.values()):
            session.reload()
        return tuple(sorted(set(changed)))

    def _has_new_secrets(self, pool: Pool) -> bool:
        """Whether what runs was given secrets that are others now: a revoked token must not live on in it."""
        now = self.launcher.fingerprint(pool.definition) if pool.workers and pool.fingerprint is not None else None
        return now is not None and now != pool.fingerprint

    def keep_keys(self, keys: Container[str]) -> None:
        """Let go of who came by a key that is no more."""
        for session in list(self.sessions.values()):
            if session.key is not None and session.key not in keys:
                session.drop("its key was revoked")
                session.close()

    def warm(self, names: tuple[str, ...]) -> None:
        """Start a process for each of these that has none. Raises `McpconfError` for what is not configured."""
        for name in names:
            if self.catalogue.get(name).cwd != PROJECT:  # a project is not known before somebody comes from it
                self.pool_of(name, None).warm()

    # -- the end

    def stop(self) -> None:
        """Let everyone go, and end every process."""
        for key in list(self.pools):
            self._retire(key, "the broker ends")
        for session in list(self.sessions.values()):
            session.close()
        for control in list(self.controls):
            control.leave()
        self.launcher.stop()

    def close(self) -> None:
        """Give back what is left."""
        self._hangups.close()
        self._members.memory.save()
        for file in self._files.values():
            file.close()


def _listing(names: tuple[str, ...]) -> bytes:
    return "".join(f"{name}\n" for name in names).encode()


def _refuse(arrived: Arrived, error: McpconfError) -> None:
    """Who named no server waits for no word of ours, but for messages."""
    if arrived.ends is not None:  # its shim goes on without us, and hears why at its next try
        arrived.ends.close()
        arrived.connection.close()
        return
    line = refusal(str(error)) if arrived.yes else failure(None, INTERNAL, str(error)) + b"\n"
    _say_and_close(arrived.connection, line)


def _say_and_close(connection: socket.socket, line: bytes) -> None:
    with contextlib.suppress(OSError):
        connection.send(line)
    connection.close()
