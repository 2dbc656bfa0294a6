"""What a switch tells besides its plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mcpconf.client.table import client
from mcpconf.errors import McpconfError
from mcpconf.model import Layer, Note, Profile, RouteName, Scope
from mcpconf.plan import Action, Plan, Want
from mcpconf.profile.names import warnings
from mcpconf.profile.variables import Unset, references
from mcpconf.route.broker import ADDRESS
from mcpconf.route.launch import Routed
from mcpconf.workflow import secrets
from mcpconf.workflow.app import App
from mcpconf.workflow.parts import ClientPart
from mcpconf.workflow.profiles import find


def of_profile(app: App, profile: Profile, parts: Sequence[ClientPart]) -> Iterator[Note]:
    """What the profile itself, and the routes of its servers, have to say."""
    if profile.layer is Layer.PROJECT:
        # It may have the name of another one, and takes its place only in sight.
        hidden = find(app, profile.name, above=Layer.PROJECT)
        instead = f", in the place of {hidden.path}" if hidden is not None else ""
        yield Note(f"{profile.name} is this project's own profile, {profile.path}{instead}")
    yield from warnings(server.name for server in profile.servers if not server.disabled)
    yield from dict.fromkeys(note for part in parts for one in part.routed for note in one.notes)
    yield from _without_image(app, [one for part in parts for one in part.routed])
    yield from _missing(app, [one for part in parts for one in part.routed if one.route is not None])


def of_lost_broker(lost: Note | None, wish: RouteName | None, parts: Sequence[ClientPart]) -> tuple[Note, ...]:
    """That the broker of another place, to which there are signs, does not answer; once, if no server says so."""
    said = any(lost and lost.text in one.because for part in parts for one in part.routed)
    meant = wish in (None, RouteName.BROKER, RouteName.WRAPPER)
    return (lost,) if lost is not None and meant and not said else ()


def _without_image(app: App, routed: Sequence[Routed]) -> Iterator[Note]:
    """Whose image has to be got first, since no start does. Only those that run here and have no other way."""
    here = (RouteName.BROKER, RouteName.WRAPPER, RouteName.DIRECT)
    boxed = {one.server.name: one.server for one in routed if one.server.image and one.route in here and _is_ours(one)}
    if not boxed:
        return
    from mcpconf.workflow.images import lacking

    for server in lacking(app, tuple(boxed.values())):
        text = f"{server.name}: the image {server.image} is not here, and no client waits for it to be pulled"
        yield Note(text, hint=f"mcpconf server pull {server.name}")


def _is_ours(one: Routed) -> bool:
    others = one.server.command or one.server.package or one.server.url or one.server.endpoint
    return not others and one.launch is not None and ADDRESS not in one.launch.env


def _missing(app: App, routed: Sequence[Routed]) -> Iterator[Note]:
    """What servers need that is set nowhere: which of them, and the command that sets it."""
    env = app.system.env
    variables: dict[str, dict[str, None]] = {}
    named: dict[str, dict[str, None]] = {}
    for one in routed:
        needs = references(one.server)
        if one.route is RouteName.BROKER:
            yield from _broker_lacks(one, [name for name in needs.variables if name not in env])
        for name in () if one.route is RouteName.BROKER else needs.variables:
            variables.setdefault(name, {})[one.server.name] = None
        # On the direct route the client fills in its own variables, and the route itself has said so.
        for name in () if one.route is RouteName.DIRECT else needs.secrets:
            named.setdefault(name, {})[one.server.name] = None
    lost = {name: servers for name, servers in named.items() if not env.get(name)}
    try:
        kept = secrets.places(app) if lost else {}
    except McpconfError as damaged:
        yield Note(str(damaged), hint=damaged.hint)
        return
    yield from (_unset(Unset((), (name,)), servers) for name, servers in lost.items() if name not in kept)
    yield from (_unset(Unset((name,), ()), servers) for name, servers in variables.items() if name not in env)


def _broker_lacks(one: Routed, names: Iterable[str]) -> Iterator[Note]:
    """The broker fills them in when it starts a process, from the environment that it was started in itself."""
    if one.launch is not None and ADDRESS in one.launch.env:
        return  # another place's broker, which has words and an environment of its own
    for name in names:
        text = f"{one.server.name}: {Unset((name,), ())}, and it is the broker's environment that counts"
        or_else = "or export it where the broker is started, then mcpconf broker restart"
        hint = f"mcpconf secret set {name}, and secret:{name} in the profile in its place; {or_else}"
        yield Note(text, hint=hint)


def _unset(problem: Unset, servers: Iterable[str]) -> Note:
    return Note(f"{', '.join(servers)}: {problem}", hint=problem.hint)


def of_leaving(leaving: Sequence[Want]) -> Iterator[Note]:
    """Which clients lose what we wrote, since they were not chosen this time."""
    for one in dict.fromkeys(want.target.client for want in leaving):
        yield Note(f"{client(one).title} is not chosen any more: our entries are taken out of its file")


def of_restart(wants: Sequence[Want], plan: Plan) -> tuple[Note, ...]:
    """Which client must be told of the change."""
    changed = {edit.path for edit in plan.files}
    specs = dict.fromkeys(client(want.target.client) for want in wants if want.target.path in changed)
    return tuple(Note(f"{spec.title}: {spec.restart}") for spec in specs)


def of_approval(profile: str, wants: Sequence[Want], plan: Plan, *, approve: bool) -> tuple[Note, ...]:
    """A project's servers run only after a yes of each person who works there (measured on Claude Code 2.1.197)."""
    written = {change.target for change in plan.changes if change.action is not Action.REMOVE}
    if approve or not any(w.target in written and w.target.scope is Scope.PROJECT for w in wants):
        return ()
    text = "Claude Code asks each person once before it starts the servers of .mcp.json; --approve says yes for you"
    return (Note(text, hint=f"mcpconf switch {profile} --scope project --approve"),)
