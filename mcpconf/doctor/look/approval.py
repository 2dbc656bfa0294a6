"""What Claude Code's settings say of servers: which are approved, rejected, switched off, denied.

Measured on 2.1.197: a user's own settings approve everywhere, a project's only where its directory is trusted, and a
rejection wins from wherever it comes. Settings of a project are read in the current directory alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping

from mcpconf.client import claude_code
from mcpconf.client.project import find_project
from mcpconf.doctor.seen.entries import Managed, Stand
from mcpconf.model import Json
from mcpconf.record import dataclass, field
from mcpconf.workflow import surroundings
from mcpconf.workflow.app import App

MANAGED_SETTINGS = "managed-settings.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of them together. Names lead to the file that says so; `everything` is for `enableAllProjectMcpServers`.

    `variables` are those that the settings' `env` sets for a session. `allowed`: no others may be used; None: any.
    """

    approved: Mapping[str, str] = field(default_factory=dict)
    approved_here: Mapping[str, str] = field(default_factory=dict)  # counts where the directory is trusted
    everything: str = ""
    everything_here: str = ""
    rejected: Mapping[str, str] = field(default_factory=dict)
    off: Mapping[str, str] = field(default_factory=dict)
    denied: Mapping[str, str] = field(default_factory=dict)
    allowed: tuple[frozenset[str], str] | None = None
    trusted: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)

    def stand(self, name: str, *, of_project: bool) -> tuple[Stand, str]:
        """Whether a server of this name is used, and the file that decides so."""
        if name in self.denied:
            return Stand.DENIED, self.denied[name]
        if self.allowed is not None and name not in self.allowed[0]:
            return Stand.DENIED, self.allowed[1]
        if of_project and name in self.rejected:
            return Stand.REJECTED, self.rejected[name]
        if name in self.off:
            return Stand.OFF, self.off[name]
        if not of_project or name in self.approved or self.everything:
            return Stand.USED, ""
        here = self.approved_here.get(name) or self.everything_here
        if here:
            return (Stand.USED, "") if self.trusted else (Stand.UNTRUSTED, here)
        return Stand.PENDING, ""


def look(app: App) -> Settings:
    """The settings that count in the current directory. A file that can't be read says nothing."""
    place = app.place
    directory = claude_code.config_directory(place) or os.path.join(app.system.home, ".claude")
    managed = os.path.join(os.path.dirname(surroundings.MANAGED[app.system.platform]), MANAGED_SETTINGS)
    anywhere = [_read(app, managed), _read(app, os.path.join(directory, "settings.json"))]
    names = ("settings.json", "settings.local.json")
    here = [_read(app, os.path.join(app.system.cwd, ".claude", name)) for name in names]
    own_file = claude_code.config_file(place)
    record = _record(app, own_file)
    here.append((own_file, record))
    every = anywhere + here
    return Settings(
        approved=_listed(anywhere, "enabledMcpjsonServers"),
        approved_here=_listed(here, "enabledMcpjsonServers"),
        everything=_switch(anywhere),
        everything_here=_switch(here),
        rejected=_listed(every, "disabledMcpjsonServers"),
        off=_listed([(own_file, record)], "disabledMcpServers"),
        denied={name: path for path, data in every for name in _named(data.get("deniedMcpServers"))},
        allowed=_allowed(every),
        trusted=record.get("hasTrustDialogAccepted") is True,
        variables=_variables(data for _, data in every),
    )


def managed(app: App) -> Managed | None:
    """The administrator's file of servers; None where there is none."""
    path = surroundings.MANAGED[app.system.platform]
    if not app.system.exists(path):
        return None
    try:
        data = json.loads(app.system.read(path) or b"")
    except (ValueError, RecursionError):
        return Managed(path, problem="it is not valid JSON")
    servers = data.get("mcpServers") if isinstance(data, dict) else None
    if not isinstance(servers, dict):
        return Managed(path, problem="it has no object mcpServers")
    return Managed(path, tuple(servers))


Source = tuple[str, Mapping[str, Json]]  # a file, and what it says


def _read(app: App, path: str) -> Source:
    try:
        data = json.loads(app.system.read(path) or b"{}")
    except (ValueError, RecursionError):
        data = {}
    return path, data if isinstance(data, dict) else {}


def _record(app: App, path: str) -> Mapping[str, Json]:
    """What Claude Code has noted down about the current directory."""
    projects = _read(app, path)[1].get("projects")
    found = projects.get(find_project(app.place).key) if isinstance(projects, dict) else None
    return found if isinstance(found, dict) else {}


def _listed(sources: Iterable[Source], key: str) -> dict[str, str]:
    return {name: path for path, data in sources for name in _strings(data.get(key))}


def _strings(value: Json) -> Iterator[str]:
    yield from (one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _switch(sources: Iterable[Source]) -> str:
    return next((path for path, data in sources if data.get("enableAllProjectMcpServers") is True), "")


def _named(value: Json) -> Iterator[str]:
    """The names in a list of `{"serverName": ...}`; one by command or address is not judged here."""
    for one in value if isinstance(value, list) else ():
        if isinstance(one, dict) and isinstance(one.get("serverName"), str):
            yield one["serverName"]


def _allowed(sources: Iterable[Source]) -> tuple[frozenset[str], str] | None:
    """The names on all lists of `allowedMcpServers`, and the first file with one. Measured: a user's own counts, too.

    None where there is no list, or one goes by commands and addresses as well.
    """
    lists = [(path, data["allowedMcpServers"]) for path, data in sources if "allowedMcpServers" in data]
    if not lists or any(not isinstance(one, list) or len(tuple(_named(one))) < len(one) for _, one in lists):
        return None
    return frozenset(name for _, one in lists for name in _named(one)), lists[0][0]


def _variables(settings: Iterable[Mapping[str, Json]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for data in settings:
        env = data.get("env")
        found |= {k: v for k, v in env.items() if isinstance(v, str)} if isinstance(env, dict) else {}
    return found
