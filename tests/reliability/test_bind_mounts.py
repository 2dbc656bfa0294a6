"""A client's file that is bind-mounted into a container, on a real Docker engine: `-v FILE:/home/u/.claude.json`.

No name can be moved over such a file, so mcpconf overwrites it in place; and the host can take it away at any moment.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.reliability import figures
from tests.reliability.engine import CHECKOUT, HOME, MOUNTED, Container, Engine, start_engine, stop_engine
from tests.reliability.inside import first_difference, pause, until
from tests.reliability.place import CLIENT_FILE, PROFILES, TRACEBACK, Done, Place

pytestmark = [pytest.mark.real, pytest.mark.campaign, pytest.mark.timeout(7200)]

NEWER = b'{\n  "mcpServers": {"fresh": {"command": "/bin/fresh"}}\n}\n'
STALE = "is a stale bind mount: the file was replaced on the host"
SIDES = {"one": {"c-alpha": "/bin/cat"}, "two": {"c-beta": "/bin/cat"}}
HOSTS = {"one": {"h-alpha": "/bin/cat"}, "two": {"h-beta": "/bin/cat"}}
EXPECTED = json.loads(CLIENT_FILE)
# Its servers stand before all else, so that every byte behind them moves when they change: what is half written is
# then neither the old nor the new text, wherever the write was stopped.
LARGE = json.dumps(
    {"mcpServers": {"theirs": {"command": "/bin/theirs"}}, "history": [f"{n} " + "x" * 90 for n in range(20_000)]},
    indent=2,
).encode()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    running = start_engine(tmp_path_factory.mktemp("docker") / "engine")
    yield running
    stop_engine(running)


@pytest.fixture
def host(tmp_path: Path) -> Place:
    """The host's home with the client's file and the profiles."""
    place = Place(tmp_path / "host", {"PYTHONPATH": str(CHECKOUT)})
    place.furnish()
    return place


def profiles(host: Place, at: str = HOME) -> str:
    return f"--volume={host.home}/.config/mcpconf/profiles:{at}/.config/mcpconf/profiles:ro"


def mounted(engine: Engine, host: Place, *options: str, mode: str = "rw", user: str = "") -> Container:
    """A container with the host's file as one mount of its own."""
    return engine.container(f"--volume={host.file}:{MOUNTED}:{mode}", profiles(host), *options, user=user)


def refused(done: Done) -> bool:
    return done.code not in (0, 70) and TRACEBACK not in done.out + done.err and "nothing was changed" in done.err


def count(engine: Engine, what: str, numbers: Mapping[str, int], part: str = "") -> None:
    figures.record("bind-mounts", part or what, campaign=what, engine=f"Docker {engine.version}", **numbers)


def held(engine: Engine, case: str) -> None:
    """Count one case more: what fails never gets here."""
    count(engine, "single cases", {"attempts": 1, "violations": 0}, case)


def test_a_mounted_file_is_overwritten_in_place_and_given_back(engine: Engine, host: Place) -> None:
    container = mounted(engine, host)
    inode = host.file.stat().st_ino
    seen: dict[str, bytes] = {}
    for name in ("one", "two", "one", "two"):
        container.must("switch", name)
        assert host.servers().keys() == {"theirs"} | PROFILES[name].keys()
        assert container.read(MOUNTED) == host.file.read_bytes() == seen.setdefault(name, host.file.read_bytes())
        assert container.leftovers() == []
    container.must("undo")
    assert host.file.read_bytes() == seen["one"]
    container.must("uninstall", "--yes")

    assert host.file.read_bytes() == container.read(MOUNTED) == CLIENT_FILE
    assert host.file.stat().st_ino == inode
    assert container.leftovers() == host.leftovers() == []
    held(engine, "read-write")


def test_a_read_only_mount_is_refused_in_words(engine: Engine, host: Place) -> None:
    container = mounted(engine, host, mode="ro")
    for command in (("switch", "one"), ("switch", "two"), ("switch", "one", "--adopt")):
        done = container.mcpconf(*command)
        assert refused(done), done
        assert "read-only" in done.err
    gone = container.mcpconf("uninstall", "--yes")

    assert gone.code == 0, gone  # there is nothing of ours to take out
    assert host.file.read_bytes() == CLIENT_FILE
    assert container.leftovers() == host.leftovers() == []
    held(engine, "read-only")


def test_a_file_that_became_read_only_keeps_its_entries(engine: Engine, host: Place) -> None:
    state = host.root / "state"
    volume = f"--volume={state}:{HOME}/.local/state"
    mounted(engine, host, volume).must("switch", "one")
    ours = host.file.read_bytes()
    container = mounted(engine, host, volume, mode="ro")
    for command in (("switch", "two"), ("undo",), ("uninstall", "--yes")):
        done = container.mcpconf(*command)
        assert refused(done), done
        assert "read-only" in done.err
        assert host.file.read_bytes() == ours
    # What was refused is looked after by the next command that writes.
    assert set(container.leftovers()) <= {".local/state/mcpconf/pending.json"}
    assert host.leftovers() == []

    again = mounted(engine, host, volume)
    again.must("uninstall", "--yes")
    assert host.file.read_bytes() == CLIENT_FILE
    assert again.leftovers() == []
    held(engine, "read-only later")


@pytest.mark.parametrize("taken", ["replaced", "removed"])
def test_a_file_that_the_host_took_away_is_refused_as_stale(taken: str, engine: Engine, host: Place) -> None:
    container = mounted(engine, host)
    container.must("switch", "one")
    ours = host.file.read_bytes()
    if taken == "replaced":
        newer = host.home / "newer"
        newer.write_bytes(NEWER)
        newer.rename(host.file)
    else:
        host.file.unlink()
    for command in (("switch", "two"), ("switch", "one"), ("undo",), ("uninstall", "--yes")):
        done = container.mcpconf(*command)
        assert refused(done), done
        assert STALE in done.err
    assert "restart the container" in container.mcpconf("switch", "two").err
    assert container.read(MOUNTED) == ours
    assert container.leftovers() == []
    if taken == "removed":
        assert not host.file.exists()
        held(engine, "stale: removed")
        return

    assert host.file.read_bytes() == NEWER
    container.restart()
    container.must("switch", "two")
    assert host.servers().keys() == {"fresh"} | PROFILES["two"].keys()
    container.must("uninstall", "--yes")
    assert host.file.read_bytes() == NEWER
    held(engine, "stale: replaced")


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
def test_root_in_the_container_leaves_owner_and_mode(mode: int, engine: Engine, host: Place) -> None:
    os.chown(host.file, 1000, 1000)
    host.file.chmod(mode)
    container = mounted(engine, host)
    for command in (("switch", "one"), ("switch", "two"), ("uninstall", "--yes")):
        container.must(*command)
        status = host.file.stat()
        assert (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (1000, 1000, mode)

    assert host.file.read_bytes() == CLIENT_FILE
    held(engine, f"owner {mode:o}")


def test_a_mounted_directory_takes_a_rename(engine: Engine, host: Place) -> None:
    os.chown(host.file, 1000, 1000)
    container = engine.container(f"--volume={host.home}:{HOME}")
    for command in (("switch", "one"), ("switch", "two"), ("uninstall", "--yes")):
        inode = host.file.stat().st_ino
        container.must(*command)
        assert host.file.stat().st_ino != inode
        assert (host.file.stat().st_uid, host.file.stat().st_mode & 0o7777) == (1000, 0o600)
        assert container.read(MOUNTED) == host.file.read_bytes()

    assert host.file.read_bytes() == CLIENT_FILE
    assert container.leftovers() == host.leftovers() == []
    held(engine, "directory")


def test_a_read_only_root_with_a_home_in_memory_does(engine: Engine, host: Place) -> None:
    container = mounted(engine, host, "--read-only", f"--tmpfs={HOME}", "--tmpfs=/tmp")
    inode = host.file.stat().st_ino
    for name in ("one", "two"):
        container.must("switch", name)
        assert host.servers().keys() == {"theirs"} | PROFILES[name].keys()
    assert container.leftovers() == []
    container.must("uninstall", "--yes")

    assert host.file.read_bytes() == CLIENT_FILE
    assert host.file.stat().st_ino == inode
    held(engine, "read-only root, home in memory")


def test_without_a_place_for_our_records_nothing_is_changed(engine: Engine, host: Place) -> None:
    container = mounted(engine, host, "--read-only", "--tmpfs=/tmp")
    done = container.mcpconf("switch", "one")

    assert refused(done), done
    assert "read-only" in done.err
    assert host.file.read_bytes() == CLIENT_FILE
    assert container.leftovers() == []
    held(engine, "read-only root")


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_another_user_may_not_and_changes_nothing(mode: int, engine: Engine, host: Place) -> None:
    host.file.chmod(mode)
    memory = f"--tmpfs={HOME}:mode=1777"
    container = mounted(engine, host, memory, user="1000:1000")
    before = host.file.stat()
    for command in (("switch", "one"), ("switch", "two")):
        done = container.mcpconf(*command)
        assert refused(done), done
        assert "ermission denied" in done.err

    after = host.file.stat()
    assert host.file.read_bytes() == CLIENT_FILE
    assert (after.st_ino, after.st_mtime_ns, after.st_mode) == (before.st_ino, before.st_mtime_ns, before.st_mode)
    assert container.leftovers() == []
    held(engine, f"another user {mode:o}")


def test_no_kill_in_mid_write_harms_a_mounted_file(engine: Engine, host: Place) -> None:
    host.file.write_bytes(LARGE)
    container = mounted(engine, host)
    attempts = figures.size(200)
    told = container.inside("kills", str(attempts), "7", timeout=60 * attempts)
    counts = told["counts"]
    killed = {"attempts": counts["kills"], "unfinished": counts["unfinished"], "torn": counts.get("torn", 0)}
    count(engine, "mcpconf killed in mid-write", {**killed, "violations": len(told["wrong"])})

    assert told["wrong"] == []
    assert counts["kills"] >= attempts / 2
    assert counts["unfinished"] >= attempts / 10
    container.must("uninstall", "--yes")
    assert host.file.read_bytes() == LARGE
    assert container.leftovers() == host.leftovers() == []


@dataclass
class Deaths:
    """A container that is killed, with all in it, while its mcpconf overwrites the host's file."""

    engine: Engine
    host: Place
    dice: random.Random
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.host.file.write_bytes(LARGE)
        self.container = self._new()
        self.texts: dict[str, bytes] = {}
        for name in ("two", "one"):
            self.container.must("switch", name)
            self.texts[name] = self.host.file.read_bytes()
        self.at = first_difference(self.texts["one"], self.texts["two"])

    def _new(self) -> Container:
        return mounted(self.engine, self.host, f"--volume={self.host.root}/state:{HOME}/.local/state")

    def die(self) -> str:
        """Kill it some time after the first byte changed; what it was to switch to."""
        goal = "two" if self.host.file.read_bytes() == self.texts["one"] else "one"
        first, process = self.container.pid, self.container.start("switch", goal)
        with self.host.file.open("rb") as stream:
            until(lambda: os.pread(stream.fileno(), 64, self.at), process)
        pause(self.dice.uniform(0, 0.001))
        os.kill(first, signal.SIGKILL)  # what `docker kill` does in the end, without its detours
        self.engine.must("wait", self.container.name)
        process.communicate()
        self.counts["attempts"] += 1
        self.counts["torn"] += self.host.file.read_bytes() not in self.texts.values()
        self.counts["unfinished"] += any((self.host.root / "state/mcpconf/journals").glob("*.journal"))
        return goal

    def back(self, *, anew: bool) -> None:
        """The same container again, or another one that has the same state."""
        if anew:
            self.container.remove()
            self.container = self._new()
        else:
            self.engine.must("start", self.container.name)


def test_a_container_that_dies_in_mid_write_is_mended_by_the_next(engine: Engine, host: Place) -> None:
    deaths = Deaths(engine, host, random.Random(11))
    wrong = []
    for number in range(figures.size(40)):
        goal = deaths.die()
        deaths.back(anew=number % 2 == 1)
        done = deaths.container.mcpconf("switch", goal)
        if done.code != 0 or host.file.read_bytes() != deaths.texts[goal]:
            wrong.append(f"{number}: {done}, {len(host.file.read_bytes())} bytes")
        wrong += [f"{number}: left over: {name}" for name in deaths.container.leftovers()]
    count(engine, "container killed in mid-write", {**deaths.counts, "violations": len(wrong)})

    assert wrong == []
    assert deaths.counts["unfinished"] > 0 or not figures.FULL  # a few may all come too late
    deaths.container.must("uninstall", "--yes")
    assert host.file.read_bytes() == LARGE
    assert deaths.container.leftovers() == []


def test_a_torn_file_whose_journal_went_with_its_container_is_refused_and_left(engine: Engine, host: Place) -> None:
    container = mounted(engine, host)
    container.must("switch", "one")
    torn = host.file.read_bytes()[:900] + CLIENT_FILE[900:-200]
    container.remove()
    host.file.write_bytes(torn)
    done = mounted(engine, host).mcpconf("switch", "one")

    assert done.code == 4, done
    assert refused(done)
    assert f"{MOUNTED}:" in done.err.replace("~", HOME)
    assert host.file.read_bytes() == torn
    held(engine, "torn, and the journal gone")


@dataclass
class Sides:
    """The host's mcpconf and the container's on one file at the same time. The host's exchange of names detaches."""

    container: Container
    host: Place
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def meet(self, name: str, delay: float) -> None:
        """Both switch at once; whoever reports success has its entries in the host's file."""
        theirs = self.container.start("switch", name)
        with contextlib.suppress(subprocess.TimeoutExpired):
            theirs.wait(delay)
        ours = self.host.run("switch", name)
        out, err = theirs.communicate(timeout=100)
        inner = Done(theirs.returncode, out, err)
        if self.container.run("/usr/bin/stat", "-c", "%h", MOUNTED).out.strip() != "0":
            self._violation("the host's exchange did not detach the container, as it is documented")
        self._judge(name, ours, HOSTS[name], "host")
        self._judge(name, inner, SIDES[name], "container")
        self.counts["stale"] += STALE in err
        if inner.code != 0 and STALE not in err:
            self._violation(f"the container says something else: {inner}")

    def _judge(self, name: str, done: Done, wanted: Mapping[str, str], side: str) -> None:
        self.counts["claimed"] += done.code == 0
        self.counts["lost"] += 0
        if done.disgrace:
            self._violation(f"{side}: {done.disgrace}")
        try:
            found = json.loads(self.host.file.read_bytes())
        except ValueError as error:
            self._violation(f"the host's file is torn: {error}")
            return
        if done.code == 0 and not wanted.keys() <= found["mcpServers"].keys():
            self.counts["lost"] += 1
            self._violation(f"{side} claimed {name}, and there is {sorted(found['mcpServers'])}: {done}")
        if "theirs" not in found["mcpServers"] or {**found, "mcpServers": 0} != {**EXPECTED, "mcpServers": 0}:
            self._violation(f"a neighbour is lost ({side})")

    def settle(self, name: str) -> None:
        """With the mount made anew both succeed, and all is there."""
        self.container.restart()
        for side, done in (
            ("container", self.container.mcpconf("switch", name)),
            ("host", self.host.run("switch", name)),
        ):
            if done.code != 0:
                self._violation(f"the next run fails ({side}): {done}")
        there = self.host.servers().keys()
        if there != {"theirs"} | SIDES[name].keys() | HOSTS[name].keys():
            self._violation(f"in the end there is {sorted(there)}")
        self.wrong += [f"left over: {one}" for one in [*self.container.leftovers(), *self.host.leftovers()]]
        self.container.restart()

    def _violation(self, said: str) -> None:
        self.wrong.append(said[:600])


def test_both_sides_at_once_lose_nothing_that_either_claimed(engine: Engine, host: Place, tmp_path: Path) -> None:
    host.furnish(HOSTS)
    other = Place(tmp_path / "other")
    other.furnish(SIDES)
    container = engine.container(f"--volume={host.file}:{MOUNTED}", profiles(other))
    sides, dice = Sides(container, host), random.Random(13)
    rounds = figures.size(100)
    for number in range(rounds):
        name = "two" if number % 2 else "one"
        sides.meet(name, dice.uniform(0, 0.6))
        sides.settle(name)
    met = {"attempts": rounds, **sides.counts, "violations": len(sides.wrong)}
    count(engine, "host and container at once", met)

    assert sides.wrong == []
    assert sides.counts["claimed"] + sides.counts["stale"] == 2 * rounds
    assert sides.counts["stale"] > 0
    container.must("uninstall", "--yes")
    host.must("uninstall", "--yes")
    assert host.file.read_bytes() == CLIENT_FILE
