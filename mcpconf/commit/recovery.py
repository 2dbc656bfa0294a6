"""After a crash between a client's file and our ledger: find out what of the planned writes came to be."""

from __future__ import annotations

from dataclasses import replace

from mcpconf import ledger as ledgers
from mcpconf.commit.snapshot import read_snapshot
from mcpconf.commit.state import State
from mcpconf.document.edit import Pointer, read_members
from mcpconf.document.fault import Fault
from mcpconf.document.scan import JSONC
from mcpconf.errors import McpconfError
from mcpconf.ledger import FileRecord, Ledger, Owned, digest
from mcpconf.model import Json
from mcpconf.plan import decode_file


def dump_pending(ledger: Ledger) -> Json:
    """The ledger as it will be, kept while the files are written."""
    return {path: ledgers.dump_record(record) for path, record in ledger.files.items()}


def absorb_pending(state: State) -> None:
    """Own what an interrupted apply did write, disown what it did not. Nothing of the clients' is touched."""
    data = state.read_json("pending.json")
    if data is None:
        return
    ledger = state.ledger()
    for path, dumped in data.items():
        known = ledger.files.get(path, FileRecord())
        ledger = ledger.with_file(path, _absorb(path, known, ledgers.load_record(dumped)))
    state.write(ledgers.dump(ledger), "ledger.json")
    state.remove("pending.json")


def _absorb(path: str, known: FileRecord, planned: FileRecord) -> FileRecord:
    members: dict[Pointer, dict[str, Owned]] = {}
    happened = False
    for pointer in {*known.members, *planned.members}:
        standing = _standing(path, pointer)
        kept: dict[str, Owned] = {}
        for name, owned in known.members.get(pointer, {}).items():
            if standing.get(name) == owned.digest:
                kept[name] = owned
        for name, owned in planned.members.get(pointer, {}).items():
            if standing.get(name) == owned.digest:
                kept[name] = owned
                happened = True
        if kept:
            members[pointer] = kept
    return replace(planned if happened else known, members=members)


def _standing(path: str, pointer: Pointer) -> dict[str, str]:
    """The digests of what stands in a file; nothing where it can't be read."""
    try:
        text = decode_file(path, read_snapshot(path).raw).text
        return {name: digest(found.value) for name, found in read_members(text, pointer, JSONC).items()}
    except (Fault, McpconfError):
        return {}
