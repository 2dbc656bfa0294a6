"""Every question that is asked, on stderr like all that is no data. questionary is imported when there is one to ask.

A question vanishes with its answer; the caller says in a line of its own what was chosen.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from mcpconf.cli import console, terminal
from mcpconf.errors import McpconfError
from mcpconf.plan import Conflict, Foreign
from mcpconf.workflow.app import App
from mcpconf.workflow.diff import tilde
from mcpconf.workflow.report import profiles_report

# (value, title, description)
Row = tuple[str, str, str]
STYLE = (
    ("qmark", "fg:ansicyan bold"),
    ("question", "bold"),
    ("instruction", "fg:ansibrightblack"),
    ("pointer", "fg:ansicyan bold"),
    ("highlighted", "fg:ansicyan bold"),
    ("selected", "noreverse"),
    ("answer", "fg:ansicyan"),
)


class Declined(McpconfError):
    """The user said no."""


class Stopped(McpconfError):
    """Ctrl-C or Ctrl-D at a question. No KeyboardInterrupt: typer would end the command without a word."""

    exit_code = 130


def sure(message: str, default: bool = True) -> None:
    """Ask before something is done. Raises `Declined` for a no."""
    if not confirm(message, default):
        raise Declined("stopped as you said; nothing was changed")


def _answer(question: Any) -> Any:
    """Ask; Ctrl-C and Ctrl-D end the command. Every question comes before the first write."""
    from prompt_toolkit.filters import Always

    for window in question.application.layout.find_all_windows():
        window.dont_extend_height = Always()  # else what is typed as a filter appears at the bottom of the screen
    try:
        answer = question.unsafe_ask()
    except (KeyboardInterrupt, EOFError):
        answer = None
    if answer is None:
        raise Stopped("stopped; nothing was changed")
    return answer


def _manners() -> dict[str, Any]:
    """What every question is given: where it appears, how it looks, and that it goes away."""
    import questionary
    from prompt_toolkit.output import ColorDepth, create_output

    depth = None if console.colored(sys.stderr) else ColorDepth.DEPTH_1_BIT
    style = questionary.Style(list(STYLE))
    return {"output": create_output(stdout=sys.stderr), "color_depth": depth, "style": style, "erase_when_done": True}


def _choices(rows: Sequence[Row], taken: int) -> list[Any]:
    """questionary's choices, titles aligned, each on one line; `taken` columns stand before each."""
    import questionary

    longest = max((len(title) for _, title, _ in rows), default=0)
    room = (terminal.width(sys.stderr) or 80) - taken - 1
    lines = [f"{title:<{longest}}  {text}".rstrip() for _, title, text in rows]
    return [
        questionary.Choice(terminal.cut(console.visible(line), room), value=row[0])
        for row, line in zip(rows, lines, strict=True)
    ]


def select(message: str, rows: Sequence[Row], default: str | None = None) -> str:
    """One of several; typing filters the list where it is long."""
    import questionary

    known = {value for value, _, _ in rows}
    long = len(rows) > 5
    picked: str = _answer(
        questionary.select(
            message,
            choices=_choices(rows, 3),
            default=default if default in known else None,
            instruction="(arrows and Enter; type to filter)" if long else "(arrows and Enter)",
            pointer="»" if terminal.has_unicode(sys.stderr) else ">",
            use_search_filter=long,
            use_jk_keys=False,
            **_manners(),
        )
    )
    return picked


def several(message: str, rows: Sequence[Row], chosen: Sequence[str]) -> tuple[str, ...]:
    """Any number of several, at least one."""
    import questionary

    choices = _choices(rows, 5)
    for choice in choices:
        choice.checked = choice.value in chosen
    picked = _answer(
        questionary.checkbox(
            message,
            choices=choices,
            validate=lambda found: bool(found) or "choose at least one, with the space bar",
            instruction="(space to choose, then Enter)",
            pointer="»" if terminal.has_unicode(sys.stderr) else ">",
            **_manners(),
        )
    )
    return tuple(picked)


def confirm(message: str, default: bool = True) -> bool:
    """Yes or no."""
    import questionary

    return bool(_answer(questionary.confirm(message, default=default, **_manners())))


def secret(message: str) -> str:
    """A value that is not shown while it is typed."""
    import questionary

    return str(_answer(questionary.password(message, **_manners())))


def profile(app: App, default: str | None = None) -> str:
    """One of the profiles that can be used here; the default is the active one, where none is given."""
    report = profiles_report(app)["profiles"]
    usable = [one for one in report if not one["shadowed"] and one["error"] is None and one["trusted"]]
    active = next((one["name"] for one in usable if one["active"]), None)
    rows = [(one["name"], one["name"], _described(one)) for one in usable]
    return select("Which profile?", rows, default or active)


def _described(one: dict[str, Any]) -> str:
    said = str(one["description"]).split("\n")[0]
    return f"(active) {said}" if one["active"] else said


def foreign(conflicts: Sequence[Conflict], home: str) -> Foreign:
    """What to do with entries of the same name that somebody else wrote."""
    for conflict in conflicts:
        place = console.visible(f"{tilde(conflict.target.path, home)}:{conflict.line}")
        name = console.paint(console.visible(conflict.name), "bold")
        console.tell(f"{console.paint('!', 'yellow')} {place} has an entry {name} that mcpconf did not write")
    picked = select(
        "What shall become of it?" if len(conflicts) == 1 else "What shall become of them?",
        (
            (Foreign.KEEP, "keep", "leave it as it is, and write the others"),
            (Foreign.ADOPT, "adopt", "replace it; undo and uninstall give it back"),
            (Foreign.REFUSE, "stop", "change nothing at all"),
        ),
    )
    return Foreign(picked)
