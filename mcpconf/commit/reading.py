"""Read clients' files as the planner needs them: finished, and without what a killed run of ours left half done."""

from __future__ import annotations

import contextlib
from collections.abc import Container, Iterable
from typing import Protocol

from mcpconf.commit import journal
from mcpconf.commit.snapshot import Snapshot, read_snapshot, settled
from mcpconf.document.fault import Fault
from mcpconf.document.scan import JSONC, STRICT, scan
from mcpconf.errors import Refused
from mcpconf.plan import decode_file
from mcpconf.record import replace


class Clock(Protocol):
    """The clock of a commit; a `System` fits."""

    def now(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...


def read_all(
    paths: Iterable[str],
    clock: Clock,
    journals: str | None = None,
    expected: Container[str] = (),
    texts: Container[str] = (),
) -> dict[str, Snapshot]:
    """All files as they stand. Raises `Located` where one is no readable regular file.

    Of `texts`, which are no JSON, an empty one alone may be another writer's truncation in flight.

    That one of the `expected` paths is not there is believed only when it stays so for a while.

    With the directory of `journals`, what was half written reads as it was before: the next commit puts that back, but
    it comes to it only if something can be planned. Nothing is written here.
    """
    unfinished = journal.unfinished(journals) if journals else {}

    def look(path: str) -> Snapshot:
        seen = read_snapshot(path)
        mend = unfinished.get(seen.real)
        return replace(seen, raw=mend(seen.raw)) if mend is not None and seen.raw is not None else seen

    return {
        path: settled(
            lambda path=path: look(path),  # type: ignore[misc]
            bool if path in texts else _parses,
            clock.sleep,
            expected=path in expected,
        )
        for path in paths
    }


def _parses(raw: bytes) -> bool:
    """Whether the bytes look finished; a comment is no truncation in flight."""
    for dialect in (STRICT, JSONC):
        with contextlib.suppress(Fault, Refused):
            return scan(decode_file("", raw).text, dialect) is not None
    return False
