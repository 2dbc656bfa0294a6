"""`config.toml`: which clients and which scope the user chose, for everywhere and for single projects."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from mcpconf.client.table import client
from mcpconf.errors import Located, UsageError
from mcpconf.model import Scope
from mcpconf.record import dataclass, field


@dataclass(frozen=True, slots=True)
class Choice:
    """Clients and scope; empty and None: not chosen."""

    clients: tuple[str, ...] = ()
    scope: Scope | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """`everywhere` holds the user's own choice, `projects` that for single directories."""

    everywhere: Choice = Choice()
    projects: Mapping[str, Choice] = field(default_factory=dict)

    def at(self, project: str) -> Choice:
        """What counts in a project: its own choice, filled up with the one for everywhere."""
        own = self.projects.get(project, Choice())
        return Choice(own.clients or self.everywhere.clients, own.scope or self.everywhere.scope)


def load(raw: bytes | None, path: str) -> Settings:
    """Read the settings. Raises `Located` for what does not belong there."""
    if raw is None:
        return Settings()
    try:
        data = tomllib.loads(raw.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Located(
            path, f"{error}; nothing was changed", hint=f"mend it, or move it away: mv {path} {path}.old"
        ) from None
    _only(data, {"targets", "projects"}, path, "the file")
    projects = data.get("projects", {})
    return Settings(
        _choice(data.get("targets", {}), path, "[targets]"),
        {name: _choice(table, path, f"[projects.{name!r}]") for name, table in projects.items()},
    )


def _choice(table: Any, path: str, where: str) -> Choice:
    if not isinstance(table, dict):
        raise Located(path, f"{where} is no table; nothing was changed")
    _only(table, {"clients", "scope"}, path, where)
    clients = table.get("clients", [])
    if not isinstance(clients, list) or not all(isinstance(name, str) for name in clients):
        raise Located(path, f"clients in {where} is no list of names; nothing was changed")
    try:
        return Choice(tuple(client(name).id for name in clients), parse_scope(table.get("scope")))
    except UsageError as error:
        raise Located(path, f"{error} (in {where}); nothing was changed", hint=error.hint) from None


def _only(table: Mapping[str, Any], known: set[str], path: str, where: str) -> None:
    for name in table:
        if name not in known:
            raise Located(path, f"unknown key {name!r} in {where}; nothing was changed", hint=f"remove it from {path}")


def parse_scope(text: str | None) -> Scope | None:
    """A scope by its name; None for none. Raises `UsageError`."""
    if text is None:
        return None
    try:
        return Scope(text)
    except ValueError:
        raise UsageError(f"there is no scope {text!r}", hint="--scope user, local or project") from None


def remember(raw: bytes | None, choice: Choice, project: str | None, *, here: str) -> bytes:
    """The file with a choice in it, comments kept. A local or project scope is remembered for its directory only.

    The user scope, said in a directory (`here`) that has another one, is the end of that directory's own choice.
    """
    import tomlkit

    document = tomlkit.parse((raw or b"").decode("utf-8"))
    table: Any = document.setdefault("targets", tomlkit.table())
    if project is not None:
        table = document.setdefault("projects", tomlkit.table(is_super_table=True)).setdefault(project, tomlkit.table())
    elif choice.scope is not None and here in document.get("projects", {}):
        del document["projects"][here]
    if choice.clients:
        table["clients"] = list(choice.clients)
    if choice.scope is not None:
        table["scope"] = str(choice.scope)
    for name in ("targets", "projects"):
        if not document.get(name):
            document.pop(name, None)
    return tomlkit.dumps(document).encode("utf-8")
