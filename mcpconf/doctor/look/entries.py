"""Look at the servers that clients are told of: what stands in their files, and what is there of it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from mcpconf.client import claude_code
from mcpconf.client.paths import ancestors
from mcpconf.client.project import find_project
from mcpconf.client.spec import ClientSpec, Target
from mcpconf.doctor.expansion import expanded
from mcpconf.doctor.look import approval, program
from mcpconf.doctor.named import missing_paths
from mcpconf.doctor.seen.entries import Entries, Entry, Managed, Stand
from mcpconf.document.edit import Found, read_members
from mcpconf.document.fault import Fault
from mcpconf.environment.verdict import Environment
from mcpconf.errors import Located, McpconfError
from mcpconf.ledger import Ledger
from mcpconf.model import Json, Kind, Scope
from mcpconf.plan import decode_file
from mcpconf.record import dataclass, replace
from mcpconf.route.ways import SYSTEM_PATH
from mcpconf.workflow.app import App
from mcpconf.workflow.learnt import learnt

SECONDS = 0.3  # for a port of this place to answer
LOOPBACK = ("localhost", "127.0.0.1", "::1")
PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
OURS = ("/mcpconf/wrapper/", "/mcpconf/broker/", "/mcpconf/data/wrapper/", "/mcpconf/data/broker/")
# Which scope of Claude Code's counts where several have a name, the first one first.
ORDER = (Scope.LOCAL, Scope.PROJECT, Scope.USER)


@dataclass(frozen=True, slots=True)
class Look:
    """What looking at one entry needs to know."""

    app: App
    variables: Mapping[str, str]  # what Claude Code fills in
    settings: approval.Settings
    ledger: Ledger
    tools: Mapping[str, tuple[str, ...]]
    probe: bool  # whether a port of this place may be asked


def look(
    app: App,
    targets: Sequence[tuple[ClientSpec, Target]],
    environment: Environment,
    *,
    server: str | None = None,
    network: bool = True,
) -> Entries:
    """What MC3xx judge. With `server`, the entries of that name alone."""
    settings = approval.look(app)
    probe = network and environment.kind is Kind.CONTAINER
    variables = {**settings.variables, **app.system.env}
    looking = Look(app, variables, settings, _ledger(app), learnt(app), probe)
    managed = approval.managed(app)
    found = [one for spec, target in _wider(app, targets) for one in _entries(looking, spec, target)]
    entries = _shadowed(found, managed)
    return Entries(
        entries=tuple(one for one in entries if server in (None, one.name)),
        platform=app.system.platform,
        kind=environment.kind,
        managed=managed,
        docker_host=_knows_host(app),
        project=find_project(app.place).key,
    )


def _knows_host(app: App) -> bool:
    """Whether the name that containers have for their host leads somewhere here; Docker Desktop sees to that."""
    return app.system.platform != "linux" or b"host.docker.internal" in (app.system.read("/etc/hosts") or b"")


def _ledger(app: App) -> Ledger:
    try:
        return app.state.ledger()
    except McpconfError:
        return Ledger()  # a damaged one is MC107's


def _wider(app: App, targets: Sequence[tuple[ClientSpec, Target]]) -> Iterator[tuple[ClientSpec, Target]]:
    """The targets, and the `.mcp.json` of every directory above: Claude Code reads them all."""
    told: set[tuple[str, tuple[str, ...]]] = set()
    for spec, target in (*targets, *_above(app, targets)):
        if (target.path, target.pointer) not in told:
            told.add((target.path, target.pointer))
            yield spec, target


def _above(app: App, targets: Sequence[tuple[ClientSpec, Target]]) -> Iterator[tuple[ClientSpec, Target]]:
    project = next(((spec, one) for spec, one in targets if one.scope is Scope.PROJECT), None)
    if project is not None:
        for directory in ancestors(app.system.platform, app.system.cwd):
            yield project[0], replace(project[1], path=os.path.join(directory, ".mcp.json"))


def _entries(looking: Look, spec: ClientSpec, target: Target) -> Iterator[Entry]:
    raw = looking.app.system.read(target.path)
    if raw is None:
        return
    try:
        members = read_members(decode_file(target.path, raw).text, target.pointer, target.dialect)
    except (Located, Fault):
        return  # MC202 says so
    record = looking.ledger.files.get(target.path)
    ours = record.members.get(target.pointer, {}) if record else {}
    for name, member in members.items():
        yield _entry(looking, spec, target, name, member, name in ours)


def _entry(looking: Look, spec: ClientSpec, target: Target, name: str, member: Found, ours: bool) -> Entry:
    of_project = target.scope is Scope.PROJECT
    code = spec.id == claude_code.ID
    stand, because = looking.settings.stand(name, of_project=of_project) if code else (Stand.USED, "")
    seen = Entry(
        name=name,
        client=spec.id,
        title=spec.title,
        scope=str(target.scope),
        path=target.path,
        line=member.line,
        value=member.value,
        ours=ours,
        here=not target.enter,
        takes_urls=spec.remote,
        expands=spec.expands,
        needs_type=spec.typed,
        personal=not of_project,
        directory=looking.app.system.cwd if code else "",
        stand=stand,
        because=because,
        tools=looking.tools.get(name, ()),
    )
    return _filled(looking, spec, seen) if isinstance(member.value, dict) else seen


def _filled(looking: Look, spec: ClientSpec, seen: Entry) -> Entry:
    """The entry with what it leads to."""
    value, unset = _expanded(looking, seen)
    seen = replace(seen, unset=unset, silent=looking.probe and _is_silent(value.get("url")))
    command, args = value.get("command"), value.get("args") or []
    if not (isinstance(command, str) and command.strip() and seen.here and isinstance(args, list)):
        return seen
    words = [word for word in args if isinstance(word, str)]
    if any(where == "command" for where, _ in unset):
        return seen
    env = {k: v for k, v in _table(value.get("env")).items() if isinstance(v, str)}
    lost = tuple(dict.fromkeys(path for path in (command, *words) if _is_lost(looking.app, path)))
    own = looking.app.system.env.get("PATH", SYSTEM_PATH)
    path = env.get("PATH") or (SYSTEM_PATH if spec.bare_path else own)
    return replace(
        seen,
        lost=lost,
        program=program.look(looking.app.system, command, path, seen.directory, own),
        missing=missing_paths(command, words, env, seen.directory, os.path.exists),
    )


def _expanded(looking: Look, seen: Entry) -> tuple[dict[str, Json], tuple[tuple[str, str], ...]]:
    """The entry as its client takes it, and the variables that are not set, with where they stand."""
    if not seen.expands:
        return dict(seen.value), ()
    unset: list[tuple[str, str]] = []

    def fill(value: Json, where: str) -> Json:
        if not isinstance(value, str):
            return value
        text, missing = expanded(value, looking.variables)
        unset.extend((where, name) for name in missing)
        return text

    filled = dict(seen.value)
    for key in ("command", "url"):
        filled[key] = fill(filled.get(key), key)
    args = filled.get("args")
    filled["args"] = [fill(one, "args") for one in args] if isinstance(args, list) else args
    for key in ("env", "headers"):
        filled[key] = {name: fill(one, f"{key} {name}") for name, one in _table(filled.get(key)).items()}
    return filled, tuple(dict.fromkeys(unset))


def _table(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _is_lost(app: App, path: str) -> bool:
    """Whether this is a file of mcpconf's own, here or of another place, that is not there."""
    own = path.startswith((app.dirs.wrapper + os.sep, app.dirs.broker + os.sep))
    return os.path.isabs(path) and (own or any(sign in path for sign in OURS)) and not os.path.exists(path)


def _is_silent(url: Json) -> bool:
    """Whether an address of this very place has no listener."""
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        host, port = parts.hostname, parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:
        return False
    if host not in LOOPBACK or not port:
        return False
    try:
        socket.create_connection((host, port), SECONDS).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return False


def _shadowed(found: Sequence[Entry], managed: Managed | None) -> Iterable[Entry]:
    """The entries, each with the scope that counts in its place. An unapproved one shadows nothing."""
    if managed is not None and managed.problem is None:
        return found
    winners: dict[str, Entry] = {}
    for scope in ORDER:  # nearer `.mcp.json` come first in `found`
        for one in found:
            if one.client == claude_code.ID and one.scope == scope and one.stand in (Stand.USED, Stand.OFF):
                winners.setdefault(one.name, one)
    return [_behind(one, winners.get(one.name)) for one in found]


def _behind(one: Entry, winner: Entry | None) -> Entry:
    if winner is None or winner is one or one.client != claude_code.ID or one.stand is not Stand.USED:
        return one
    shadow = f"{winner.path}:{winner.line} ({winner.scope})"
    return replace(one, shadow=shadow, shadow_is_same=winner.value == one.value)
