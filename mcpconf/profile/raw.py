"""One profile file, checked: text -> RawProfile. Nothing is inherited yet, and only what was written is in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from mcpconf import __version__
from mcpconf.model import Json
from mcpconf.record import dataclass, field

if TYPE_CHECKING:
    from mcpconf.profile.faults import Fault

# Counts the versions of the rules in schema.py and of the form below, between releases: what was compiled under
# others is no use.
RULES = 6
_NONE: Mapping[str, Mapping[str, Json]] = MappingProxyType({})


class Cache(Protocol):
    """Keeps compiled profiles. A lost or broken one costs time only."""

    def get(self, digest: str) -> str | None: ...

    def put(self, digest: str, compiled: str) -> None: ...


@dataclass(frozen=True, slots=True)
class RawProfile:
    """What one file says: per server only the keys that stand there, as strings, numbers, lists and tables.

    `order` is None where the file has no `[route] order`, `autostart` where it has no `[broker] autostart`,
    `gateway` where it has no `[broker.gateway] listen`, `toolkit` where it has no `[toolkit] profile`,
    `listen` where it has no `[broker] listen`.
    """

    name: str
    path: str
    description: str = ""
    extends: tuple[str, ...] = ()
    servers: Mapping[str, Mapping[str, Json]] = field(default_factory=lambda: _NONE)
    order: tuple[str, ...] | None = None
    autostart: bool | None = None
    gateway: str | None = None
    toolkit: str | None = None
    listen: str | None = None

    def to_json(self) -> str:
        """What `from_json` needs, but for name and path: the same text is the same profile anywhere."""
        kept = [self.description, self.extends, dict(self.servers), self.order, self.autostart, self.gateway]
        return json.dumps([*kept, self.toolkit, self.listen], separators=(",", ":"))

    @staticmethod
    def from_json(compiled: str, name: str, path: str) -> RawProfile:
        """The profile that `to_json` wrote. Raises `ValueError` for anything else."""
        try:
            description, extends, servers, order, autostart, gateway, toolkit, listen = json.loads(compiled)
            plain = isinstance(description, str) and autostart in (None, True, False)
            plain = plain and all(isinstance(word, str | None) for word in (gateway, toolkit, listen))
            if not plain or not all(isinstance(keys, dict) for keys in servers.values()):
                raise ValueError("not a compiled profile")
            order = order and tuple(order)
            return RawProfile(
                name, path, description, tuple(extends), servers, order, autostart, gateway, toolkit, listen
            )
        except (TypeError, AttributeError, RecursionError) as error:
            raise ValueError("not a compiled profile") from error


def parse(text: str, path: str, name: str) -> RawProfile:
    """Check the text of one profile. Raises `faults.Invalid` (a `Located`) with everything that is wrong in it."""
    text = text.removeprefix("\ufeff")
    try:
        data, found = _checked(text)
    except RecursionError:
        data, found = {}, (_too_deep(),)
    if found:
        from mcpconf.profile.faults import Invalid

        raise Invalid(path, found, hint=f"mcpconf profile edit {name}")
    extends = data.get("extends", [])
    order = data.get("route", {}).get("order")
    return RawProfile(
        name,
        path,
        data.get("description", ""),
        (extends,) if isinstance(extends, str) else tuple(extends),
        data.get("servers", {}),
        None if order is None else tuple(order),
        data.get("broker", {}).get("autostart"),
        data.get("broker", {}).get("gateway", {}).get("listen"),
        data.get("toolkit", {}).get("profile"),
        data.get("broker", {}).get("listen"),
    )


def parse_cached(text: str, path: str, name: str, cache: Cache) -> RawProfile:
    """As `parse`, without pydantic where this very text was parsed before. What is invalid is never kept."""
    digest = _digest(text)
    compiled = cache.get(digest)
    if compiled is not None:
        try:
            return RawProfile.from_json(compiled, name, path)
        except ValueError:
            pass  # damaged: make it anew
    raw = parse(text, path, name)
    cache.put(digest, raw.to_json())
    return raw


def _digest(text: str) -> str:
    return hashlib.sha256(f"{__version__}\0{RULES}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()


def _checked(text: str) -> tuple[dict[str, Json], tuple[Fault, ...]]:
    """The text's data and what is wrong with them."""
    import tomllib

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        from mcpconf.profile.faults import syntax_fault

        return {}, (syntax_fault(text, str(error)),)
    return data, _validate(text, data)


def _validate(text: str, data: dict[str, Json]) -> tuple[Fault, ...]:
    # The only way to pydantic in this package: it takes longer to import than all the rest together.
    from pydantic import ValidationError

    from mcpconf.profile import schema

    try:
        schema.ProfileFile.model_validate(data)
    except ValidationError as error:
        from mcpconf.profile.faults import faults

        return faults(text, error.errors(include_url=False, include_input=False), schema.known_keys())
    return ()


def _too_deep() -> Fault:
    from mcpconf.profile.faults import Fault

    return Fault(1, 1, "nested too deeply")
