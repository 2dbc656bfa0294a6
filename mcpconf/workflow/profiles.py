"""Where profiles are looked up: in the project, with the user, among those that ship."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from mcpconf.client.paths import ancestors
from mcpconf.commit.private import read_private, write_private
from mcpconf.dirs import shipped
from mcpconf.errors import McpconfError, UsageError
from mcpconf.model import Layer, Profile
from mcpconf.profile.load import Found, NoProfile, parse_cached, resolve
from mcpconf.profile.names import check_profile_name
from mcpconf.profile.trust import TrustStore
from mcpconf.record import dataclass
from mcpconf.workflow.app import App

PROJECT_DIRECTORY = ".mcpconf"
SUFFIX = ".toml"
COMPILED = 64


@dataclass(frozen=True, slots=True)
class Listed:
    """A profile file that was found. `shadowed`: a nearer one of that name hides it."""

    name: str
    layer: Layer
    path: str
    trusted: bool
    shadowed: bool


class CompiledProfiles:
    """Validated profiles, kept by the digest of their text, so that pydantic is imported only after an edit.

    It is a cache: unreadable or unwritable, it is as if it were not there. What is new stays in memory until `keep`,
    which only a command that writes anyway may call.
    """

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self.fresh: dict[str, str] = {}

    def get(self, digest: str) -> str | None:
        if digest in self.fresh:
            return self.fresh[digest]
        try:
            raw = read_private(os.path.join(self._directory, digest))
            return None if raw is None else raw.decode()
        except (McpconfError, ValueError):
            return None

    def put(self, digest: str, compiled: str) -> None:
        self.fresh[digest] = compiled

    def keep(self) -> None:
        """Write what is new, and forget the oldest beyond `COMPILED`."""
        try:
            for digest, compiled in self.fresh.items():
                write_private(os.path.join(self._directory, digest), compiled.encode())
            paths = [os.path.join(self._directory, name) for name in os.listdir(self._directory)]
            for path in sorted(paths, key=os.path.getmtime)[:-COMPILED]:
                os.unlink(path)
        except (McpconfError, OSError):
            return


def layers(app: App) -> Iterator[tuple[Layer, str]]:
    """The directories that hold profiles, nearest first. A project's end at the home directory."""
    for directory in ancestors(app.system.platform, app.system.cwd):
        if directory == app.system.home:
            break
        yield Layer.PROJECT, os.path.join(directory, PROJECT_DIRECTORY)
    yield Layer.USER, app.dirs.profiles
    yield Layer.SHIPPED, shipped("profiles")


def trust_store(app: App) -> TrustStore:
    """The project profiles that the user trusts."""
    return TrustStore.load(read_private(app.dirs.trust))


def find(app: App, name: str, above: Layer | None = None) -> Found | None:
    """The nearest profile of that name; with `above`, only from the layers beyond that one."""
    problem = check_profile_name(name)
    if problem:
        raise UsageError(problem)
    order = list(Layer)
    for layer, directory in layers(app):
        if above is not None and order.index(layer) <= order.index(above):
            continue
        path = os.path.join(directory, name + SUFFIX)
        raw = app.system.read(path)
        if raw is not None:
            return Found(_text(path, raw), path, layer, _trusted(app, layer, path, raw))
    return None


def _trusted(app: App, layer: Layer, path: str, raw: bytes) -> bool:
    return layer is not Layer.PROJECT or trust_store(app).trusts(app.system.realpath(path), raw)


def _text(path: str, raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise McpconfError(f"{path} is not UTF-8 (byte {error.start})", hint="save it again as UTF-8") from None


def compiled_profiles(app: App) -> CompiledProfiles:
    """What is compiled already."""
    return CompiledProfiles(app.state.at("compiled"))


def keep_compiled(app: App, compiled: CompiledProfiles) -> None:
    """Keep what was compiled; where something was, the validator is loaded, so the other profiles are done as well."""
    if not compiled.fresh:
        return
    for listed in list_profiles(app):
        raw = app.system.read(listed.path) if listed.trusted else None
        with contextlib.suppress(McpconfError):
            parse_cached(_text(listed.path, raw or b""), listed.path, listed.name, compiled)
    compiled.keep()


def load_profile(
    app: App, name: str, *, untrusted: bool = False, cache: bool = True, compiled: CompiledProfiles | None = None
) -> Profile:
    """A profile with all it inherits. Raises `Untrusted` for one of a project that the user does not trust.

    Writes nothing: what had to be compiled is in `compiled`.
    """

    def look(wanted: str, *, above: Layer | None) -> Found | None:
        return find(app, wanted, above)

    known = (compiled or compiled_profiles(app)) if cache else None
    try:
        return resolve(name, look, cache=known, untrusted=untrusted)
    except NoProfile as error:
        import difflib

        near = difflib.get_close_matches(name, [one.name for one in list_profiles(app)], 1)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        raise NoProfile(f"{error}{meant}", hint=error.hint) from None


def list_profiles(app: App) -> tuple[Listed, ...]:
    """Every profile that can be found from here, nearest first."""
    seen: set[str] = set()
    found = []
    for layer, directory in layers(app):
        for entry in app.system.listdir(directory):
            name, suffix = os.path.splitext(entry)
            path = os.path.join(directory, entry)
            raw = app.system.read(path) if suffix == SUFFIX and check_profile_name(name) is None else None
            if raw is None:
                continue
            found.append(Listed(name, layer, path, _trusted(app, layer, path, raw), name in seen))
            seen.add(name)
    return tuple(found)
