"""Results as JSON-able values, for `--json` and for the tools of `mcpconf serve`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mcpconf import record
from mcpconf.errors import McpconfError
from mcpconf.profile.redact import bare_url, hidden, redacted
from mcpconf.redact import redact
from mcpconf.workflow import active
from mcpconf.workflow.app import App
from mcpconf.workflow.diff import summary, tilde, unified
from mcpconf.workflow.profiles import Listed, list_profiles, load_profile
from mcpconf.workflow.status import ContextStatus, status
from mcpconf.workflow.switch import Prepared, Wish, prepare

if TYPE_CHECKING:
    from mcpconf.commit.generation import Generation
    from mcpconf.environment.verdict import Environment
    from mcpconf.model import Note, Profile, Server
    from mcpconf.plan import Plan
    from mcpconf.system import System
    from mcpconf.workflow.elsewhere import Elsewhere
    from mcpconf.workflow.undo import Undone
    from mcpconf.workflow.uninstall import Uninstalled

Data = dict[str, Any]


def app_of(system: System) -> App:
    """The world of a tool call."""
    from mcpconf.dirs import find_dirs
    from mcpconf.environment.verdict import parse_override

    return App(system, find_dirs(system), parse_override(system.env.get("MCPCONF_ENV")))


def status_data(system: System) -> Data:
    """Every active profile that counts in the current directory."""
    return status_report(app_of(system))


def env_data(system: System) -> Data:
    """Where we are, and why."""
    return env_report(app_of(system).look({"engine", "toolkit", "raw_mcp"})[1])


def profiles_data(system: System) -> Data:
    """The profiles that can be found from here."""
    return profiles_report(app_of(system))


def diff_data(system: System, profile: str | None = None) -> Data:
    """What switching to `profile` (the active one, where None) would change."""
    app = app_of(system)
    name = profile or active.load(app.state.read(active.FILE)).get(active.USER, active.Active()).current
    if name is None:
        raise McpconfError("no profile is active", hint="name one; the tool `profiles` lists them")
    return plan_report(prepare(app, Wish(profile=name, remember=False)), app.system.home)


def notes_report(notes: tuple[Note, ...]) -> list[Data]:
    """Notes, with secrets taken out."""
    return [{"text": redact(note.text), "hint": note.hint} for note in notes]


def status_report(app: App) -> Data:
    """`status` as JSON."""
    return contexts_report(status(app), app.system.home)


def contexts_report(contexts: Iterable[ContextStatus], home: str) -> Data:
    """The status of several contexts as JSON."""
    return {"contexts": [_context(one, home) for one in contexts]}


def _context(one: ContextStatus, home: str) -> Data:
    return {
        "context": one.context,
        "profile": one.profile,
        "previous": one.previous,
        "in_step": one.in_step,
        "error": _public(one.error, home),
        "hint": _public(one.hint, home),
        "targets": [
            {
                "client": target.client,
                "scope": target.scope,
                "path": tilde(target.path, home),
                "entries": [_entry(record.asdict(entry)) for entry in target.entries],
            }
            for target in one.targets
        ],
        "notes": notes_report(one.notes),
    }


def _public(text: str | None, home: str) -> str | None:
    """A message as it may be pasted: without secrets, and with `~` for the home in its paths."""
    return None if text is None else redact(text).replace(home.rstrip("/\\") + "/", "~/")


def _entry(entry: Data) -> Data:
    return {**entry, "because": redact(entry["because"])}


def env_report(environment: Environment) -> Data:
    """`env` as JSON."""
    from mcpconf.workflow.way_report import tried_report

    return {
        "kind": str(environment.kind),
        "runtime": environment.runtime,
        "confidence": environment.confidence,
        "score": environment.score,
        "overridden": environment.overridden,
        "evidence": [{**record.asdict(one), "toward": str(one.toward)} for one in environment.evidence],
        "capabilities": record.asdict(environment.capabilities),
        **tried_report(environment.tried, environment.missing),
    }


def profiles_report(app: App) -> Data:
    """`profile ls` as JSON."""
    known = active.load(app.state.read(active.FILE))
    in_use = {one.current for one in known.values()}
    return {"profiles": [_profile(app, listed, in_use) for listed in list_profiles(app)]}


def _profile(app: App, listed: Listed, in_use: set[str | None]) -> Data:
    base: Data = {
        "name": listed.name,
        "layer": str(listed.layer),
        "path": tilde(listed.path, app.system.home),
        "trusted": listed.trusted,
        "shadowed": listed.shadowed,
        "active": listed.name in in_use and not listed.shadowed,
        "description": "",
        "servers": [],
        "error": None,
    }
    if listed.shadowed:
        return base
    try:
        profile = load_profile(app, listed.name, untrusted=True)
    except McpconfError as error:
        return {**base, "error": _public(str(error), app.system.home)}
    names = [server.name for server in profile.servers if not server.disabled]
    return {**base, "description": redact(profile.description), "servers": names}


def profile_report(profile: Profile, home: str) -> Data:
    """`profile show` as JSON: everything but secrets, which are only named."""
    return {
        "name": profile.name,
        "description": redact(profile.description),
        "layer": str(profile.layer),
        "path": tilde(profile.path, home),
        "extends": list(profile.extends),
        "order": [str(route) for route in profile.order],
        "autostart": profile.autostart,
        "toolkit": profile.toolkit or None,
        "servers": [_server(server) for server in profile.servers],
    }


def _server(server: Server) -> Data:
    return {
        "name": server.name,
        "command": server.command and redact(server.command),
        "args": list(redacted(server.args)),
        "env": {name: hidden(value) for name, value in server.env.items()},
        "cwd": server.cwd and redact(server.cwd),
        "image": server.image and redact(server.image),
        "url": None if server.url is None else bare_url(server.url),
        "headers": {name: hidden(value) for name, value in server.headers.items()},
        "package": server.package and redact(server.package),
        "toolkit": server.toolkit and redact(server.toolkit),
        "endpoint": server.endpoint,
        "routes": [str(route) for route in server.routes],
        "clients": list(server.clients),
        "disabled": server.disabled,
        "builtin": server.builtin,
        "pool": server.pool and str(server.pool),
        "idle_timeout": server.idle_timeout,
        "spare": server.spare,
    }


def plan_report(prepared: Prepared, home: str) -> Data:
    """A plan as JSON: the same for `--dry-run`, `diff`, `--check` and after the commit."""
    plan = prepared.plan
    return {
        "profile": prepared.profile.name,
        "context": prepared.context,
        "changed": bool(plan.files),
        "summary": summary(plan),
        "targets": [
            {
                "client": part.spec.id,
                "scope": str(part.target.scope),
                "path": tilde(part.target.path, home),
                "servers": [
                    {
                        "name": one.server.name,
                        "entry": one.entry,
                        "route": None if one.route is None else str(one.route),
                        "because": redact(one.because),
                        "hint": one.hint,
                    }
                    for one in part.routed
                ],
            }
            for part in prepared.parts
        ],
        **changes_report(plan, home),
        "notes": notes_report(prepared.notes),
    }


def changes_report(plan: Plan, home: str) -> Data:
    """What a plan does, entry by entry, and as a diff."""
    return {
        "changes": [
            {
                "client": change.target.client,
                "scope": str(change.target.scope),
                "path": tilde(change.target.path, home),
                "name": change.name,
                "action": str(change.action),
            }
            for change in plan.changes
        ],
        "conflicts": [
            {
                "client": conflict.target.client,
                "path": tilde(conflict.target.path, home),
                "line": conflict.line,
                "name": conflict.name,
                "reason": str(conflict.reason),
            }
            for conflict in plan.conflicts
        ],
        "diff": unified(plan, home),
    }


def undo_report(done: Undone, home: str) -> Data:
    """`undo` as JSON."""
    return {
        "generation": done.generation.id,
        "changed": bool(done.plan.files or done.profile),
        "profile": None if done.profile is None else tilde(done.profile.path, home),
        **changes_report(done.plan, home),
        "notes": notes_report(done.notes),
    }


def uninstall_report(done: Uninstalled, home: str) -> Data:
    """`uninstall` as JSON."""
    removed = [tilde(path, home) for path in done.removed]
    return {"changed": bool(done.plan.files), "removed": removed, **changes_report(done.plan, home)}


def broker_report(said: Data | None, home: str, elsewhere: Elsewhere | None = None) -> Data:
    """What a broker says of itself, as JSON; None: there is none. Times in seconds, p50 and p99 in milliseconds.

    `elsewhere` is what was found of another place's, where that was asked for.
    """
    given = said or {}
    return {
        "running": said is not None,
        **{key: given.get(key) for key in ("version", "pid", "uptime", "memory", "cpu")},
        "listeners": [str(address) for address in given.get("listeners", ())],
        "plain": [str(address) for address in given.get("plain", ())],
        "clients": [_picked(one, BROKER_CLIENT) for one in given.get("clients", ())],
        "servers": [_broker_server(one, home) for one in given.get("servers", ())],
        "elsewhere": None if elsewhere is None else _elsewhere(elsewhere),
    }


def _elsewhere(found: Elsewhere) -> Data:
    from mcpconf.workflow.way_report import elsewhere_report

    return elsewhere_report(found)


BROKER_CLIENT = ("id", "server", "age", "peer", "messages", "in_flight", "queued")
BROKER_SERVER = ("name", "pool", "state", "requests", "restarts", "p50", "p99")
BROKER_PROCESS = ("pid", "era", "age", "clients", "memory", "state", "container")


def _broker_server(one: Data, home: str) -> Data:
    return {
        **_picked(one, BROKER_SERVER),
        "project": one.get("project"),
        "error": _public(one.get("error"), home),
        "processes": [_picked(process, BROKER_PROCESS) for process in one.get("processes", ())],
    }


def _picked(one: Data, keys: Iterable[str]) -> Data:
    return {key: one.get(key) for key in keys}


def tilde_in(address: str, home: str) -> str:
    """An address with `~` for the home in its path."""
    scheme, colon, place = address.partition(":")
    return f"{scheme}{colon}{tilde(place, home)}"


def history_report(generations: Iterable[Generation], home: str) -> Data:
    """`history` as JSON; times in seconds since the epoch."""
    return {
        "generations": [
            {
                "id": one.id,
                "time": one.time,
                "command": redact(one.command),
                "context": one.context,
                "profile": one.profile,
                "undone": one.undone,
                "changes": [{"path": tilde(c.path, home), "name": c.name, "action": c.action} for c in one.changes],
            }
            for one in generations
        ]
    }
