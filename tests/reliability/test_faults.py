"""Every error at every system call of a commit, and death there: the file is the old or the new one, whole."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.reliability import figures
from tests.reliability.place import CLIENT_FILE, Done, Kept, Place
from tests.reliability.strace import Fault, calls_of, faults, run_with

pytestmark = [pytest.mark.real, pytest.mark.campaign, pytest.mark.timeout(7200)]
SHARDS = 8


@dataclass(frozen=True)
class Scene:
    """Where a commit begins, and which command is to make it."""

    furnish: Callable[[Place], None]
    command: tuple[str, ...]


def existing(place: Place) -> None:
    place.furnish()
    place.must("switch", "two")  # both profiles are compiled then, as they are in daily life
    place.must("switch", "one")


def hard_linked(place: Place) -> None:
    existing(place)
    os.link(place.file, place.home / "second-name")


def absent(place: Place) -> None:
    existing(place)
    place.must("uninstall", "--yes")
    place.file.unlink()


def made_by_us(place: Place) -> None:
    absent(place)
    place.must("switch", "one")


SCENES = {
    "a file that others use": Scene(existing, ("switch", "two")),
    "a file with two names": Scene(hard_linked, ("switch", "two")),
    "a file to be made": Scene(absent, ("switch", "two")),
    "a file to be removed": Scene(made_by_us, ("uninstall", "--yes")),
}


def content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


@dataclass
class Campaign:
    """One scene with all its faults."""

    place: Place
    scene: Scene
    missed: int = 0

    def __post_init__(self) -> None:
        self.scene.furnish(self.place)
        self.kept = Kept.of(self.place)
        self.before = content(self.place.file)
        self.faults = faults(calls_of(self.place, *self.scene.command))
        self.after = content(self.place.file)
        self.kept.restore()

    def violations(self, fault: Fault, *, to_the_end: bool) -> list[str]:
        """What was wrong with the run that met the fault, and with those after it."""
        done, came = run_with(self.place, fault, *self.scene.command)
        self.missed += not came  # what waits (a signal, a timer) makes some calls come once more or less
        wrong = self._judge(done)
        again = self.place.run(*self.scene.command)
        if again.code != 0 or content(self.place.file) != self.after:
            wrong.append(f"the next run did not succeed: {again}")
        wrong += [again.disgrace] if again.disgrace else []
        wrong += [f"left over: {name}" for name in self.place.leftovers()]
        if to_the_end and not wrong:
            wrong += self._end()
        self.kept.restore()
        return [f"{fault}: {one}" for one in wrong]

    def _judge(self, done: Done) -> list[str]:
        wrong = [done.disgrace] if done.disgrace else []
        found = content(self.place.file)
        if found not in (self.before, self.after) and not self._rolled_back_later():
            wrong.append(f"the file is neither the old nor the new one: {done}")
        if done.code == 0 and found != self.after:
            wrong.append(f"success was said and is not so: {done}")
        return wrong

    def _rolled_back_later(self) -> bool:
        """Whether a file that can only be overwritten has its old bytes in a journal for the next run."""
        journals = self.place.state / "journals"
        old = self.before or b"?"
        return journals.is_dir() and any(old in path.read_bytes() for path in journals.glob("*.journal"))

    def _end(self) -> list[str]:
        """Whether everything can be given back after all."""
        self.place.run("uninstall", "--yes")
        original = CLIENT_FILE if self.scene.furnish in (existing, hard_linked) else None
        return [] if content(self.place.file) == original else ["uninstall did not give back the original bytes"]


@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("name", SCENES)
def test_no_fault_at_any_call_harms_a_file(name: str, shard: int, tmp_path: Path) -> None:
    campaign = Campaign(Place(tmp_path / "place"), SCENES[name])
    mine = list(figures.every(len(campaign.faults)))[shard::SHARDS]
    wrong = [
        one
        for count, number in enumerate(mine)
        for one in campaign.violations(campaign.faults[number], to_the_end=count % 5 == 0)
    ]
    kills = sum(campaign.faults[number].what == "KILL" for number in mine)
    part = f"{name} {shard}"
    counts = {"faults": len(mine) - kills, "kills": kills, "never came": campaign.missed, "violations": len(wrong)}
    figures.record("faults", part, scene=name, **counts)
    assert len(mine) > 5
    assert campaign.missed <= 1 + len(mine) // 50
    assert not wrong, "\n".join(wrong)
