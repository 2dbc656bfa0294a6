"""Disks that are nearly full, in a mount namespace of our own: nobody else sees them.

    unshare -m python -m tests.reliability.disks DIRECTORY SCENE WHAT=FREE...

Answers in JSON. `WHAT` of which so much is free in an attempt is `pages` or `inodes`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.reliability.place import CLIENT_FILE, PROFILES, Place

PAGE = os.sysconf("SC_PAGESIZE")
FILE_PAGES = 10
FULL = "the disk is full"
# A client's file of ten pages, so that it grows into the eleventh and a temporary one takes as many again.
RAW = CLIENT_FILE.replace(
    b'"empty"', b'"filler": "' + b"x" * (FILE_PAGES * PAGE - len(CLIENT_FILE) - 100) + b'",\n  "empty"'
)
MANY = {f"many-{number}": "/bin/cat" for number in range(100)}


def run(*argv: str | Path) -> None:
    subprocess.run(argv, check=True)


class Apart(Place):
    """Claude Code's directory is one of its own here, so that it can lie on another disk than our state."""

    def __post_init__(self) -> None:
        self.env = {"CLAUDE_CONFIG_DIR": str(self.home / "claude")} | self.env
        super().__post_init__()
        self.file.parent.mkdir(exist_ok=True)

    @property
    def file(self) -> Path:
        return self.home / "claude" / ".claude.json"

    def furnished(self) -> None:
        self.furnish({**PROFILES, "many": MANY}, RAW)


@dataclass(frozen=True)
class Scene:
    """`disk`: the directory of the home that is a small disk; `linked`: the file has a second name."""

    disk: str
    command: tuple[str, ...] = ("switch", "many")
    linked: bool = False
    fresh: bool = False  # nothing of ours is there yet


SCENES: Mapping[str, Scene] = {
    "everything on it": Scene(""),
    "everything on it, for the first time": Scene("", fresh=True),
    "everything on it, in place": Scene("", linked=True),
    "everything on it, to leave": Scene("", ("uninstall", "--yes")),
    "the client's file on it": Scene("claude"),
    "the client's file on it, in place": Scene("claude", linked=True),
    "the client's file on it, to leave": Scene("claude", ("uninstall", "--yes")),
    "our state on it": Scene(".local/state"),
    "our state on it, for the first time": Scene(".local/state", fresh=True),
    "our state on it, in place": Scene(".local/state", linked=True),
}


@dataclass
class Disk:
    """A tmpfs over a directory, filled with what is kept for it."""

    at: Path

    def mount(self, content: Path) -> None:
        run("mount", "-t", "tmpfs", "-o", "mode=700", "small", self.at)
        run("cp", "-a", f"{content}/.", self.at)

    def leave(self, what: str, free: int) -> None:
        """Let so many pages or inodes be free from now on."""
        now = os.statvfs(self.at)
        if what == "pages":
            used = (now.f_blocks - now.f_bfree) * now.f_frsize // PAGE
            option = f"size={max(1, used + free) * PAGE}"  # 0 would be a disk without an end
        else:
            option = f"nr_inodes={now.f_files - now.f_ffree + free}"
        run("mount", "-o", f"remount,{option}", self.at)

    def make_room(self) -> None:
        run("mount", "-o", "remount,size=64m,nr_inodes=10000", self.at)

    def unmount(self) -> None:
        run("umount", self.at)


@dataclass
class Small:
    """One scene with all its attempts."""

    place: Apart
    scene: Scene
    codes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.place.furnished()
        if not self.scene.fresh:
            self.place.must("switch", "many")  # compiled, as it is in daily life
            self.place.must("switch", "one")
        if self.scene.linked:
            os.link(self.place.file, self.place.file.with_name("second-name"))
        self.before = self.place.file.read_bytes()
        self.kept = self.place.root / "kept"
        run("cp", "-a", self.place.home, self.kept)
        self.place.must(*self.scene.command)
        self.after = self.place.file.read_bytes()
        self.disk = Disk(self.place.home / self.scene.disk)

    def attempt(self, what: str, free: int) -> None:
        shutil.rmtree(self.place.home)
        run("cp", "-a", self.kept, self.place.home)
        self.disk.at.mkdir(parents=True, exist_ok=True)
        content = self.kept / self.scene.disk
        content.mkdir(parents=True, exist_ok=True)
        self.disk.mount(content)
        try:
            self.disk.leave(what, free)
            wrong = self.judged()
            self.disk.make_room()
            wrong += self.went_on(to_the_end=free % 5 == 0)
        finally:
            self.disk.unmount()
        self.wrong += [f"{free} {what} free: {one}" for one in wrong]

    def judged(self) -> list[str]:
        """What is wrong with the run on the small disk."""
        done = self.place.run(*self.scene.command)
        found = self.place.file.read_bytes()
        wrong = [done.disgrace] if done.disgrace else []
        if found not in (self.before, self.after):
            wrong.append(f"the file is neither the old nor the new one: {found[:200]!r}: {done}")
        if (done.code == 0) != (found == self.after):
            wrong.append(f"the exit code does not tell which one it is: {done}")
        if done.code != 0 and FULL not in done.err:
            wrong.append(f"it was not said why: {done}")
        if self.scene.linked and self.place.file.stat().st_nlink != 2:
            wrong.append("the second name is cut off")
        # The note of what was being written stays until the next run has looked what of it stands.
        wrong += [f"left over: {name}" for name in self.place.leftovers() if not name.endswith("/pending.json")]
        self.codes["done" if done.code == 0 else "refused"] += 1
        return wrong

    def went_on(self, *, to_the_end: bool) -> list[str]:
        """What is wrong with the runs after room was made."""
        again = self.place.run(*self.scene.command)
        wrong = [again.disgrace] if again.disgrace else []
        if again.code != 0 or self.place.file.read_bytes() != self.after:
            wrong.append(f"the next run did not succeed: {again}")
        if to_the_end:
            done = self.place.run("uninstall", "--yes")
            if done.code != 0 or self.place.file.read_bytes() != RAW:
                wrong.append(f"uninstall did not give back the original bytes: {done}")
        return wrong + [f"left over: {name}" for name in self.place.leftovers()]


def small(place: Apart, scene: str, attempts: Sequence[str]) -> None:
    disk = Small(place, SCENES[scene])
    for attempt in attempts:
        what, free = attempt.split("=")
        disk.attempt(what, int(free))
    print(json.dumps({"codes": disk.codes, "wrong": disk.wrong}))


if __name__ == "__main__":
    small(Apart(Path(sys.argv[1])), sys.argv[2], sys.argv[3:])
