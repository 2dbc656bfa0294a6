"""`mcpconf dotfiles status`: what another install would do now, with the repository of the last one."""

from __future__ import annotations

from mcpconf.model import Note
from mcpconf.record import replace
from mcpconf.workflow.app import App
from mcpconf.workflow.dotfiles import install, record


def status(app: App) -> install.Result:
    """How it stands. Reads only; a clone is not brought forward."""
    known = record.load(app.state)
    source = known.source if known is not None else None
    notes: tuple[Note, ...] = ()
    if source is not None and not app.system.is_dir(source):
        notes = (Note(f"{source}, from which it was installed, has gone", hint="mcpconf dotfiles install --from DIR"),)
        source = None
    profile = known.applied if known is not None else None
    found = install.preview(app, install.Wish(source=source))
    if known is None:
        notes = (*notes, Note("nothing was installed here yet", hint="mcpconf dotfiles install --from DIR"))
    elif found.profile is not None and profile is not None and found.profile.profile != profile:
        notes = (*notes, Note(f"the last install activated {profile}"))
    return replace(found, notes=(*found.notes, *notes))
