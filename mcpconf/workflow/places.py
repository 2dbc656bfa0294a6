"""Which profile belongs to which place: `[places]` of `config.toml`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcpconf.errors import UsageError
from mcpconf.model import Kind
from mcpconf.profile.names import check_profile_name
from mcpconf.record import dataclass, field

NAMES = ("host", "container", "codespaces")
HOSTNAMES = "hostnames"


@dataclass(frozen=True, slots=True)
class Places:
    """Profiles by kind of place (`NAMES`), and by patterns of host names, which stand before those."""

    kinds: Mapping[str, str] = field(default_factory=dict)
    hostnames: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fits:
    """A profile for this place, and what says so."""

    profile: str
    because: str


def fitting(places: Places, kind: Kind, env: Mapping[str, str], hostname: str) -> Fits | None:
    """The profile for this place: by its name, else by what it is; None where nothing is said of it.

    Codespaces that has none of its own is a container; WSL is a host.
    """
    from fnmatch import fnmatchcase  # nobody waits for it where nothing is said

    name = hostname.lower()
    for pattern, profile in places.hostnames.items():
        if fnmatchcase(name, pattern.lower()) or fnmatchcase(name.partition(".")[0], pattern.lower()):
            return Fits(profile, f'[places.hostnames] "{pattern}" fits {hostname}')
    wanted = ["codespaces"] if env.get("CODESPACES", "").lower() == "true" else []
    wanted += {Kind.CONTAINER: ["container"], Kind.HOST: ["host"], Kind.WSL: ["host"]}.get(kind, [])
    if wanted == ["codespaces"]:
        wanted.append("container")
    return next((Fits(places.kinds[one], f"[places] {one}") for one in wanted if one in places.kinds), None)


def load_places(table: Any) -> Places:
    """The table as read from TOML. Raises `UsageError` for what does not belong there."""
    if not isinstance(table, dict):
        raise UsageError("places is no table")
    hostnames = table.get(HOSTNAMES, {})
    if not isinstance(hostnames, dict):
        raise UsageError("[places.hostnames] is no table")
    kinds = {name: profile for name, profile in table.items() if name != HOSTNAMES}
    for name in kinds:
        if name not in NAMES:
            raise UsageError(f"unknown key {name!r} in [places]", hint=f"it has {', '.join(NAMES)}, [places.hostnames]")
    for where, profile in (*kinds.items(), *hostnames.items()):
        problem = check_profile_name(profile) if isinstance(profile, str) else f"{profile!r:.40} is no profile's name"
        if problem:
            raise UsageError(f"{problem} (in [places], {where})")
    return Places(kinds, hostnames)


def dump_places(places: Places) -> dict[str, Any]:
    """The inverse of `load_places`."""
    return {**places.kinds, **({HOSTNAMES: dict(places.hostnames)} if places.hostnames else {})}
