"""Targets as the ledger knows them: of entries that were written by an earlier run."""

from __future__ import annotations

from mcpconf.client import claude_code
from mcpconf.client.spec import Target
from mcpconf.ledger import Ledger
from mcpconf.model import Scope


def target_for(path: str, pointer: tuple[str, ...], client: str, scope: Scope) -> Target:
    """The target of an entry. Claude Code's own file is written under its lock."""
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
