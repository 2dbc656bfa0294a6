"""`mcpconf init`: the wizard's answers, as values, and the command line that says the same."""

from __future__ import annotations

import shlex

from mcpconf.client.project import find_project
from mcpconf.client.spec import ClientSpec
from mcpconf.client.table import CLIENTS
from mcpconf.environment.verdict import Environment
from mcpconf.errors import McpconfError
from mcpconf.model import Kind, Layer, RouteName, Scope
from mcpconf.plan import Foreign
from mcpconf.profile import edit
from mcpconf.record import dataclass, replace
from mcpconf.workflow import active, choices, switch
from mcpconf.workflow.amend import amend
from mcpconf.workflow.app import App
from mcpconf.workflow.here import contexts_here, current
from mcpconf.workflow.own_profile import ProfileEdit, own_path, read_own
from mcpconf.workflow.places import fitting
from mcpconf.workflow.profiles import find, load_profile
from mcpconf.workflow.switch import Prepared, Wish
from mcpconf.workflow.targets import detected

FALLBACK = "minimal"


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the wizard offers first, and why it can: what was found here."""

    environment: Environment
    detected: tuple[ClientSpec, ...]
    profile: str
    clients: tuple[str, ...]
    scope: Scope


def defaults(app: App) -> Defaults:
    """Evidence to defaults. The profile: the active one, else this place's, the user's own `default`, `minimal`."""
    facts, environment = app.look()
    known = choices.load(app)
    kept = known.at(find_project(app.place).root)
    here = detected(app.place, facts)
    active_now = current(app)
    here_is = fitting(known.places, environment.kind, app.system.env, app.system.hostname)
    placed = here_is.profile if here_is else None
    profile = active_now or placed or ("default" if find(app, "default") else FALLBACK)
    clients = kept.clients or tuple(spec.id for spec in here) or (CLIENTS[0].id,)
    return Defaults(environment, here, profile, clients, kept.scope or Scope.USER)


def keep_running(app: App, profile: str, kind: Kind) -> bool | None:
    """Whether the wizard offers to keep servers running; None where it is not ours to say.

    What the user's own profile says counts; else it is offered in a container, where a session is short and a start is
    slow. A project's profile is its authors' to edit.
    """
    try:
        found = load_profile(app, profile)
        said = edit.autostart(read_own(app, found.name) or "")
    except McpconfError:
        return None  # preparing will say what is wrong with it
    if found.layer is Layer.PROJECT or app.system.platform == "windows":
        return None
    return (found.autostart or kind is Kind.CONTAINER) if said is None else said


def plan_edit(app: App, name: str, wanted: bool) -> ProfileEdit:
    """The user's profile with the broker wanted or not; one of a shipped profile's name builds on that.

    Raises `McpconfError` for a project's own profile.
    """
    found = load_profile(app, name)
    if found.layer is Layer.PROJECT:
        raise McpconfError(
            f"{name} is this project's own profile, {found.path}; nothing was changed",
            hint="put autostart = true below [broker] in that file",
        )
    before = read_own(app, name)
    if found.autostart is wanted:
        return ProfileEdit(name, own_path(app, name), before, before or "")
    text = edit.new_profile(found.description, (name,)) if before is None else before
    return ProfileEdit(name, own_path(app, name), before, edit.set_autostart(text, wanted))


def edited(app: App, prepared: Prepared) -> ProfileEdit | None:
    """The edit of a profile that goes with a wish; None where there is none."""
    wanted = prepared.wish.autostart
    if wanted is None or load_profile(app, prepared.profile.name).autostart is wanted:
        return None
    found = plan_edit(app, prepared.profile.name, wanted)
    return found if found.changed else None


def is_kept(prepared: Prepared) -> bool:
    """Whether the broker would keep at least one server of what was prepared."""
    return any(one.route is RouteName.BROKER for part in prepared.parts for one in part.routed)


def apply(app: App, prepared: Prepared, command: str) -> switch.Applied:
    """Carry out what was prepared, with the edit of the profile that goes with it."""
    wanted = prepared.wish.autostart
    if wanted is None or edited(app, prepared) is None:
        return switch.apply(app, prepared, command)
    wish = replace(prepared.wish, profile=prepared.profile.name, autostart=None)
    return amend(app, lambda: plan_edit(app, prepared.profile.name, wanted), wish, command)


def is_configured(app: App) -> bool:
    """Whether an earlier run has set something up that counts in this directory."""
    known = active.load(app.state.read(active.FILE))
    return any(context in known for context in contexts_here(app))


def kinds() -> tuple[tuple[str, str], ...]:
    """The kinds of place that a person can choose from where the evidence does not tell."""
    return ((Kind.HOST, "this machine runs Claude itself"), (Kind.CONTAINER, "this is a container on such a machine"))


def command_line(wish: Wish, kind: Kind | None = None) -> str:
    """The non-interactive line that gives the same answers."""
    words = ["mcpconf", "init", "--yes", "--profile", wish.profile]
    words += [word for client in wish.clients for word in ("--client", client)]
    words += ["--scope", str(wish.scope)] if wish.scope is not None else []
    words += ["--route", str(wish.route)] if wish.route is not None else []
    words += ["--portable"] if wish.portable else []
    words += [] if wish.autostart is None else ["--broker" if wish.autostart else "--no-broker"]
    words += {Foreign.ADOPT: ["--adopt"], Foreign.KEEP: ["--keep"]}.get(wish.foreign, [])
    words += ["--approve"] if wish.approve else []
    words += ["--env", str(kind)] if kind is not None else []
    return shlex.join(words)
