"""The tree that `mcpconf doctor` draws, and the line that it shows meanwhile."""

from __future__ import annotations

import io

import pytest

from mcpconf.cli import console, progress
from mcpconf.cli.render.doctor_tree import tree_lines
from mcpconf.cli.terminal import bare, fitted
from mcpconf.doctor.finding import Level
from mcpconf.doctor.picture import Leaf, picture
from mcpconf.doctor.seen.servers import Servers
from mcpconf.use.introduction import ProbeResult
from tests.doctor.test_servers import way


def works(seconds: float) -> ProbeResult:
    return ProbeResult(era="modern", version="2026-07-28", tools=("a", "b"), millis=int(seconds * 1000))


WAYS = (
    way(name="time", route="broker", found=works(0.01)),
    way(name="notes", route="own", found=works(2.5)),
    way(name="far", route="broker", found=ProbeResult(error="it wants --token abc123secret456 " + "x" * 90, millis=9)),
    way(name="pending", scope="project", path="/work/.mcp.json", skipped="it waits for your approval"),
    way(name="slow", client="claude-desktop", title="Claude Desktop", path="/home/u/.config/x.json", found=works(4.0)),
)


def drawn(leaves: tuple[Leaf, ...]) -> list[str]:
    return [bare(line) for line in tree_lines(leaves, "/home/u")]


def test_a_tree_of_clients_routes_and_servers() -> None:
    assert drawn(picture(Servers(WAYS), ())) == [
        "Claude Code (user)  ~/.claude.json",
        "├─ broker",
        "│  ├─ ✓ time     0.01 s  modern 2026-07-28  2 tools",
        "│  └─ ✗ far      it wants --token *** " + "x" * 41 + "…",
        "└─ written by hand",
        "   └─ ✓ notes    2.50 s  modern 2026-07-28  2 tools",
        "Claude Code (project)  /work/.mcp.json",
        "└─ written by hand",
        "   └─   pending  it waits for your approval",
        "Claude Desktop (user)  ~/.config/x.json",
        "└─ written by hand",
        "   └─ ✓ slow     4.00 s  modern 2026-07-28  2 tools",
    ]
    assert max(len(line) for line in drawn(picture(Servers(WAYS), ()))) <= 80


def test_the_slowest_come_first() -> None:
    leaves = picture(Servers(WAYS), (), slowest=True)
    assert [one.server for one in leaves] == ["slow", "notes", "time", "far", "pending"]


def test_ascii_where_there_is_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    lines = [fitted(line, io.StringIO()) for line in tree_lines(picture(Servers(WAYS), ()), "/home/u")]
    assert lines[2] == "|  |- * time     0.01 s  modern 2026-07-28  2 tools"
    assert "".join(lines).isascii()


class Terminal(io.StringIO):
    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


def terminal(patch: pytest.MonkeyPatch, *, quiet: bool = False) -> Terminal:
    """A terminal in the place of stderr. Not as a fixture: pytest sets its own after those."""
    stream = Terminal()
    patch.setattr("sys.stderr", stream)
    patch.setattr(console, "settings", console.Settings(quiet=quiet))
    patch.setattr(progress, "QUICK", 0.0)
    return stream


def test_a_line_is_shown_on_a_terminal_and_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = terminal(monkeypatch)
    with progress.progress() as tell:
        tell("servers: 1 of 2 answered")
        assert "1 of 2" in stream.getvalue()
    assert stream.getvalue().endswith(progress.ERASE)
    tell("too late")
    assert "too late" not in stream.getvalue()


def test_nothing_is_shown_with_quiet_or_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = terminal(monkeypatch, quiet=True)
    with progress.progress() as tell:
        tell("servers")
    pipe = terminal(monkeypatch)
    monkeypatch.setattr(pipe, "isatty", lambda: False)
    with progress.progress() as tell:
        tell("servers")
    assert quiet.getvalue() == pipe.getvalue() == ""


def test_what_works_and_is_warned_of_has_another_sign() -> None:
    from mcpconf.doctor.finding import Finding, Group

    warned = Finding("MC711", Group.SERVERS, "", Level.WARNING, "noise", "time", (WAYS[0].where,))
    assert picture(Servers(WAYS[:1]), [warned])[0].level is Level.WARNING
