"""The questions of `mcpconf init`: evidence, profile, clients, scope, route, diff, confirmation."""

from __future__ import annotations

from mcpconf.cli import ask, console
from mcpconf.cli.carry_out import settle_conflicts, tell_applied
from mcpconf.cli.edit_profile import drop_vain_broker, own_profile_lines
from mcpconf.cli.render.env import verdict_line
from mcpconf.cli.render.plan import diff_lines, headline, note_lines, plan_lines
from mcpconf.cli.render.table import symbol
from mcpconf.client.project import find_project
from mcpconf.client.table import CLIENTS, client
from mcpconf.model import Kind, RouteName, Scope
from mcpconf.record import dataclass, replace
from mcpconf.workflow import init as workflow
from mcpconf.workflow import switch
from mcpconf.workflow.app import App
from mcpconf.workflow.diff import tilde
from mcpconf.workflow.own_profile import ProfileEdit
from mcpconf.workflow.switch import Prepared, Wish

ROUTES = (
    ("auto", "the best one for each server"),
    (RouteName.DIRECT, "clients start the servers themselves"),
    (RouteName.WRAPPER, "a script picks the way when it starts, and fills in secrets"),
    (RouteName.TOOLKIT, "Docker's MCP Toolkit, for what its catalog has"),
    (RouteName.BROKER, "a broker keeps the servers running between sessions"),
)


@dataclass(frozen=True, slots=True)
class Said:
    """Which answers were given as flags: their questions are left out."""

    profile: bool = False
    clients: bool = False
    scope: bool = False
    route: bool = False
    broker: bool = False


def run(world: App, found: workflow.Defaults, wish: Wish, said: Said) -> int:
    """Ask, show, write; the exit code. `wish` holds the flags, and the defaults for the rest."""
    _introduce(found)
    kind = None if found.environment.kind is not Kind.UNKNOWN else _ask_kind()
    if kind is not None:
        world = replace(world, override=kind)
        _chosen("Place", str(kind))
    if not said.profile:
        wish = replace(wish, profile=ask.profile(world, wish.profile))
    _chosen("Profile", wish.profile)
    wish = _ask_clients(wish, found) if not said.clients else wish
    _chosen("Clients", ", ".join(client(name).title for name in wish.clients))
    wish = _ask_scope(world, wish) if not said.scope else wish
    _chosen("Scope", str(wish.scope))
    wish = _ask_route(wish, found) if not said.route else wish
    _chosen("Route", str(wish.route or "auto"))
    wish = _ask_broker(world, wish, kind or found.environment.kind) if not said.broker else wish
    return _finish(world, wish, kind, said_broker=said.broker)


def _introduce(found: workflow.Defaults) -> None:
    names = ", ".join(spec.title for spec in found.detected)
    console.tell(f"{console.paint('mcpconf', 'bold')} gives every Claude client here the same MCP servers.")
    console.tell("Nothing is written before you have seen the changes and said yes. Ctrl-C stops.")
    console.tell("")
    _line(" ", "This is", f"{verdict_line(found.environment)}; why: mcpconf env --explain")
    _line(" ", "Found", names or "no client yet: Claude Code is assumed, it may come later")
    console.tell("")


def _line(sign: str, label: str, text: str) -> None:
    console.tell(f"{sign} {label:<8} {text}")


def _chosen(label: str, text: str) -> None:
    _line(symbol("ok"), label, console.paint(console.visible(text), "cyan"))


def _ask_kind() -> Kind:
    """Only where the evidence does not tell."""
    rows = [(str(kind), str(kind), text) for kind, text in workflow.kinds()]
    return Kind(ask.select("The evidence does not tell what this place is. Which is it?", rows))


def _ask_clients(wish: Wish, found: workflow.Defaults) -> Wish:
    here = {spec.id for spec in found.detected}
    rows = [(spec.id, spec.title, "found here" if spec.id in here else "not found here") for spec in CLIENTS]
    return replace(wish, clients=ask.several("Which clients?", rows, wish.clients))


def _ask_scope(world: App, wish: Wish) -> Wish:
    """Where one of the clients knows more scopes than the user's."""
    known = {scope for name in wish.clients for scope in client(name).scopes}
    if known == {Scope.USER}:
        return replace(wish, scope=Scope.USER)
    project = tilde(find_project(world.place).root, world.system.home)
    rows = [
        (str(Scope.USER), "user", "you, in every project"),
        (str(Scope.LOCAL), "local", f"you, in {project} only"),
        (str(Scope.PROJECT), "project", f"everybody who works on {project} (.mcp.json)"),
    ]
    return replace(wish, scope=Scope(ask.select("Who is to have these servers?", rows, str(wish.scope))))


def _ask_route(wish: Wish, found: workflow.Defaults) -> Wish:
    docker = found.environment.capabilities.docker
    rows = [
        (str(name), str(name), f"{text} (no docker here)" if name is RouteName.TOOLKIT and not docker else text)
        for name, text in ROUTES
    ]
    picked = ask.select("How shall clients reach the servers?", rows, str(wish.route or "auto"))
    return replace(wish, route=None if picked == "auto" else RouteName(picked))


def _ask_broker(world: App, wish: Wish, kind: Kind) -> Wish:
    """Where the answers so far leave it open."""
    default = workflow.keep_running(world, wish.profile, kind)
    if default is None or wish.portable or wish.route not in (None, RouteName.BROKER):
        return wish
    if not workflow.is_kept(switch.prepare(world, replace(wish, autostart=True))):
        return wish  # nothing that it would keep
    keep = wish.route is RouteName.BROKER or ask.confirm("Keep servers running between sessions?", default)
    _chosen("Broker", "keeps servers running" if keep else "none")
    return replace(wish, autostart=keep)


def _finish(world: App, wish: Wish, kind: Kind | None, *, said_broker: bool) -> int:
    prepared = settle_conflicts(world, drop_vain_broker(world, switch.prepare(world, wish), told=said_broker))
    edit = workflow.edited(world, prepared)
    _show(world, prepared)
    if prepared.plan.files or edit is not None:
        ask.sure(_question(prepared, edit, world.system.home))
        applied = workflow.apply(world, prepared, "init")
        tell_applied(world, applied, edit.path if edit else None)
    else:
        # What is remembered may still be new: the choice of clients, the name of the profile.
        workflow.apply(world, prepared, "init")
        console.tell(already(prepared))
    console.tell("")
    console.tell("The same as one line, for a script:")
    console.tell("  " + workflow.command_line(prepared.wish, kind))
    return 0


def _show(world: App, prepared: Prepared) -> None:
    """The diff first, what it means nearest to the question."""
    home = world.system.home
    diff = [*own_profile_lines(world, prepared), *diff_lines(prepared.plan, home)]
    for line in ["", *diff, *([""] if diff else []), *plan_lines(prepared, home)]:
        console.tell(line)
    for line in note_lines(prepared.notes) if prepared.plan.files else ():
        console.tell(line)
    console.tell("")


def _question(prepared: Prepared, edit: ProfileEdit | None, home: str) -> str:
    """It names every file of the user's that a yes writes."""
    paths = [edit.path] if edit is not None else []
    *first, last = [console.visible(tilde(path, home)) for path in (*paths, *(f.path for f in prepared.plan.files))]
    return f"Write {', '.join(first)} and {last}?" if first else f"Write {last}?"


def already(prepared: Prepared) -> str:
    """That a run had nothing to do."""
    if prepared.kept or prepared.unserved:
        return headline(prepared, True)
    name = console.paint(prepared.profile.name, "bold")
    return f"{symbol('ok')} already configured: profile {name} is in step, nothing to write"
