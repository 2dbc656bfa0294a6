"""Other programs that write the same file: nothing is lost that either side said was written."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.real.programs import Claude
from tests.reliability import figures
from tests.reliability.place import PROFILES, THEIRS, Place

pytestmark = [pytest.mark.real, pytest.mark.campaign, pytest.mark.timeout(7200)]
PLAIN = json.dumps({"numStartups": 3, "mcpServers": {"theirs": THEIRS}, "projects": {}}, indent=2).encode()
WRITER = Path(__file__).with_name("writer.py")
# A system that can't swap two names: older kernels, NFS, some container file systems.
NO_SWAP = """
import mcpconf.commit.exchange as exchange
exchange.exchange = lambda first, second: False
from mcpconf.cli.main import entry
entry()
"""


class RenamePlace(Place):
    """mcpconf as it works where names can't be swapped."""

    def command(self, *argv: str) -> list[str]:
        return [sys.executable, "-c", NO_SWAP, *argv]


@dataclass
class Writer:
    """The other program while it runs, and its report afterwards."""

    process: subprocess.Popen[str]
    claimed: int = 0
    lost: int = 0


@contextmanager
def writing(place: Place, manner: str) -> Iterator[Writer]:
    process = subprocess.Popen(
        [sys.executable, str(WRITER), str(place.file), manner],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    writer = Writer(process)
    try:
        yield writer
    finally:
        out, _ = process.communicate()
        report = json.loads(out)
        writer.claimed, writer.lost = report["claimed"], report["lost"]


def standing(place: Place, patience: float = 10.0) -> dict[str, Any]:
    """The servers in a file that may be half written for as long as its writer is kept from the processor."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            return place.servers()
        except (ValueError, FileNotFoundError):
            continue
    raise AssertionError(f"never whole: {place.file.read_bytes()[:200]!r}")


def furnished(place: Place) -> Place:
    place.furnish(raw=PLAIN)
    place.must("switch", "two")
    place.must("switch", "one")
    return place


@pytest.mark.parametrize("swap", [True, False], ids=["swap", "rename"])
@pytest.mark.parametrize("manner", ["locking", "heedless", "truncating"])
def test_beside_a_busy_writer_nothing_is_lost(manner: str, swap: bool, tmp_path: Path) -> None:
    place = furnished((Place if swap else RenamePlace)(tmp_path / "place"))
    claimed = lost = given_up = 0
    bugs = []
    with writing(place, manner) as writer:
        for turn in range(figures.size(100)):
            name = ("two", "one")[turn % 2]
            done = place.run("switch", name)
            bugs += [done.disgrace] if done.disgrace else []
            given_up += done.code != 0
            claimed += done.code == 0
            lost += done.code == 0 and set(standing(place)) != {"theirs", *PROFILES[name]}
    figures.record(
        "writers",
        f"{manner} {'swap' if swap else 'rename'}",
        writer=manner,
        way="swap" if swap else "rename",
        ours=claimed,
        ours_lost=lost,
        given_up=given_up,
        theirs=writer.claimed,
        theirs_lost=writer.lost,
    )
    assert bugs == []
    assert claimed > 0
    assert writer.claimed > 20
    assert lost == 0
    assert not swap or writer.lost == 0
    place.must("uninstall", "--yes")
    assert set(place.servers()) == {"theirs"}
    assert place.leftovers() == []


@pytest.mark.parametrize("count", [8, 20])
def test_of_parallel_adds_none_is_lost(count: int, tmp_path: Path) -> None:
    place = Place(tmp_path / "place")
    place.furnish(raw=PLAIN)
    place.must("switch", "one")
    names = [f"s{number}" for number in range(count)]
    running = [place.start("server", "add", name, "--", "/bin/cat") for name in names]
    ended = [(process.communicate(), process.returncode) for process in running]
    refused = [(out, code) for out, code in ended if code != 0]
    figures.record("parallel", f"add {count}", what=f"{count} x server add", claimed=count - len(refused), lost=0)
    assert refused == []
    assert set(place.servers()) >= {"theirs", *names}
    listed = json.loads(place.must("server", "ls", "--json").out)
    assert {server["name"] for server in listed["servers"]} >= set(names)
    assert place.leftovers() == []


@pytest.mark.parametrize("count", [8, 20])
def test_parallel_switches_leave_one_whole_profile(count: int, tmp_path: Path) -> None:
    place = furnished(Place(tmp_path / "place"))
    running = [place.start("switch", ("one", "two")[number % 2]) for number in range(count)]
    ended = [(process.communicate(), process.returncode) for process in running]
    assert [one for one in ended if one[1] != 0] == []
    active = place.must("current").out.strip()
    figures.record("parallel", f"switch {count}", what=f"{count} x switch", claimed=count, lost=0)
    assert set(place.servers()) == {"theirs", *PROFILES[active]}
    assert place.leftovers() == []


def test_beside_the_real_claude_mcp_add_nothing_is_lost(tmp_path: Path) -> None:
    place = furnished(Place(tmp_path / "place"))
    claude = Claude(place.home)
    count = figures.size(30)
    added, lost, given_up = [], 0, 0
    for turn in range(count):
        name = f"c{turn}"
        adding = claude.start("mcp", "add", "-s", "user", name, "--", "/bin/cat")
        while adding.poll() is None:
            profile = ("two", "one")[(turn + given_up) % 2]
            done = place.run("switch", profile)
            assert not done.disgrace
            given_up += done.code != 0
            lost += done.code == 0 and not set(PROFILES[profile]) <= set(standing(place))
        added += [name] if adding.returncode == 0 else []
    gone = [name for name in added if name not in standing(place)]
    figures.record(
        "writers",
        "claude",
        writer="claude mcp add",
        way="swap",
        ours=count,
        ours_lost=lost,
        given_up=given_up,
        theirs=len(added),
        theirs_lost=len(gone),
    )
    assert len(added) > count // 2
    assert gone == []
    assert lost == 0
