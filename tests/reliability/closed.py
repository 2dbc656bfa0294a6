"""Places that can't be written: modes, mounts and attributes, in a mount namespace of our own.

    unshare -m python -m tests.reliability.closed DIRECTORY NAME...

Answers in JSON. `DIRECTORY` has an empty `home`, over which a disk is mounted.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.reliability.disks import Apart, run


@dataclass(frozen=True)
class Closed:
    """What can't be written. `close` makes it so, `open` mends it, and `says` is what must be said.

    `plain`: root without the power to pass over modes, which is every other user.
    """

    close: Callable[[Apart], object]
    open: Callable[[Apart], object]
    says: str
    plain: bool = False


PLAIN = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
DENIED = "permission denied"
READ_ONLY = "read-only file system"
FORBIDDEN = "the system does not permit it"


def mode(what: Callable[[Apart], Path], closed: int, opened: int, says: str = DENIED, *, plain: bool = True) -> Closed:
    return Closed(lambda place: what(place).chmod(closed), lambda place: what(place).chmod(opened), says, plain)


def mounted(what: Callable[[Apart], Path]) -> Closed:
    def close(place: Apart) -> None:
        run("mount", "--bind", what(place), what(place))
        run("mount", "-o", "remount,bind,ro", what(place))

    return Closed(close, lambda place: run("umount", what(place)), READ_ONLY)


def attribute(what: Callable[[Apart], Path], flag: str) -> Closed:
    return Closed(
        lambda place: run("chattr", f"+{flag}", what(place)),
        lambda place: run("chattr", f"-{flag}", what(place)),
        FORBIDDEN,
    )


def file(place: Apart) -> Path:
    return place.file


def directory(place: Apart) -> Path:
    return place.file.parent


def state(place: Apart) -> Path:
    return place.state


def whole(place: Apart) -> Path:
    return place.home


CLOSED: Mapping[str, Closed] = {
    "a read-only file, for root": mode(file, 0o444, 0o600, plain=False),
    "a read-only file": mode(file, 0o444, 0o600),
    "a read-only directory": mode(directory, 0o555, 0o700),
    "a read-only file in a read-only mount": mounted(file),
    "a read-only mount": mounted(directory),
    "a read-only mount of the whole home": mounted(whole),
    "an immutable file": attribute(file, "i"),
    "a file that can only grow": attribute(file, "a"),
    "an immutable directory": attribute(directory, "i"),
    "an unreadable file": mode(file, 0o000, 0o600, "can't be read"),
    "an unreadable directory": mode(directory, 0o000, 0o700, "can't be read"),
    "a read-only directory of our state": mode(state, 0o555, 0o700),
    "a read-only mount of our state": mounted(state),
    "an immutable directory of our state": attribute(state, "i"),
    "an unreadable ledger": mode(lambda place: place.state / "ledger.json", 0o000, 0o600, "can't be read"),
}
COMMANDS = (("switch", "many"), ("uninstall", "--yes"))


@dataclass
class Shut:
    """A home on a disk of its own, in which something can't be written."""

    place: Apart
    attempts: int = 0
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        run("mount", "-t", "tmpfs", "-o", "mode=700", "closed", self.place.home)  # one that knows all attributes
        self.place.file.parent.mkdir()  # the other one is under the mount
        self.place.furnished()
        self.place.must("switch", "many")
        self.place.must("switch", "one")

    def attempt(self, name: str) -> None:
        closed = CLOSED[name]
        closed.close(self.place)
        wrong = [one for command in COMMANDS for one in self.refused(closed, *command)]
        before = self.tree()
        looked = self.place.run("status", before=PLAIN if closed.plain else ())
        wrong += [looked.disgrace] if looked.disgrace else []
        wrong += ["status changed something"] if self.tree() != before else []
        closed.open(self.place)
        for command in COMMANDS[0], ("switch", "one"):
            again = self.place.run(*command)
            wrong += [f"afterwards it did not succeed: {again}"] if again.code != 0 else []
        wrong += [f"left over: {one}" for one in self.place.leftovers()]
        self.wrong += [f"{name}: {one}" for one in wrong]

    def refused(self, closed: Closed, *command: str) -> list[str]:
        """What is wrong with a command that can't write what it wants to."""
        before, raw = self.tree(), self.place.file.read_bytes()
        done = self.place.run(*command, before=PLAIN if closed.plain else ())
        self.attempts += 1
        wrong = [done.disgrace] if done.disgrace else []
        if done.code not in (1, 4) or closed.says not in done.err or "nothing was changed" not in done.err:
            wrong.append(f"it was not refused with the reason: {done}")
        if self.place.file.read_bytes() != raw:
            wrong.append(f"the file is not what it was: {done}")
        changed = sorted({*before.items()} ^ {*self.tree().items()})
        return wrong + ([f"changed: {changed}"] if changed else [])

    def tree(self) -> dict[str, tuple[int, ...]]:
        """Everything of the user's: all but our state, which may note what was tried."""
        found: dict[str, tuple[int, ...]] = {}
        for top, directories, files in os.walk(self.place.home):
            if Path(top) == self.place.state.parent:
                directories.remove(self.place.state.name)
            for name in [*directories, *files]:
                status = os.lstat(os.path.join(top, name))
                if name != self.place.file.parent.name:  # a lock and a temporary file came and went there
                    found[os.path.join(top, name)] = (status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns)
        return found


def closed(place: Apart, names: Sequence[str]) -> None:
    shut = Shut(place)
    for name in names:
        shut.attempt(name)
    print(json.dumps({"attempts": shut.attempts, "wrong": shut.wrong}))


if __name__ == "__main__":
    closed(Apart(Path(sys.argv[1])), sys.argv[2:])
