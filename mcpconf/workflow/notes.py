"""What a switch tells besides its plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mcpconf.client.table import client
from mcpconf.model import Layer, Note, Profile, Scope
from mcpconf.plan import Action, Plan, Want
from mcpconf.profile.names import warnings
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
