"""A plan as a diff that can be shown to anybody: unified, without secrets, with `~` for the home."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mcpconf.plan import Action, FileEdit, Plan
from mcpconf.redact import HIDDEN, redact

CONTEXT = 2
LOOK_BACK = 3  # lines before those that are shown


def unified(plan: Plan, home: str) -> str:
    """Every file's change as a unified diff; empty where nothing changes."""
    return "".join(_file(edit, home) for edit in plan.files)


def _file(edit: FileEdit, home: str) -> str:
    name = tilde(edit.path, home)
    old = name if edit.before is not None else "/dev/null"
    new = name if edit.after is not None else "/dev/null"
    lines = redacted_diff(_lines(edit.before), _lines(edit.after), (old, new), CONTEXT)
    return "".join(line if line.endswith("\n") else line + "\n\\ no newline at the end\n" for line in lines)


def redacted_diff(before: Sequence[str], after: Sequence[str], names: tuple[str, str], context: int) -> Iterator[str]:
    """A unified diff of lines with their ends, without secrets; where only a secret differs, that is a change, too.

    What makes a value a secret may stand on a line before it (`"--api-key",`), one that the diff does not show.
    """
    import difflib  # a switch has no need of it, only of `tilde`

    for number, group in enumerate(difflib.SequenceMatcher(None, before, after).get_grouped_opcodes(context)):
        if number == 0:
            yield from (f"--- {names[0]}\n", f"+++ {names[1]}\n")
        left, left_end, right, right_end = group[0][1], group[-1][2], group[0][3], group[-1][4]
        yield f"@@ -{_range(left, left_end)} +{_range(right, right_end)} @@\n"
        gone, come = _hidden(before, left, left_end), _hidden(after, right, right_end)
        for tag, i1, i2, j1, j2 in group:
            yield from ((" " if tag == "equal" else "-") + line for line in gone[i1 - left : i2 - left])
            yield from (f"+{line}" for line in come[j1 - right : j2 - right] if tag != "equal")


def _range(start: int, end: int) -> str:
    """Lines as a unified diff counts them, which names the line before where there are none."""
    count = end - start
    first = start + 1 if count else start
    return f"{first}" if count == 1 else f"{first},{count}"


def _hidden(lines: Sequence[str], start: int, end: int) -> list[str]:
    """Some of the lines without secrets, read together with those before them."""
    first = max(0, start - LOOK_BACK)
    found = redact("".join(lines[first:end])).splitlines(keepends=True)
    if len(found) != end - first:  # nothing that is hidden holds the end of a line, so this can't be
        return [f"{HIDDEN}\n"] * (end - start)
    return found[start - first :]


def _lines(raw: bytes | None) -> list[str]:
    return (raw or b"").decode("utf-8", "replace").replace("\r\n", "\n").splitlines(keepends=True)


def tilde(path: str, home: str) -> str:
    """A path as it may be pasted in public."""
    below = home.rstrip("/\\") + "/"  # of `/`, too
    return "~" if path == home else "~/" + path[len(below) :] if path.startswith(below) else path


def tilde_all(text: str, home: str) -> str:
    """A text as it may be pasted in public: every path in it below the home."""
    import re

    bare = home.rstrip("/\\")
    if not bare:
        return text
    return re.sub(rf"(?<![\w./-]){re.escape(bare)}(?=[/\\]|[^\w.-]|$)", "~", text)


def tilde_command(command: str, home: str) -> str:
    """A command in the same way. A shell fills in `~` where it stands before the quote, not behind it."""
    return tilde_all(command, home).replace("'~/", "~/'")


def summary(plan: Plan) -> str:
    """One line for all changes: `+2 ~1 -0`."""
    actions = [change.action for change in plan.changes]
    added = sum(action is Action.ADD for action in actions)
    changed = sum(action in (Action.UPDATE, Action.ADOPT, Action.RESTORE) for action in actions)
    return f"+{added} ~{changed} -{sum(action is Action.REMOVE for action in actions)}"
