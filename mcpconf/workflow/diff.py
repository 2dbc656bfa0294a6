"""A plan as a diff that can be shown to anybody: unified, without secrets, with `~` for the home."""

from __future__ import annotations


from mcpconf.plan import Action, FileEdit, Plan
from mcpconf.redact import redact

CONTEXT = 2


def unified(plan: Plan, home: str) -> str:
    """Every file's change as a unified diff; empty where nothing changes."""
    return "".join(_file(edit, home) for edit in plan.files)


def _file(edit: FileEdit, home: str) -> str:
    name = tilde(edit.path, home)
    before, after = _lines(edit.before), _lines(edit.after)
    old = name if edit.before is not None else "/dev/null"
    new = name if edit.after is not None else "/dev/null"
    import difflib  # a switch only borrows `tilde`

    lines = difflib.unified_diff(before, after, old, new, n=CONTEXT)
    return redact("".join(line if line.endswith("\n") else line + "\n\\ no newline at the end\n" for line in lines))


def _lines(raw: bytes | None) -> list[str]:
    return (raw or b"").decode("utf-8", "replace").replace("\r\n", "\n").splitlines(keepends=True)


def tilde(path: str, home: str) -> str:
    """A path as it may be pasted in public."""
    return "~" + path[len(home) :] if path == home or path.startswith(home.rstrip("/\\") + "/") else path


def summary(plan: Plan) -> str:
    """One line for all changes: `+2 ~1 -0`."""
    actions = [change.action for change in plan.changes]
    added = sum(action is Action.ADD for action in actions)
    changed = sum(action in (Action.UPDATE, Action.ADOPT, Action.RESTORE) for action in actions)
    return f"+{added} ~{changed} -{sum(action is Action.REMOVE for action in actions)}"
