"""A doctor's report as JSON, without secrets and without the home's path: it gets pasted in public."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcpconf.doctor.examine import Report
from mcpconf.doctor.finding import Finding, Level
from mcpconf.redact import redact
from mcpconf.workflow.diff import tilde_all


def doctor_report(report: Report, home: str) -> dict[str, Any]:
    """Everything that was found, the order being that of the catalogue."""
    counts = {str(level): sum(one.level is level for one in report.findings) for level in Level}
    return {
        "healthy": report.healthy,
        "counts": counts,
        "findings": [finding_report(one, home) for one in report.findings],
        "looks": [{"group": str(group), "seconds": round(took, 3)} for group, took in sorted(report.seconds.items())],
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
        "mend": None if mend is None else {"command": shown(mend.command), "safe": mend.safe},
    }
