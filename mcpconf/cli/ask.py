"""Every question that is asked. questionary is imported when there is one to ask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mcpconf.plan import Foreign
from mcpconf.workflow.app import App
from mcpconf.workflow.report import profiles_report


def _answer(question: Any) -> Any:
    """Ask; Ctrl-C ends the command."""
    answer = question.unsafe_ask()
    if answer is None:
        raise KeyboardInterrupt
    return answer


def _choices(rows: Sequence[tuple[str, str, str]]) -> list[Any]:
    """(value, title, description) as questionary's choices, titles aligned."""
    import questionary

    width = max((len(title) for _, title, _ in rows), default=0)
    return [questionary.Choice(f"{title:<{width}}  {text}".rstrip(), value=value) for value, title, text in rows]


def select(message: str, rows: Sequence[tuple[str, str, str]], default: str | None = None) -> str:
    """One of several; typing filters the list where it is long."""
    import questionary

    known = {value for value, _, _ in rows}
    picked: str = _answer(
        questionary.select(
            message,
            choices=_choices(rows),
            default=default if default in known else None,
            use_search_filter=len(rows) > 5,
            use_jk_keys=False,
        )
    )
    return picked


def several(message: str, rows: Sequence[tuple[str, str, str]], chosen: Sequence[str]) -> tuple[str, ...]:
    """Any number of several, at least one."""
    import questionary

    choices = _choices(rows)
    for choice in choices:
        choice.checked = choice.value in chosen
    picked = _answer(
        questionary.checkbox(message, choices=choices, validate=lambda found: bool(found) or "choose at least one")
    )
    return tuple(picked)


def confirm(message: str, default: bool = True) -> bool:
    """Yes or no."""
    import questionary

    return bool(_answer(questionary.confirm(message, default=default)))


def secret(message: str) -> str:
    """A value that is not shown while it is typed."""
    import questionary

    return str(_answer(questionary.password(message)))


def profile(app: App, default: str | None = None) -> str:
    """One of the profiles that can be used here; the default is the active one, where none is given."""
    report = profiles_report(app)["profiles"]
    usable = [one for one in report if not one["shadowed"] and one["error"] is None and one["trusted"]]
    active = next((one["name"] for one in usable if one["active"]), None)
    rows = [(one["name"], one["name"], one["description"].split("\n")[0]) for one in usable]
    return select("Which profile?", rows, default or active)


def foreign(names: Sequence[str]) -> Foreign:
    """What to do with entries of the same name that somebody else wrote."""
    word = "entry" if len(names) == 1 else "entries"
    picked = select(
        f"Somebody else wrote the {word} {', '.join(names)}. What now?",
        (
            (Foreign.REFUSE, "stop", "change nothing"),
            (Foreign.KEEP, "keep", "leave them, write the others"),
            (Foreign.ADOPT, "adopt", "replace them; uninstall gives them back"),
        ),
    )
    return Foreign(picked)
