"""Targets as the ledger knows them: of entries that were written by an earlier run."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence

from mcpconf.client import claude_code
from mcpconf.client.spec import Target
from mcpconf.client.table import CLIENTS
from mcpconf.document.scan import JSONC
from mcpconf.ledger import Ledger
from mcpconf.model import DEVCONTAINER, Scope
from mcpconf.plan import Want
from mcpconf.route.broker import SERVERS, SHARED, SHIM
from mcpconf.workflow.app import App
from mcpconf.workflow.targets import Targets


def target_for(path: str, pointer: tuple[str, ...], client: str, scope: Scope) -> Target:
    """The target of an entry. Claude Code's own file is written under its lock."""
    if client == DEVCONTAINER:
        return Target(client=client, scope=scope, path=path, pointer=pointer, dialect=JSONC, portable=True)
    own_file = client == claude_code.ID and pointer[-1:] == ("mcpServers",) and scope is not Scope.PROJECT
    return Target(client=client, scope=scope, path=path, pointer=pointer, lock=path + ".lock" if own_file else None)


def owned_targets(ledger: Ledger) -> tuple[Target, ...]:
    """Every object of every file that holds something of ours."""
    found = []
    for path, record in ledger.files.items():
        for pointer, members in record.members.items():
            first = next(iter(members.values()))
            found.append(target_for(path, pointer, first.client, Scope(first.scope)))
    return tuple(found)


def leaving(app: App, targets: Targets, ledger: Ledger) -> tuple[Want, ...]:
    """Nothing for the clients that were chosen before and are not any more: they lose what we wrote.

    Only the files that these clients use from here: another CLAUDE_CONFIG_DIR is another place.
    """
    if targets.scope is not Scope.USER:
        return ()
    chosen = {(target.path, target.pointer) for _, target in targets.chosen}
    everywhere = [target for spec in CLIENTS for target in spec.targets(app.place, Scope.USER)]
    ours = {(path, pointer) for path, record in ledger.files.items() for pointer in record.members}
    return tuple(Want(t, {}, "") for t in everywhere if (t.path, t.pointer) in ours - chosen)


def named_in(app: App, paths: Sequence[str]) -> Callable[[str], bool]:
    """Whether an entry in one of these files needs a file of ours: one that was edited by hand may still do so."""

    def named(path: str) -> bool:
        pattern = re.compile(_sign(path).encode("utf-8", "surrogateescape"))
        return any(pattern.search(app.system.read(client) or b"") for client in paths)

    return named


def _sign(path: str) -> str:
    """How an entry that needs this file looks."""
    above, name = os.path.split(path)
    if os.path.basename(above) == SERVERS:
        return rf'broker/{re.escape(SHIM)}",\s*"{re.escape(name.removesuffix(".json"))}"'
    return rf'broker/{re.escape(SHIM)}"' if name in SHARED else rf'wrapper/{re.escape(name)}"'
