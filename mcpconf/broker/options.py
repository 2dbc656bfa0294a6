"""What a broker is started with."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence

from mcpconf.errors import UsageError
from mcpconf.record import dataclass

FOLLOWED = "listen="  # in a file that a switch writes
LISTEN = "write it as tcp:127.0.0.1:8812"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The command line's words."""

    config: str | None = None
    listen: tuple[tuple[str, int], ...] = ()
    ready: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Where everything is: the socket directory, our data, the definitions of servers, the logs; what to listen on."""

    directory: str
    data: str
    servers: str
    logs: str
    listen: tuple[tuple[str, int], ...] = ()
    gateway: str = ""  # the file that says where the gateway's plain door is, if the profile wants one
    keyed: str = ""  # the file that says where clients with a key may come besides, if the profile wants that
    umask: int = -1  # that servers are given: ours is stricter than what their user wants for the files they write


def parse(words: Sequence[str]) -> Given:
    """Read `--config-dir DIR`, `--listen tcp:HOST:PORT`, `--allow-nonlocal`, `--ready-fd N`. Raises `UsageError`."""
    config, ready, listen, nonlocal_ = None, None, [], False
    pairs = _pairs(words)
    for option, value in pairs:
        if option == "--config-dir":
            config = value
        elif option == "--ready-fd" and value.isdigit():
            ready = int(value)
        elif option == "--listen":
            listen.append(address(value))
        elif option == "--allow-nonlocal":
            nonlocal_ = True
        else:
            raise UsageError(f"the broker has no option {option} {value}".strip(), hint="mcpconf broker run --help")
    for host, port in listen:
        check_host(host, port, nonlocal_)
    return Given(config=config, listen=tuple(listen), ready=ready)


def _pairs(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    rest = iter(words)
    for word in rest:
        option, equals, value = word.partition("=")
        if option == "--allow-nonlocal":
            yield option, value
        else:
            yield option, value if equals else next(rest, "")


def address(text: str) -> tuple[str, int]:
    """Host and port of `tcp:HOST:PORT`, the host as a number. Raises `UsageError`."""
    scheme, _, rest = text.partition(":")
    host, _, port = rest.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if scheme != "tcp" or not port.isdigit() or int(port) > 65535:
        raise UsageError(f"{text!r} is no address to listen on", hint=LISTEN)
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise UsageError(f"{host!r} is no address in numbers", hint=LISTEN) from None
    return host, int(port)


def followed(path: str) -> str:
    """The address that a file of the profile's names; nothing where there is none."""
    from mcpconf.broker.place import opened_at_once

    try:
        with open(path, encoding="utf-8", opener=opened_at_once) as stream:
            lines = stream.read(4096).splitlines()
    except (OSError, ValueError):
        return ""
    return next((line.removeprefix(FOLLOWED) for line in lines if line.startswith(FOLLOWED)), "")


def check_host(host: str, port: int, allowed: bool) -> None:
    """Raise `UsageError` for an address that others than this machine can reach, unless that was asked for."""
    if not ipaddress.ip_address(host).is_loopback and not allowed:
        raise UsageError(
            f"{host}:{port} can be reached from other machines or containers",
            hint="if that is meant, add --allow-nonlocal; a mounted socket directory is safer (SECURITY.md)",
        )
