"""`config.toml`: which clients and which scope the user chose, for everywhere and for single projects, and which
profile belongs to which place."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from mcpconf.client.table import client
from mcpconf.commit.private import read_private
from mcpconf.document.fault import line_column
from mcpconf.errors import Located, UsageError
from mcpconf.model import Scope
from mcpconf.record import dataclass, field, replace
from mcpconf.workflow.places import Places, dump_places, load_places

LIMIT = 1 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Choice:
    """Clients and scope; empty and None: not chosen."""

    clients: tuple[str, ...] = ()
    scope: Scope | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """`everywhere` holds the user's own choice, `projects` that for single directories, `places` profiles by place."""

    everywhere: Choice = Choice()
    projects: Mapping[str, Choice] = field(default_factory=dict)
    places: Places = Places()

    def at(self, project: str) -> Choice:
        """What counts in a project: its own choice, filled up with the one for everywhere."""
        own = self.projects.get(project, Choice())
        return Choice(own.clients or self.everywhere.clients, own.scope or self.everywhere.scope)


def load(raw: bytes | None, path: str) -> Settings:
    """Read the settings. Raises `Located` for what does not belong there, `Refused` where no file can be read.

    `raw` is None where there is no readable file; then it is asked why.
    """
    if raw is None:
        raw = read_private(path, LIMIT)
    if raw is None:
        return Settings()
    data = _parse(raw, path)
    _only(data, {"targets", "projects", "places"}, path, "the file")
    projects = data.get("projects", {})
    if not isinstance(projects, dict):
        raise Located(path, "projects is no table; nothing was changed", hint=_away(path))
    return Settings(
        _choice(data.get("targets", {}), path, "[targets]"),
        {name: _choice(table, path, f"[projects.{name!r}]") for name, table in projects.items()},
        _places(data.get("places", {}), path),
    )


def _places(table: Any, path: str) -> Places:
    try:
        return load_places(table)
    except UsageError as error:
        raise Located(path, f"{error}; nothing was changed", hint=error.hint or _away(path)) from None


def _parse(raw: bytes, path: str) -> dict[str, Any]:
    if len(raw) > LIMIT:
        raise Located(path, f"is larger than {LIMIT >> 20} MB; nothing was changed", hint=_away(path))
    import tomllib  # where there are no settings nobody waits for it

    try:
        text = raw.decode("utf-8")
        return tomllib.loads(text)
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        said, (line, column) = f"byte 0x{raw[error.start]:02x} is not valid UTF-8", line_column(before, len(before))
    except tomllib.TOMLDecodeError as error:
        from mcpconf.profile.faults import syntax_fault

        fault = syntax_fault(text, str(error))
        said, line, column = fault.message, fault.line, fault.column
    except ValueError:
        said, line, column = "a number in it has too many digits", 0, 0
    except RecursionError:
        said, line, column = "it is nested too deeply", 0, 0
    raise Located(path, f"{said}; nothing was changed", line=line, column=column, hint=f"mend it, or {_away(path)}")


def _away(path: str) -> str:
    return f"move it away: mv {path} {path}.old"


def _choice(table: Any, path: str, where: str) -> Choice:
    if not isinstance(table, dict):
        raise Located(path, f"{where} is no table; nothing was changed", hint=_away(path))
    _only(table, {"clients", "scope"}, path, where)
    clients = table.get("clients", [])
    if not isinstance(clients, list) or not all(isinstance(name, str) for name in clients):
        raise Located(path, f"clients in {where} is no list of names; nothing was changed", hint=_away(path))
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
    What `load` accepts, this can edit: it is called when the clients' files are written, and must not fail any more.
    """
    wanted = _with(load(raw or b"", ""), choice, project, here)
    with contextlib.suppress(Exception):  # whatever an unusual layout makes tomlkit raise
        edited = _edited(raw or b"", choice, project, here)
        if load(edited, "") == wanted:
            return edited
    return _written(wanted)


def remember_apart(raw: bytes | None, below: Settings, choice: Choice, project: str | None, *, here: str) -> bytes:
    """The same in a file of ours that stands above the user's, which says `below` and is not to be written."""
    own = load(raw or b"", "")
    wanted = _with(above(own, below), choice, project, here)
    told = [one for one in (project or here,) if one in wanted.projects or one in below.projects]
    # A directory's own choice in the user's file ends by one that says what counts without it.
    projects = {one: wanted.projects.get(one, Choice(scope=Scope.USER)) for one in told}
    everywhere = wanted.everywhere if project is None else own.everywhere
    return _written(Settings(everywhere, {**own.projects, **projects}))


def above(first: Settings, below: Settings) -> Settings:
    """Two files' settings: what the first one says counts."""
    return Settings(_over(first.everywhere, below.everywhere), {**below.projects, **first.projects}, below.places)


def _with(settings: Settings, choice: Choice, project: str | None, here: str) -> Settings:
    projects = dict(settings.projects)
    if project is not None:
        projects[project] = _over(choice, projects.get(project, Choice()))
        return replace(settings, projects=projects)
    if choice.scope is not None:
        projects.pop(here, None)
    return replace(settings, everywhere=_over(choice, settings.everywhere), projects=projects)


def _over(choice: Choice, known: Choice) -> Choice:
    return Choice(choice.clients or known.clients, choice.scope or known.scope)


def _edited(raw: bytes, choice: Choice, project: str | None, here: str) -> bytes:
    import tomlkit
    from tomlkit.items import InlineTable

    document = tomlkit.parse(raw.decode("utf-8"))
    stay = [name for name in document if not document[name]]  # empty by the user's own hand
    table: Any = document.setdefault("targets", tomlkit.table())
    if project is not None:
        projects: Any = document.setdefault("projects", tomlkit.table(is_super_table=True))
        own = tomlkit.inline_table() if isinstance(projects, InlineTable) else tomlkit.table()
        table = projects.setdefault(project, own)
    elif choice.scope is not None and here in document.get("projects", {}):
        del document["projects"][here]
    if choice.clients:
        table["clients"] = list(choice.clients)
    if choice.scope is not None:
        table["scope"] = str(choice.scope)
    for name in ("targets", "projects"):
        if not document.get(name) and name not in stay:
            document.pop(name, None)
    return tomlkit.dumps(document).encode("utf-8")


def _written(settings: Settings) -> bytes:
    """The settings as a new file."""
    import tomlkit

    tables = {"targets": settings.everywhere} if settings.everywhere != Choice() else {}
    data: dict[str, Any] = {name: _fields(one) for name, one in tables.items()}
    if settings.projects:
        data["projects"] = {name: _fields(one) for name, one in settings.projects.items()}
    if settings.places != Places():
        data["places"] = dump_places(settings.places)
    return tomlkit.dumps(data).encode("utf-8")


def _fields(choice: Choice) -> dict[str, Any]:
    fields: dict[str, Any] = {"clients": list(choice.clients)} if choice.clients else {}
    return fields | ({"scope": str(choice.scope)} if choice.scope is not None else {})
