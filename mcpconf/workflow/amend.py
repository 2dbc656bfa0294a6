"""An edit of the user's own profile together with its apply: both are done, or neither, and undo takes both back."""

from __future__ import annotations

from mcpconf.errors import Refused
from mcpconf.model import Layer
from mcpconf.record import replace
from mcpconf.workflow import own_profile
from mcpconf.workflow.app import App
from mcpconf.workflow.besides import ProfileWas
from mcpconf.workflow.own_profile import Plan, ProfileEdit
from mcpconf.workflow.profiles import find
from mcpconf.workflow.switch import Applied, Wish, apply_locked, prepare


def amend(app: App, plan: Plan, wish: Wish, command: str) -> Applied:
    """Plan the edit under the state lock, write it and switch to that profile.

    Another mcpconf that edited the profile since the user saw the edit is thereby no reason to refuse: its edit is in
    the text that this one starts from. Where the switch fails, the profile is put back.
    """
    with app.writing() as state:
        edited = plan()
        refuse_hidden(app, edited)
        own_profile.write(edited)
        was = ProfileWas(edited.path, edited.before, edited.after) if edited.changed else None
        try:
            return apply_locked(app, state, prepare(app, replace(wish, profile=edited.name)), command, was)
        except BaseException:
            own_profile.put_back(app, edited)
            raise


def refuse_hidden(app: App, edited: ProfileEdit) -> None:
    """Raise `Refused` where a project has a profile of that name: that one would be applied, and not the edit."""
    found = find(app, edited.name)
    if found is not None and found.layer is Layer.PROJECT:
        raise Refused(
            f"this project has a profile {edited.name!r} of its own, {found.path}, which counts here and not"
            f" {edited.path}; nothing was changed",
            hint="name another one (--profile NAME), do it outside of the project, or only save it (--no-apply)",
        )
