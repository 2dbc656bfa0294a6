"""A container as new as one can be: no network, no terminal, a user without sudo, and what a system brings along."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.docker.engine import BOX, box_mounts
from tests.docker.host import QUIET
from tests.real.programs import REAL, ROOT, Health, parse_list, require, unavailable
from tests.reliability.engine import Engine, program
from tests.reliability.place import Done

HOME = "/home/u"
USER = "1000:1000"
PYTHON = os.path.realpath(sys.executable)
PATH = f"{Path(PYTHON).parent}:/usr/bin:/bin"
# Everything below a directory: kind and mode, owner, time of the last write, and what is in it.
LIST = """\
import hashlib, json, os, stat, sys

def what(path, status):
    if stat.S_ISLNK(status.st_mode):
        return os.readlink(path)
    return hashlib.sha256(open(path, "rb").read()).hexdigest() if stat.S_ISREG(status.st_mode) else ""

found = {}
for directory, names, files in os.walk(sys.argv[1]):
    for path in [directory, *(os.path.join(directory, name) for name in names + files)]:
        status = os.lstat(path)
        found[path] = [oct(status.st_mode), status.st_uid, status.st_mtime_ns, what(path, status)]
json.dump(found, sys.stdout)
"""
Listing = dict[str, list[object]]


@dataclass(frozen=True)
class Fresh:
    """It only sleeps; commands are run in it as its user, or as root."""

    engine: Engine
    name: str
    env: Mapping[str, str]

    def run(self, *argv: str, user: str = USER, directory: str = HOME, **env: str) -> Done:
        given = {"PATH": PATH, "HOME": HOME, "LANG": "C.UTF-8", **QUIET, **self.env, **env}
        options = [f"--env={name}={value}" for name, value in given.items()]
        return self.engine.run("exec", f"--user={user}", f"--workdir={directory}", *options, self.name, *argv)

    def must(self, *argv: str, user: str = USER, directory: str = HOME, **env: str) -> str:
        done = self.run(*argv, user=user, directory=directory, **env)
        assert done.code == 0, f"{argv}: {done}"
        return done.out + done.err

    def as_root(self, *argv: str, **env: str) -> str:
        return self.must(*argv, user="0:0", **{"HOME": "/root", **env})

    def listing(self, directory: str = HOME) -> Listing:
        """What lies there, with all that would tell that it was touched."""
        done = self.run(PYTHON, "-I", "-B", "-c", LIST, directory, user="0:0")
        assert done.code == 0, done
        found: Listing = json.loads(done.out)
        return found

    def claude(self) -> dict[str, Health]:
        """The real `claude mcp list` in it, as its user."""
        return parse_list(self.must(require("claude"), "mcp", "list").splitlines())

    def remove(self) -> None:
        self.engine.must("rm", "--force", self.name)


def start_fresh(engine: Engine, *options: str, image: str = BOX, **env: str) -> Fresh:
    """Start one; `options` are further ones of `docker run`."""
    name = f"mcpconf-fresh-{next(engine.names)}"
    named = ["--name", name, "--network", "none", *box_mounts(), *options]
    engine.must("run", "--detach", *named, image, program("docker-init"), "--", "/usr/bin/sleep", "infinity")
    fresh = Fresh(engine, name, env)
    fresh.as_root("/usr/bin/chown", "1000:1000", HOME)
    return fresh


def without_times(listing: Listing) -> Listing:
    """The same, but for the times: what was written and written back has another one."""
    return {path: [mode, owner, what] for path, (mode, owner, _, what) in listing.items()}


def fill_wheels(directory: Path) -> Path:
    """This checkout's wheel, with those of everything that it needs and a pip."""
    cached = REAL / "wheels"
    if not (cached / ".stamp").exists():
        unavailable("the wheels of our dependencies are missing (./shell/test.sh gets them)")
    directory.mkdir()
    for wheel in cached.glob("*.whl"):
        shutil.copy(wheel, directory)
    built = [require("uv"), "build", "--quiet", "--wheel", "--offline", "--no-index"]
    subprocess.run(
        [*built, "--find-links", str(directory), "--python", sys.executable, "--out-dir", str(directory), str(ROOT)],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return directory
