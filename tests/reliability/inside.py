"""What runs in the container: the look for leftovers, and the hand that kills mcpconf in the middle of an overwrite.

    python -m tests.reliability.inside leftovers
    python -m tests.reliability.inside kills COUNT SEED

Answers in JSON. It stands beside the process that it kills, so that it can be quick: between the first and the last
byte of an overwrite there is about a millisecond.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.reliability.place import Place

# When to strike: at any moment, once the journal is there, once the first byte is overwritten.
MOMENTS = ("any", "journal", "byte")
LATEST = {"journal": 0.015, "byte": 0.001}  # seconds after that
PATIENCE = 20.0


@dataclass
class Inside(Place):
    """The container's home, which is nobody's but ours."""

    @property
    def home(self) -> Path:
        return Path(os.environ["HOME"])

    @property
    def journals(self) -> list[Path]:
        return sorted((self.state / "journals").glob("*.journal"))


def here() -> Inside:
    root = Path("/tmp/place")
    root.mkdir(exist_ok=True)
    place = Inside(root)
    del place.env["MCPCONF_ENV"]  # it is to find out by itself that this is a container
    place.env["PYTHONPATH"] = os.environ["PYTHONPATH"]
    return place


def first_difference(old: bytes, new: bytes) -> int:
    return next(i for i, (one, other) in enumerate(zip(old, new, strict=False)) if one != other)


@dataclass
class Kills:
    """Switches between two profiles, each killed on its way and then made again."""

    place: Inside
    original: bytes
    texts: Mapping[str, bytes]
    at: int
    duration: float
    dice: random.Random
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @classmethod
    def prepare(cls, seed: int) -> Kills:
        """Profile `one` is active then."""
        place = here()
        original = place.file.read_bytes()
        texts: dict[str, bytes] = {}
        for name in ("one", "two", "one"):
            began = time.monotonic()
            place.must("switch", name)
            duration = time.monotonic() - began
            text = texts.setdefault(name, place.file.read_bytes())
            assert text == place.file.read_bytes(), "the same profile gives other bytes the second time"
        return cls(place, original, texts, first_difference(texts["one"], texts["two"]), duration, random.Random(seed))

    def attempt(self, number: int) -> None:
        goal = "two" if self.place.file.read_bytes() == self.texts["one"] else "one"
        moment = MOMENTS[number % len(MOMENTS)]
        self._kill(goal, moment)
        if number % 5 == 4:
            self._kill(goal, self.dice.choice(MOMENTS))  # the one that would have rolled it back
        again = self.place.run("switch", goal)
        if again.code != 0 or again.disgrace:
            self._violation("the next run failed", f"{moment}: {again}")
        self._whole(goal, moment)
        if number % 20 == 19:
            self.end()

    def _kill(self, goal: str, moment: str) -> None:
        """Start a switch and end it; count what it was doing."""
        before = self.place.file.read_bytes()
        child = self.place.start("switch", goal)
        self._wait(child, moment)
        child.kill()
        out, err = child.communicate()
        if child.returncode == 0:
            self.counts["too late"] += 1
            if self.place.file.read_bytes() != self.texts[goal]:
                self._violation("entry missing after exit 0", f"{moment}: {out}{err}")
        elif child.returncode == -signal.SIGKILL:
            self._look(before, moment)
        else:
            self._violation("failed before it was killed", f"{moment}: {child.returncode} {err}")

    def _wait(self, child: subprocess.Popen[str], moment: str) -> None:
        """Return when it is to be killed, or has ended."""
        if moment == "any":
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(self.dice.uniform(0, 1.05 * self.duration))
            return
        with self.place.file.open("rb") as stream:
            until(self._sign(moment, stream.fileno()), child)
        pause(self.dice.uniform(0, LATEST[moment]))

    def _sign(self, moment: str, descriptor: int) -> Callable[[], object]:
        if moment == "byte":
            return lambda: os.pread(descriptor, 64, self.at)
        return lambda: self.place.journals

    def _look(self, before: bytes, moment: str) -> None:
        """What a killed one left."""
        self.counts["kills"] += 1
        self.counts[f"kills, {moment}"] += 1
        found, journals = self.place.file.read_bytes(), self.place.journals
        self.counts["unfinished"] += bool(journals)
        self.counts[f"unfinished, {moment}"] += bool(journals)
        if found in self.texts.values():
            return
        self.counts["torn"] += 1
        self.counts[f"torn, {moment}"] += 1
        kept = b"".join(path.read_bytes() for path in journals)
        if not any(text in kept for text in (before, *self.texts.values())):
            self._violation("torn and nothing to mend it from", moment)

    def _whole(self, goal: str, moment: str) -> None:
        """After a run that ended well there is the goal's text, byte for byte, and nothing else."""
        found = self.place.file.read_bytes()
        if found != self.texts[goal]:
            lost = b'"theirs"' not in found or b"history" not in found
            self._violation("neighbour lost" if lost else "torn", f"{moment}: {len(found)} bytes")
            self.place.file.write_bytes(self.texts[goal])
        for name in self.place.leftovers():
            self._violation("left over", f"{moment}: {name}")

    def end(self) -> None:
        """Everything can be given back after all, and had again."""
        goal = "one" if self.place.file.read_bytes() == self.texts["one"] else "two"
        gone = self.place.run("uninstall", "--yes")
        if gone.code != 0 or self.place.file.read_bytes() != self.original:
            self._violation("uninstall did not give back the original bytes", str(gone))
        self.counts["uninstalled"] += 1
        self.place.run("switch", "one")
        self.place.run("switch", goal)
        self._whole(goal, "after uninstall")

    def _violation(self, kind: str, said: str) -> None:
        self.counts["violations"] += 1
        self.wrong.append(f"{kind}: {said}"[:600])


def pause(seconds: float) -> None:
    """Pass the time busily: a sleep is not exact enough for what takes a millisecond."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def until(look: Callable[[], object], child: subprocess.Popen[str]) -> None:
    """Return as soon as a look shows something else than the first one did, or when the process has ended."""
    first, end = look(), time.monotonic() + PATIENCE
    for turn in itertools.count(1):
        if look() != first or (turn % 64 == 0 and (child.poll() is not None or time.monotonic() > end)):
            return


def main(argv: list[str]) -> None:
    if argv[0] == "leftovers":
        print(json.dumps(here().leftovers()))
        return
    kills = Kills.prepare(seed=int(argv[2]))
    for number in range(int(argv[1])):
        kills.attempt(number)
    kills.end()
    print(json.dumps({"counts": kills.counts, "wrong": kills.wrong}))


if __name__ == "__main__":
    main(sys.argv[1:])
