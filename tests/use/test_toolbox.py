"""Asking many servers at once, and being interrupted over it."""

from __future__ import annotations

from mcpconf.use.toolbox import Talks


def test_what_begins_after_the_end_is_ended_at_once() -> None:
    talks = Talks()
    ended: list[str] = []
    talks.begun(lambda: ended.append("first"))
    assert ended == []
    talks.end()
    assert ended == ["first"]
    talks.begun(lambda: ended.append("late"))  # its server was being started when the others were stopped
    assert ended == ["first", "late"]
