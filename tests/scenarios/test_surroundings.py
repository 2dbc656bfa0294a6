"""Whether a client's app runs, asked of each system in its own way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from mcpconf.client.claude_desktop import SPEC
from mcpconf.system import Ran, RealSystem
from mcpconf.workflow.surroundings import is_running

TASKS = '"System Idle Process","0","Services","0","8 K"\n"{}","4711","Console","1","120,000 K"\n'


Answers = Mapping[tuple[str, ...], Ran]


def fake(platform: str, answers: Answers | None = None) -> RealSystem:
    """A system that answers one program, and has no files."""

    class Fake(RealSystem):
        def listdir(self, path: str) -> tuple[str, ...]:
            return ()

        def run(self, argv: Sequence[str], *, timeout: float, env: Mapping[str, str] | None = None) -> Ran | None:
            return (answers or {}).get(tuple(argv))

    return Fake(platform=platform)


def windows(image: str) -> Answers:
    return {("tasklist.exe", "/FO", "CSV", "/NH"): Ran(0, TASKS.format(image), "")}


@pytest.mark.parametrize(("image", "found"), [("Claude.exe", True), ("claude.exe", False), ("explorer.exe", False)])
def test_windows_tells_desktop_from_code_by_its_capital(image: str, found: bool) -> None:
    assert is_running(fake("windows", windows(image)), SPEC.processes) is found


def test_a_wsl_asks_the_windows_that_it_runs_on() -> None:
    answers = windows("Claude.exe")
    assert is_running(fake("linux", answers), SPEC.processes, over_there=True)
    assert not is_running(fake("linux", answers), SPEC.processes)


@pytest.mark.parametrize(("code", "found"), [(0, True), (1, False)])
def test_a_mac_asks_pgrep(code: int, found: bool) -> None:
    answers = {("pgrep", "-x", "Claude"): Ran(code, "4711\n" if found else "", "")}
    assert is_running(fake("darwin", answers), SPEC.processes) is found


@pytest.mark.parametrize("platform", ["linux", "darwin", "windows"])
def test_where_nothing_answers_nothing_runs(platform: str) -> None:
    assert not is_running(fake(platform), SPEC.processes)
