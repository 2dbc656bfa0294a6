"""Mend what is wrong with clients' files besides their entries: one change, which `undo` takes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mcpconf.client.spec import Target
from mcpconf.commit.steps import Step, do, undo_all
from mcpconf.commit.transaction import Request, commit
from mcpconf.document.encoding import BOM
from mcpconf.errors import McpconfError
from mcpconf.ledger import FileRecord, Ledger
from mcpconf.plan import FileEdit, Plan
from mcpconf.record import dataclass, field
from mcpconf.workflow import active, besides
from mcpconf.workflow.app import App


@dataclass(frozen=True, slots=True)
class Mended:
    """What was done. `generation` is None where nothing was; `failed` says why a step could not be taken."""

    generation: int | None
    failed: Mapping[Step, str] = field(default_factory=dict)


def without_bom(snapshots: Mapping[str, bytes | None], targets: Sequence[Target], ledger: Ledger) -> Plan:
    """The plan that takes the byte order mark from the files of these targets."""
    edits = []
    for path in dict.fromkeys(target.path for target in targets):
        raw = snapshots[path]
        if raw is not None and raw.startswith(BOM) and raw != BOM:
            record = ledger.files.get(path, FileRecord())
            mine = tuple(target for target in targets if target.path == path)
            edits.append(FileEdit(path, raw, raw[len(BOM) :], mine, record, record))
    return Plan(files=tuple(edits), ledger=ledger)


def mend(app: App, steps: Sequence[Step], targets: Sequence[Target], command: str) -> Mended:
    """Take the steps, and the byte order mark from the files of these targets. A step that can't be taken stops none.

    Raises `McpconfError` where a file can't be written, or it can't be noted down: then nothing is changed.
    """
    failed: dict[Step, str] = {}
    with app.writing() as state:
        known = active.load(state.read(active.FILE))

        def note(number: int | None) -> int | None:
            done = _take(steps, failed)
            try:
                if number is None and done:
                    number = besides.new_generation(state, request, app.system.now())
                besides.save(state, number, besides.Besides(active=known, steps=done))
            except BaseException:
                undo_all(done)
                raise
            return number

        request = Request(
            paths=tuple(dict.fromkeys(target.path for target in targets)),
            plan=lambda snapshots, ledger: without_bom(snapshots, targets, ledger),
            command=command,
            context=active.USER,
            profile=None,
            previous=None,
            note=note,
        )
        return Mended(commit(request, state, app.system).generation, failed)


def _take(steps: Sequence[Step], failed: dict[Step, str]) -> tuple[Step, ...]:
    """Take each that can be taken; those that were."""
    done = []
    for step in steps:
        try:
            do(step)
        except McpconfError as error:
            failed[step] = str(error)
        else:
            done.append(step)
    return tuple(done)
