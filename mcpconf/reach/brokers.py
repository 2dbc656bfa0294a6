"""Looking for a broker of ours: at each address a handshake, and what came of it.

That something takes a connection says nothing, so only a handshake counts. Nothing is told to who can't prove a key.
"""

from __future__ import annotations

import errno
import os
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any

from mcpconf.broker.control import KeyRefused, NoBroker, listed, listed_by_key
from mcpconf.broker.door.keys import KeyProblem
from mcpconf.broker.place import connect
from mcpconf.environment.tried import Outcome, Tried
from mcpconf.reach.addresses import BROKER_PORT, split_address
from mcpconf.reach.race import left, race

Resolve = Callable[..., list[Any]]  # as socket.getaddrinfo
GREETING = b"MCPCONF1 "
ENOUGH = 64  # bytes that tell what speaks
_QUESTION = b"GET / HTTP/1.0\r\n\r\n"


def find_broker(
    candidates: Sequence[str],
    key: str | None,
    timeout: float = 0.3,
    *,
    thorough: bool = False,
    resolve: Resolve = socket.getaddrinfo,
) -> tuple[Tried, ...]:
    """What came of asking all of these at once, in their order; who is late is silent, or has a name that nobody knows.

    `key` is the path of the key file for TCP. It ends early, once one answers that no better one could take the place
    of. `thorough`: who is silent is asked once more, in HTTP, to tell what it is; that takes as long again.
    """

    resolving: set[str] = set()

    def looked_up(host: str, *more: Any) -> list[Any]:
        resolving.add(host)
        found = resolve(host, *more)
        resolving.discard(host)
        return found

    def ask(address: str) -> Tried:
        return _ask(address, key, timeout, looked_up, thorough)

    def late(address: str) -> Tried:
        unknown = split_address(address.partition(":")[2])[0] in resolving  # no name server answers
        return Tried(address, Outcome.UNRESOLVED if unknown else Outcome.SILENT)

    if not candidates or (len(candidates) == 1 and candidates[0].startswith("unix:")):
        return tuple(map(ask, candidates))  # no thread: a broker answers on a socket of this machine, or is not there
    answers = race(candidates, ask, lambda tried: tried.found, timeout * (2 if thorough else 1))
    return tuple(answers.get(address) or late(address) for address in candidates)


def first(tried: Sequence[Tried]) -> Tried | None:
    """The best one that answers."""
    return next((one for one in tried if one.found), None)


def _ask(address: str, key: str | None, timeout: float, resolve: Resolve, thorough: bool) -> Tried:
    transport, _, place = address.partition(":")
    if transport == "unix" and os.path.isabs(place):
        return _by_socket(address, place, timeout)
    host, port = split_address(place)
    if transport == "tcp" and host:
        return _Call(address, time.monotonic() + timeout, timeout if thorough else 0).by_tcp(
            host, port or BROKER_PORT, key, resolve
        )
    return Tried(address, Outcome.MALFORMED)


def _by_socket(address: str, path: str, timeout: float) -> Tried:
    outcome = Outcome.OTHER
    try:
        with connect(path, timeout) as connection:
            return Tried(address, Outcome.ANSWERS, servers=listed(connection, timeout))
    except FileNotFoundError:
        outcome = Outcome.NO_SOCKET
    except ConnectionRefusedError:
        outcome = Outcome.REFUSED
    except TimeoutError:
        outcome = Outcome.SILENT
    except (PermissionError, ConnectionError, EOFError):  # it hangs up on users that it does not serve
        outcome = Outcome.DENIED
    except (OSError, ValueError):
        pass
    return Tried(address, outcome, owner=_owner(path) if outcome is Outcome.DENIED else None)


def _owner(path: str) -> int | None:
    """Whose socket it is, or whose directory that can't be looked into."""
    for place in (path, os.path.dirname(path)):
        try:
            return os.stat(place).st_uid
        except OSError:
            continue
    return None


class _Call:
    """One address over TCP. `more`: seconds to find out what it is that says nothing."""

    def __init__(self, address: str, deadline: float, more: float) -> None:
        self.address = address
        self.deadline = deadline
        self.more = more
        self.number = ""  # what the name stands for

    def by_tcp(self, host: str, port: int, key: str | None, resolve: Resolve) -> Tried:
        try:
            with self._dialled(host, port, resolve) as connection:
                return self._shaken(connection, key)
        except (socket.gaierror, UnicodeError):
            return self._tried(Outcome.UNRESOLVED)
        except ConnectionRefusedError:
            return self._tried(Outcome.REFUSED)
        except TimeoutError:
            return self._tried(Outcome.SILENT)
        except OSError as error:
            away = error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL)
            return self._tried(Outcome.UNREACHABLE if away else Outcome.OTHER)

    def _tried(self, outcome: Outcome, detail: str = "", servers: tuple[str, ...] = ()) -> Tried:
        return Tried(self.address, outcome, detail or self.number, servers=servers)

    def _dialled(self, host: str, port: int, resolve: Resolve) -> socket.socket:
        failed: OSError = socket.gaierror(socket.EAI_NONAME, "no such name")
        for family, kind, protocol, _, where in resolve(host, port, 0, socket.SOCK_STREAM):
            self.number = "" if where[0] == host else where[0]
            connection = socket.socket(family, kind, protocol)
            try:
                connection.settimeout(left(self.deadline))
                connection.connect(where)
                return connection
            except OSError as error:
                connection.close()
                failed = error
        raise failed

    def _shaken(self, connection: socket.socket, key: str | None) -> Tried:
        if not key:
            return self._heard(self._greeting(connection))
        try:
            return self._tried(Outcome.ANSWERS, servers=listed_by_key(connection, key, left(self.deadline)))
        except KeyProblem as problem:
            return self._tried(Outcome.KEY_FILE, str(problem))
        except KeyRefused as refused:
            return self._tried(Outcome.KEY_REFUSED, str(refused))
        except NoBroker as other:
            return self._heard(other.said)
        except TimeoutError:
            return self._heard(self._asked(connection))
        except ValueError:
            return self._tried(Outcome.OTHER)

    def _greeting(self, connection: socket.socket) -> bytes | None:
        try:
            connection.settimeout(left(self.deadline))
            return connection.recv(ENOUGH)
        except TimeoutError:
            return self._asked(connection)

    def _asked(self, connection: socket.socket) -> bytes | None:
        """What it says to HTTP's plainest request; None for nothing."""
        if not self.more:
            return None
        try:
            connection.settimeout(self.more)
            connection.sendall(_QUESTION)
            return connection.recv(ENOUGH)
        except OSError:
            return None

    def _heard(self, said: bytes | None) -> Tried:
        if said is None:
            return self._tried(Outcome.SILENT)
        if said.startswith(GREETING):
            return self._tried(Outcome.NO_KEY)
        web = said.startswith(b"HTTP/") or said[:1] == b"<"
        return self._tried(Outcome.HTTP if web else Outcome.OTHER)
