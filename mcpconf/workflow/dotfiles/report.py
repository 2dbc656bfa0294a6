"""`mcpconf dotfiles` as JSON, and as lines for its log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mcpconf.errors import McpconfError
from mcpconf.redact import redact
from mcpconf.workflow.diff import tilde, tilde_all
from mcpconf.workflow.dotfiles.install import Result
from mcpconf.workflow.dotfiles.placing import Action, Standing
from mcpconf.workflow.dotfiles.uninstall import Removed
from mcpconf.workflow.report import notes_report

Data = dict[str, Any]


def report(result: Result, home: str) -> Data:
    """An install, its dry run, or the status."""
    verdict = result.found.verdict
    applied = result.applied
    return {
        "manager": str(verdict.manager),
        "evidence": [{"manager": str(one.manager), "text": tilde_all(one.text, home)} for one in verdict.evidence],
        "source": None if result.found.source is None else tilde(result.found.source, home),
        "actions": _actions(result.actions, home),
        "profile": result.profile.profile if result.profile else None,
        "because": result.profile.because if result.profile else None,
        "changed": result.changed,
        "generation": None if applied is None else applied.committed.generation,
        "error": _error(result.error, home),
        "notes": notes_report(result.notes),
    }


def removed_report(removed: Removed, home: str) -> Data:
    """An uninstall, or its dry run."""
    return {
        "manager": None,
        "evidence": [],
        "source": None,
        "actions": _actions(removed.actions, home),
        "profile": removed.profile if removed.given_back else None,
        "because": None,
        "changed": removed.changed,
        "generation": None,
        "error": None,
        "notes": notes_report(removed.notes),
    }


def _actions(actions: Sequence[Action], home: str) -> list[Data]:
    return [
        {
            "kind": one.kind,
            "path": tilde(one.path, home),
            "standing": str(one.standing),
            "text": redact(tilde_all(one.text, home)),
            "hint": None if one.hint is None else redact(tilde_all(one.hint, home)),
        }
        for one in actions
    ]


def _error(error: McpconfError | None, home: str) -> str | None:
    return None if error is None else redact(tilde_all(str(error), home))


def log_lines(result: Result) -> Iterator[str]:
    """What was done, and what was not; nothing where all was in place."""
    yield from _logged(result.actions)
    if result.applied is not None and result.profile is not None:
        yield f"profile {result.profile.profile} is active ({result.profile.because})"
    if result.error is not None:
        yield f"the profile could not be applied: {result.error}"
    yield from (note.text for note in result.notes if not result.applied or note not in result.applied.notes)


def removed_lines(removed: Removed) -> Iterator[str]:
    yield from _logged(removed.actions)
    if removed.given_back:
        yield f"profile {removed.profile} is active again" if removed.profile else "no profile is active any more"
    yield from (note.text for note in removed.notes)


def _logged(actions: Sequence[Action]) -> Iterator[str]:
    for one in actions:
        if one.standing is not Standing.SAME:
            word = {Standing.NEW: "done", Standing.KEPT: "left"}.get(one.standing, "refused")
            yield f"{word}: {one.path}: {one.text}"
