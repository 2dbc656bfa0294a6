"""Profiles with all that they build on: name -> Profile. Files come through a callable: nothing is read here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, TypeVar

from mcpconf.errors import McpconfError, Refused
from mcpconf.model import TOOLKIT_ENTRY, ContainerOptions, Json, Layer, Pool, Profile, RouteName, Server, ToolFilter
from mcpconf.profile.names import check_profile_name
from mcpconf.profile.raw import Cache, RawProfile, parse, parse_cached
from mcpconf.record import dataclass, field

if TYPE_CHECKING:
    from mcpconf.profile.faults import Invalid

__all__ = ["Find", "Found", "NoProfile", "RawProfile", "Untrusted", "merged", "parse", "parse_cached", "resolve"]

T = TypeVar("T")
WAYS = ("command", "image", "url", "package", "toolkit", "endpoint", "builtin")


@dataclass(frozen=True, slots=True)
class Found:
    """A profile's file, as it was read. Only a project's can be untrusted."""

    text: str
    path: str
    layer: Layer
    trusted: bool = True


class Find(Protocol):
    """Looks a profile up by name, nearest layer first: project, user, shipped.

    With `above`, only in the layers behind that one. None where there is none.
    """

    def __call__(self, name: str, /, *, above: Layer | None) -> Found | None: ...


class NoProfile(McpconfError):
    """There is no profile of that name."""


class Untrusted(Refused):
    """A project's profile that nobody has trusted yet, or that was edited since."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} is not trusted, and it could run any command", hint=f"mcpconf trust {path}")
        self.path = path


def resolve(name: str, find: Find, *, cache: Cache | None = None, untrusted: bool = False) -> Profile:
    """The profile of that name, merged with what it extends.

    Parents are looked up in the child's own layer and the layers behind it, so that a project cannot slip its own
    parent under a user's profile; one of the child's own name, only behind it. `untrusted` lets an untrusted file
    in, to show it.

    Raises `NoProfile`, `Untrusted`, or `Invalid` (a `Located`): a fault in a file, a parent that is not there, a
    circle, a server that nothing says how to reach.
    """
    problem = check_profile_name(name)
    if problem:
        raise McpconfError(problem)
    found = find(name, above=None)
    if found is None:
        raise NoProfile(f"there is no profile named {name!r}", hint="mcpconf profile ls")
    family = _Family(find, cache, untrusted)
    whole = family.made(name, found, ())
    return Profile(
        name=name,
        description=whole.raw.description,
        servers=tuple(_server(key, keys, family.files) for key, keys in _with_entry(whole).items()),
        order=tuple(RouteName(route) for route in whole.order or ()),
        autostart=bool(whole.autostart),
        gateway=whole.gateway or "",
        toolkit=whole.toolkit or "",
        listen=whole.listen or "",
        layer=found.layer,
        path=found.path,
        extends=whole.raw.extends,
    )


def merged(parent: Mapping[str, Json], child: Mapping[str, Json]) -> dict[str, Json]:
    """A table over another one: tables key by key, everything else replaced; the parent's keys keep their places."""
    out = dict(parent)
    for key, value in child.items():
        below = out.get(key)
        nested = isinstance(value, Mapping) and isinstance(below, Mapping)
        out[key] = merged(below or {}, value) if nested else value
    return out


@dataclass(frozen=True, slots=True)
class _Whole:
    """A file's profile with all that it inherits; None where neither it nor a parent says anything."""

    raw: RawProfile
    servers: Mapping[str, Json]
    order: tuple[str, ...] | None
    autostart: bool | None
    gateway: str | None
    toolkit: str | None
    listen: str | None


@dataclass(slots=True)
class _Family:
    """A profile's ancestors while they are put together: each file is read and merged once, however often named."""

    find: Find
    cache: Cache | None
    untrusted: bool
    files: dict[str, Found] = field(default_factory=dict)
    done: dict[str, _Whole] = field(default_factory=dict)

    def made(self, name: str, found: Found, line: tuple[Found, ...]) -> _Whole:
        """The file with all its parents; `line` are the files that led here."""
        if found.path not in self.done:
            self.done[found.path] = self._make(name, found, (*line, found))
        return self.done[found.path]

    def _make(self, name: str, found: Found, line: tuple[Found, ...]) -> _Whole:
        if not (found.trusted or self.untrusted):
            raise Untrusted(found.path)
        raw = self._parse(name, found)
        servers: dict[str, Json] = {}
        order = autostart = gateway = toolkit = listen = None
        for parent in raw.extends:
            its = self.made(parent, self._parent(raw, found, parent, line), line)
            servers = merged(servers, its.servers)
            order, autostart = _later(order, its.order), _later(autostart, its.autostart)
            gateway, toolkit = _later(gateway, its.gateway), _later(toolkit, its.toolkit)
            listen = _later(listen, its.listen)
        self.files[found.path] = found
        servers = merged(servers, raw.servers)
        order, autostart = _later(order, raw.order), _later(autostart, raw.autostart)
        gateway, toolkit = _later(gateway, raw.gateway), _later(toolkit, raw.toolkit)
        return _Whole(raw, servers, order, autostart, gateway, toolkit, _later(listen, raw.listen))

    def _parse(self, name: str, found: Found) -> RawProfile:
        if self.cache is None:
            return parse(found.text, found.path, name)
        return parse_cached(found.text, found.path, name, self.cache)

    def _parent(self, raw: RawProfile, found: Found, parent: str, line: tuple[Found, ...]) -> Found:
        own = parent == raw.name
        above = self.find(parent, above=found.layer if own else _BEFORE[found.layer])
        if above is None:
            other = "other profile" if own else "profile"
            raise _at_extends(raw, found, f"there is no {other} {parent!r} to extend", "mcpconf profile ls")
        if any(above.path == other.path for other in line):
            chain = " -> ".join([*(_stem(other.path) for other in line), parent])
            raise _at_extends(raw, found, f"profiles extend each other in a circle: {chain}", None)
        return above


# What `find` has to be given to look in a layer and those behind it.
_BEFORE = {Layer.PROJECT: None, Layer.USER: Layer.PROJECT, Layer.SHIPPED: Layer.USER}


def _later(one: T | None, other: T | None) -> T | None:
    """What the later one says, where it says anything."""
    return one if other is None else other


def _stem(path: str) -> str:
    return path.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".toml")


def _at_extends(raw: RawProfile, found: Found, message: str, hint: str | None) -> Invalid:
    from mcpconf.profile.faults import Invalid, at_value

    fault = at_value(found.text, ("extends",), message)
    return Invalid(found.path, [fault], hint=hint or f"mcpconf profile edit {raw.name}")


def _with_entry(whole: _Whole) -> Mapping[str, Mapping[str, Json]]:
    """The servers, and where a profile of the Toolkit's is all that is said of it, the whole of that as one."""
    if not whole.toolkit or any(keys.get("toolkit") for keys in whole.servers.values()):
        return whole.servers
    # No name of the catalog has a space: this one says what it is, to whoever reads it.
    entry = {"toolkit": f"profile {whole.toolkit}", **whole.servers.get(TOOLKIT_ENTRY, {})}
    return {**whole.servers, TOOLKIT_ENTRY: entry}


def _server(name: str, keys: Mapping[str, Json], files: Mapping[str, Found]) -> Server:
    """A server of a merged profile. Raises `Invalid` where no key says how to reach it."""
    if not any(keys.get(way) for way in WAYS):
        raise _no_way(name, files)
    container = keys.get("container", {})
    tools = keys.get("tools", {})
    return Server(
        name=name,
        command=keys.get("command"),
        args=tuple(keys.get("args", ())),
        env=keys.get("env", {}),
        cwd=keys.get("cwd"),
        image=keys.get("image"),
        container=ContainerOptions(
            tuple(container.get("volumes", ())), container.get("network"), tuple(container.get("flags", ()))
        ),
        url=keys.get("url"),
        transport=keys.get("transport", "http"),
        headers=keys.get("headers", {}),
        package=keys.get("package"),
        toolkit=keys.get("toolkit"),
        endpoint=keys.get("endpoint"),
        routes=tuple(RouteName(route) for route in keys.get("routes", ())),
        clients=tuple(keys.get("clients", ())),
        disabled=keys.get("disabled", False),
        tools=ToolFilter(tuple(tools.get("allow", ())), tuple(tools.get("deny", ()))),
        timeout=keys.get("timeout"),
        builtin=keys.get("builtin", False),
        pool=Pool(keys["pool"]) if "pool" in keys else None,
        idle_timeout=keys.get("idle_timeout"),
        spare=keys.get("spare"),
    )


def _no_way(name: str, files: Mapping[str, Found]) -> Invalid:
    from mcpconf.profile.faults import Invalid, at_key
    from mcpconf.profile.locate import Index

    # Ancestors come first in `files`: the last one that speaks of the server is where a person would mend it.
    path = ("servers", name)
    found = [found for found in files.values() if path in Index(found.text).spots][-1]
    fault = at_key(found.text, path, f"the server {name!r} has no way to reach it")
    return Invalid(found.path, [fault], hint=f"give it one of {', '.join(WAYS)}")
