"""The broker as a process: takes the lock, opens its sockets, says that it is ready, serves, and goes."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING

from mcpconf import __version__
from mcpconf.broker.broker import Broker
from mcpconf.broker.claim import Claim, remove
from mcpconf.broker.door.activation import Notifier, inherited
from mcpconf.broker.door.arrival import Arrivals, Arrived
from mcpconf.broker.door.auth import Challenge
from mcpconf.broker.door.control_session import UNTIL
from mcpconf.broker.door.keyed import KeyedDoor
from mcpconf.broker.door.keys import keys_directory, load_keys
from mcpconf.broker.door.listener import Listener, tcp_socket, unix_socket
from mcpconf.broker.door.wish import Wish
from mcpconf.broker.gateway.doors import PlainDoors
from mcpconf.broker.gateway.members import ALL, GATEWAY
from mcpconf.broker.options import Options
from mcpconf.broker.place import Paths
from mcpconf.broker.session import Peer
from mcpconf.broker.upstream.catalogue import Catalogue
from mcpconf.broker.upstream.launcher import Launcher
from mcpconf.broker.upstream.leftovers import Leftovers
from mcpconf.broker.upstream.logfile import LogFile

if TYPE_CHECKING:
    from collections.abc import Callable

LAST = 6.0  # seconds after which what is left is left to the supervisor


class Daemon:
    """One run of the broker. `run` gives its exit code."""

    def __init__(self, options: Options, identity: str, environ: Mapping[str, str]) -> None:
        self._options = options
        self._identity = identity
        self._environ = environ
        self._paths = Paths(options.directory)
        self._loop = asyncio.new_event_loop()
        self._log = LogFile(os.path.join(options.logs, "broker.log"))
        self._keys: Mapping[str, bytes] = {}
        self._listeners: list[Listener] = []
        self._doors: dict[str, Listener] = {}  # by server: its own socket
        self._addresses: list[str] = []
        self._lent = False  # whether our socket is systemd's, who goes on listening
        self._arrivals = Arrivals(self._loop, self._admit)
        self._leftovers = Leftovers(options.logs, identity, environ)
        self._launcher = Launcher(self._loop, environ, options.data, identity, self._leftovers, options.umask)
        commands = {
            "status": self._status,
            "stop": self._stop,
            "reload": lambda _: {"changed": self._reload()},
            "warm": self._warm,
            "gateway": self._plain_door,
            "ping": lambda _: {"pid": os.getpid(), "version": __version__},
        }
        logs = os.path.join(options.logs, "logs")
        self._broker = Broker(self._loop, Catalogue(options.servers), self._launcher, logs, commands)
        self._plain = PlainDoors(self._loop, self._broker.gateway, self._log.write)
        self._keyed = KeyedDoor(self._loop, self._came_by_tcp, self._load_keys, self._log.write)
        self._done = self._loop.create_future()
        self._claim = Claim(self._paths)
        self._notifier = Notifier(environ)

    # -- from the beginning to the end

    def run(self, parent: int, ready: Callable[[str], None]) -> int:
        """Serve until told to stop; `parent` is a descriptor that closes when the supervisor is gone.

        Raises `McpconfError` where it can't begin; `ready` is called once it has.
        """
        try:
            self._begin()
            self._loop.add_reader(parent, self._orphaned, parent)
            for number in (signal.SIGTERM, signal.SIGINT):
                self._loop.add_signal_handler(number, self.stop)
            self._loop.add_signal_handler(signal.SIGHUP, self._reload)
            ready("")
            self._notifier.tell("READY=1")
            gc.collect()
            gc.freeze()  # what is there now stays, and need not be looked through again and again
            self._loop.run_until_complete(self._done)
            self._loop.run_until_complete(self._last_ones())
        finally:
            self._finish()
        return 0

    def _begin(self) -> None:
        os.makedirs(os.path.join(self._options.logs, "logs"), 0o700, exist_ok=True)
        self._claim.take()
        self._leftovers.of_others()
        self._loop.add_signal_handler(signal.SIGCHLD, self._launcher.reap)
        self._listen()
        self._claim.announce(
            {
                "identity": self._identity,
                "address": self._addresses[0],
                "listeners": [*self._addresses, *self._keyed.addresses],
                "mcpconf": __version__,
            }
        )
        self._log.write(f"broker {__version__} started, pid {os.getpid()}: {', '.join(self._addresses)}")

    def _listen(self) -> None:
        given = inherited(self._environ)
        self._lent = bool(given)
        for listening in given or [unix_socket(self._paths.socket)]:
            self._listeners.append(Listener(self._loop, listening, self._came))
            self._addresses.append(f"unix:{self._paths.socket if not given else os.fsdecode(listening.getsockname())}")
        if self._options.listen:
            self._load_keys()
        for host, port in self._options.listen:
            listening = tcp_socket(host, port)
            shown = f"[{host}]" if ":" in host else host
            self._addresses.append(f"tcp:{shown}:{listening.getsockname()[1]}")
            self._listeners.append(Listener(self._loop, listening, self._came_by_tcp))
        self._open_doors()
        self._follow()

    def _follow(self) -> None:
        """The doors that the profile wants."""
        self._plain.follow(self._options.gateway)
        self._keyed.follow(self._options.keyed, self._addresses)

    def _open_doors(self) -> None:
        """A socket for each server, for those who can't say which one they want."""
        paths = {name: self._paths.server(name) for name in (*self._broker.catalogue.names(), GATEWAY)}
        for name in set(self._doors) - set(paths):
            self._doors.pop(name).close()
            remove(self._paths.server(name))
        for name in set(paths) - set(self._doors):
            if paths[name] == self._paths.socket:
                continue  # a server called `broker` can be named, but its door would be ours
            try:
                listening = unix_socket(paths[name])
            except OSError as error:
                self._log.write(f"no socket for {name}: {error}")
                continue
            self._doors[name] = Listener(self._loop, listening, self._through(name))

    def stop(self) -> None:
        """Begin to end."""
        if not self._done.done():
            self._notifier.tell("STOPPING=1")
            self._done.set_result(None)

    def _orphaned(self, parent: int) -> None:
        self._loop.remove_reader(parent)
        self._log.write("the supervisor is gone")
        self.stop()

    async def _last_ones(self) -> None:
        """Close the doors, end the servers, and wait until they have ended."""
        for listener in (*self._listeners, *self._doors.values()):
            listener.close()
        self._plain.close()
        self._keyed.close()
        self._arrivals.close()
        self._broker.stop()
        running = self._launcher.running
        deadline = self._loop.time() + LAST
        while running and self._loop.time() < deadline:
            gone = self._loop.create_future()
            for process in running.values():
                process.when_gone(_setter(gone))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(gone, deadline - self._loop.time())

    def _finish(self) -> None:
        if self._claim.held:
            self._claim.give_up((*map(self._paths.server, self._doors), *(() if self._lent else (self._paths.socket,))))
            self._log.write("broker stopped")
        self._broker.close()
        self._log.close()
        self._loop.close()

    # -- connections

    def _came(self, connection: socket.socket, peer: Peer) -> None:
        self._arrivals.take(connection, peer)

    def _came_by_tcp(self, connection: socket.socket, peer: Peer) -> None:
        self._arrivals.take(connection, peer, Challenge(self._key, os.urandom(16).hex()))

    def _key(self, key_id: str) -> bytes | None:
        """As of now, not of when the connection came: it may have been revoked since."""
        return self._keys.get(key_id)

    def _through(self, name: str) -> Callable[[socket.socket, Peer], None]:
        def came(connection: socket.socket, peer: Peer) -> None:
            if name == GATEWAY and name not in self._broker.catalogue.names():
                self._broker.gateway(Arrived(connection, Wish("open", ALL), b"", b""), peer)
                return
            self._broker.open(Arrived(connection, Wish("open", name), b"", b""), peer)

        return came

    def _admit(self, arrived: Arrived) -> None:
        self._broker.admit(arrived, arrived.peer)

    def _load_keys(self) -> None:
        loaded = load_keys(keys_directory(self._options.data))
        self._keys = loaded.keys
        self._broker.keep_keys(self._keys)
        for problem in loaded.problems:
            self._log.write(problem)

    # -- what the control socket can ask for

    def _status(self, _: Mapping[str, object]) -> Mapping[str, object]:
        from mcpconf.broker.status import picture

        return {
            "version": __version__,
            "listeners": [*self._addresses, *self._keyed.addresses],
            "followed": self._keyed.addresses,  # of them, what the profile wants
            "plain": self._plain.addresses,
            **picture(self._broker, self._loop.time()),
        }

    def _stop(self, _: Mapping[str, object]) -> Mapping[str, object]:
        self._loop.call_soon(self.stop)
        return {"pid": os.getpid()}

    def _reload(self) -> tuple[str, ...]:
        changed = self._broker.reload()
        self._open_doors()
        self._follow()
        if self._options.listen or self._keyed.addresses:
            self._load_keys()
        self._log.write(f"definitions read again; changed: {', '.join(changed) or 'none'}")
        return changed

    def _warm(self, request: Mapping[str, object]) -> Mapping[str, object]:
        asked = request.get("servers")
        names = tuple(map(str, asked)) if isinstance(asked, list) else self._broker.catalogue.names()
        self._broker.warm(names)
        return {"servers": names}

    def _plain_door(self, request: Mapping[str, object]) -> Mapping[str, object]:
        """Open the gateway's plain door for as long as whoever asks for it is there."""
        door = self._plain.open(str(request.get("listen")))
        return {"listen": door.address, UNTIL: door.close}


def _setter(gone: asyncio.Future[None]) -> Callable[[object], None]:
    return lambda _: None if gone.done() else gone.set_result(None)
