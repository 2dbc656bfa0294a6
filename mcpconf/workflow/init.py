"""`mcpconf init`: the wizard's answers, as values, and the command line that says the same."""

from __future__ import annotations

import shlex

from mcpconf.client.project import find_project
from mcpconf.client.spec import ClientSpec
from mcpconf.client.table import CLIENTS
from mcpconf.environment.verdict import Environment
from mcpconf.model import Kind, Scope
from mcpconf.plan import Foreign
from mcpconf.record import dataclass
from mcpconf.workflow import active, settings
from mcpconf.workflow.app import App
from mcpconf.workflow.profiles import find
from mcpconf.workflow.status import contexts_here, current
from mcpconf.workflow.switch import Wish
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
    """Evidence to defaults. The profile: the active one, else the user's own `default`, else `minimal`."""
    facts, environment = app.look()
    kept = settings.load(app.system.read(app.dirs.settings), app.dirs.settings).at(find_project(app.place).root)
    here = detected(app.place, facts)
    active_now = current(app)
    profile = active_now or ("default" if find(app, "default") else FALLBACK)
    clients = kept.clients or tuple(spec.id for spec in here) or (CLIENTS[0].id,)
    return Defaults(environment, here, profile, clients, kept.scope or Scope.USER)


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
    words += {Foreign.ADOPT: ["--adopt"], Foreign.KEEP: ["--keep"]}.get(wish.foreign, [])
    words += ["--approve"] if wish.approve else []
    words += ["--env", str(kind)] if kind is not None else []
    return shlex.join(words)
