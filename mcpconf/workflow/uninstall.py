"""Give every file back, as if mcpconf had never been there."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from mcpconf.commit.transaction import Committed, Request, commit, read_all
from mcpconf.ledger import Ledger
from mcpconf.model import Note
from mcpconf.plan import Plan, Policy, Want, make_plan
from mcpconf.workflow import active
from mcpconf.workflow.app import App
from mcpconf.workflow.owned import owned_targets


@dataclass(frozen=True, slots=True)
class Uninstalled:
    """What was given back; `removed` are directories and files of ours that went."""

    plan: Plan
    committed: Committed | None = None
    removed: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()


def _wants(ledger: Ledger) -> tuple[Want, ...]:
    return tuple(Want(target, {}, "") for target in owned_targets(ledger))


def preview(app: App, *, force: bool = False) -> Uninstalled:
    """What uninstall would do now. Reads only."""
    ledger = app.state.ledger()
    snapshots = {path: seen.raw for path, seen in read_all(list(ledger.files), app.system).items()}
    return Uninstalled(make_plan(snapshots, _wants(ledger), ledger, Policy(force=force)))


def uninstall(app: App, *, force: bool = False, purge: bool = False) -> Uninstalled:
    """Take everything of ours out of every client's file; with `purge` our own files go as well.

    An entry of ours that was edited by hand stays, and stops a purge, unless `force`.
    """
    state = app.state
    if not os.path.isdir(state.directory):
        return Uninstalled(Plan(), removed=_purge(app) if purge else ())
    with state.locked():
        paths = list(state.ledger().files)

        def plan(snapshots: Mapping[str, bytes | None], ledger: Ledger) -> Plan:
            return make_plan(snapshots, _wants(ledger), ledger, Policy(force=force))

        committed = commit(
            Request(paths=paths, plan=plan, command="uninstall", context=active.USER, profile=None, previous=None),
            state,
            app.system,
        )
        kept = bool(committed.plan.conflicts)
        removed: tuple[str, ...] = ()
        if not kept:
            state.remove(active.FILE)
            shutil.rmtree(app.dirs.wrapper, ignore_errors=True)
            state.remove("wrapper.json")
    if purge and not kept:
        removed = _purge(app)
    return Uninstalled(committed.plan, committed, removed, _notes() if purge else ())


def _purge(app: App) -> tuple[str, ...]:
    """Remove our own directories, and the link in `~/.local/bin` where it leads into them."""
    removed = []
    link = os.path.join(app.system.home, ".local", "bin", "mcpconf")
    if os.path.islink(link) and os.path.realpath(link).startswith(os.path.realpath(app.dirs.data) + os.sep):
        os.unlink(link)
        removed.append(link)
    for directory in (app.dirs.config, app.dirs.state, app.dirs.data):
        if os.path.isdir(directory):
            shutil.rmtree(directory, ignore_errors=True)
            removed.append(directory)
    return tuple(removed)


def _notes() -> tuple[Note, ...]:
    """How to remove an installation that is another tool's to remove."""
    for tool, command in (("pipx", "pipx uninstall mcpconf"), ("uv", "uv tool uninstall mcpconf")):
        if f"{os.sep}{tool}{os.sep}" in sys.prefix:
            return (Note(f"the program itself was installed with {tool}", hint=command),)
    return ()
