"""The end of a log, also where it is put aside meanwhile."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from mcpconf.errors import McpconfError
from mcpconf.workflow.tail import PIECE, Tail


@pytest.mark.parametrize("text", ["", "one\n", "one\ntwo", "x\n" * 50, ("y" * 3000 + "\n") * 60, "z" * PIECE * 2])
@pytest.mark.parametrize("count", [0, 1, 2, 45, 1000])
def test_the_last_lines_are_those_that_stand_there(tmp_path: Path, text: str, count: int) -> None:
    log = tmp_path / "log"
    log.write_text(text)
    tail = Tail(str(log))
    assert tail.last(count) == (text.splitlines()[-count:] if count else [])
    tail.close()


def test_what_is_added_comes_line_by_line_also_from_the_next_file(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("old\n")
    tail = Tail(str(log))
    tail.last(1)
    steps = iter(
        [
            lambda: _append(log, "half"),
            lambda: _append(log, " a line\nsecond\n"),
            lambda: log.rename(tmp_path / "log.1"),
            lambda: log.write_text("third\n"),
        ]
    )
    assert list(islice(tail.follow(lambda _: next(steps)()), 3)) == ["half a line", "second", "third"]
    tail.close()


def _append(path: Path, text: str) -> None:
    with path.open("a") as stream:
        stream.write(text)


def test_a_log_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(McpconfError, match="can't be read"):
        Tail(str(tmp_path / "gone"))
