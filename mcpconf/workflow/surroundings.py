"""What else on this machine decides whether a client will see what we write: a running app, a managed file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from mcpconf.client import claude_code
from mcpconf.client.spec import ClientSpec, Target
from mcpconf.model import Note
from mcpconf.plan import Plan
from mcpconf.system import System

SECONDS = 2.0

# Where an administrator's file takes the place of every other server (measured on Linux, documented elsewhere).
MANAGED = {
    "linux": "/etc/claude-code/managed-mcp.json",
    "darwin": "/Library/Application Support/ClaudeCode/managed-mcp.json",
    "windows": "C:\\Program Files\\ClaudeCode\\managed-mcp.json",
}


def notes(system: System, chosen: Sequence[tuple[ClientSpec, Target]], plan: Plan) -> tuple[Note, ...]:
    """What the user should know before, or after, a plan is carried out. Looks at processes only where it must."""
    return (*_managed(system, chosen), *_running(system, chosen, plan))


def _managed(system: System, chosen: Sequence[tuple[ClientSpec, Target]]) -> Iterator[Note]:
    path = MANAGED[system.platform]
    if any(spec.id == claude_code.ID for spec, _ in chosen) and system.exists(path):
        yield Note(f"Claude Code is managed here: {path} takes the place of every other server", hint="claude mcp list")


def _running(system: System, chosen: Sequence[tuple[ClientSpec, Target]], plan: Plan) -> Iterator[Note]:
    """A client that rewrites its file while it runs, and may drop what it does not know of yet."""
    changed = {edit.path for edit in plan.files}
    specs = {spec.id: (spec, target) for spec, target in chosen if target.path in changed and spec.processes}
    for spec, target in specs.values():
        if is_running(system, spec.processes, over_there=target.path.startswith("/mnt/")):
            yield Note(
                f"{spec.title} is running, and may write its file over ours",
                hint=f"quit {spec.title}, then look: mcpconf status",
            )


def is_running(system: System, names: Sequence[str], *, over_there: bool = False) -> bool:
    """Whether a process of one of these names runs; `over_there`: on the Windows that a WSL runs on.

    Upper and lower case count: Claude Code's process is `claude`, Claude Desktop's is `Claude`.
    """
    if system.platform == "windows" or over_there:
        ran = system.run(["tasklist.exe", "/FO", "CSV", "/NH"], timeout=SECONDS)
        images = {line.partition('","')[0].lstrip('"') for line in (ran.out if ran else "").splitlines()}
        return not images.isdisjoint(names)
    if system.platform == "darwin":
        return any((ran := system.run(["pgrep", "-x", name], timeout=SECONDS)) and ran.code == 0 for name in names)
    return any(comm in names for comm in _linux_processes(system))


def _linux_processes(system: System) -> Iterator[str]:
    for entry in system.listdir("/proc"):
        if entry.isdigit():
            yield (system.read(os.path.join("/proc", entry, "comm")) or b"").decode("utf-8", "replace").rstrip("\n")
