"""What a server is answered while it works, and what of it a person gets to see."""

from __future__ import annotations

from typing import Any

from mcpconf.use.manners import TOKEN, Manners


def progress(**params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": "notifications/progress", "params": params}


def test_progress_of_our_call_is_told_and_no_other() -> None:
    lines: list[str] = []
    manners = Manners(lines.append, lines.append)
    assert manners.meta == {"progressToken": TOKEN}
    for params in (
        {"progressToken": TOKEN, "progress": 1, "total": 4, "message": "half"},
        {"progressToken": TOKEN, "progress": 2.5},
        {"progressToken": TOKEN, "progress": True, "total": "x"},
        {"progressToken": "other", "progress": 1},
    ):
        assert manners.hear(progress(**params)) is None
    assert lines == ["1/4 half", "2.5", ""]


def test_nobody_watches_so_nothing_is_asked_for() -> None:
    lines: list[str] = []
    manners = Manners(lines.append)
    assert manners.meta == {}
    manners.hear(progress(progressToken=TOKEN, progress=1))
    assert lines == []


def test_every_request_gets_an_answer_and_no_notification_does() -> None:
    manners = Manners(lambda _line: None)
    for method in ("roots/list", "ping", "sampling/createMessage", "elicitation/create", "nonsense"):
        for params in ({}, [], None, {"message": 5}):
            answer = manners.hear({"jsonrpc": "2.0", "id": 0, "method": method, "params": params})
            assert answer is not None
            assert answer["id"] == 0
            assert ("result" in answer) is (method in ("roots/list", "ping", "elicitation/create"))
    assert manners.hear({"jsonrpc": "2.0", "method": "notifications/message", "params": {}}) is None
