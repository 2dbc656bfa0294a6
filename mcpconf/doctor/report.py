"""A doctor's report as JSON, without secrets and without the home's path: it gets pasted in public."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mcpconf.doctor.finding import Finding, Level, groups
from mcpconf.redact import redact
from mcpconf.workflow.diff import tilde_all, tilde_command

if TYPE_CHECKING:
    from mcpconf.doctor.examine import Report
    from mcpconf.doctor.mend import Outcome
    from mcpconf.doctor.picture import Leaf
    from mcpconf.system import System


def doctor_report(report: Report, home: str, mended: Iterable[Outcome] = ()) -> dict[str, Any]:
    """Everything that was found, the order being that of the catalogue; and what `--fix` did before that."""
    counts = {str(level): sum(one.level is level for one in report.findings) for level in Level}
    return {
        "healthy": report.healthy,
        "counts": counts,
        "findings": [finding_report(one, home) for one in report.findings],
        "picture": [leaf_report(one, home) for one in report.picture()],
        "mended": [outcome_report(one, home) for one in mended],
        "looks": [{"group": str(group), "seconds": round(took, 3)} for group, took in sorted(report.seconds.items())],
    }


def outcome_report(one: Outcome, home: str) -> Mapping[str, Any]:
    """One mend that was tried."""
    planned = one.planned
    error = None if one.error is None else redact(tilde_all(one.error, home))
    return {
        "ids": list(planned.ids),
        "command": redact(tilde_command(planned.command, home)),
        "diff": planned.diff,
        "done": one.error is None,
        "error": error,
    }


def doctor_data(system: System, only: str | None = None, server: str | None = None) -> dict[str, Any]:
    """The same for a tool call. `only` names groups, with commas between. Raises `UsageError` for what is none."""
    from mcpconf.doctor.examine import Order, examine
    from mcpconf.workflow.report import app_of

    names = [name.strip() for name in (only or "").split(",") if name.strip()]
    report = examine(app_of(system), Order(groups=groups(names), server=server))
    return doctor_report(report, system.home)


def leaf_report(one: Leaf, home: str) -> Mapping[str, Any]:
    """One server at one client; times in seconds."""

    def shown(text: str | None) -> str | None:
        return None if text is None else redact(tilde_all(text, home))

    return {
        "client": shown(one.client),
        "scope": one.scope,
        "path": shown(one.path),
        "route": one.route,
        "server": shown(one.server),
        "level": str(one.level),
        "reason": shown(one.reason) or None,
        "era": one.era,
        "version": shown(one.version),
        "tools": one.tools,
        "seconds": one.seconds,
        "warm": one.warm,
    }


def finding_report(one: Finding, home: str) -> Mapping[str, Any]:
    """One finding."""

    def shown(text: str) -> str:
        return redact(tilde_all(text, home))

    mend = one.mend
    return {
        "id": one.id,
        "group": str(one.group),
        "level": str(one.level),
        "about": shown(one.about),
        "text": shown(one.text),
        "evidence": [shown(line) for line in one.evidence],
        "mend": None if mend is None else {"command": redact(tilde_command(mend.command, home)), "safe": mend.safe},
    }
