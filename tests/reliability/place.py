"""A home with a client's file that others use too, real `mcpconf` processes in it, and what must hold afterwards."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

THEIRS = {"command": "/bin/theirs", "env": {"KEY": "\u00fc", "big": "12345678901234567890"}}
# Odd on purpose: numbers that a parser changes, a key twice, an empty object, spaces that nobody would write.
CLIENT_FILE = f"""{{
  "numStartups": 12345678901234567890, "odd": [1e400, -0, 1.10],
  "mcpServers": {{
    "theirs": {json.dumps(THEIRS)}
  }},
  "twice": 1, "twice": 2,
  "projects": {{"/p": {{"history": {json.dumps([f"line {n} of a history" for n in range(400)])}, "mcpServers": {{}}}}}},
  "empty" : {{ }}
}}
""".encode()
PROFILES = {
    "one": {"alpha": "/bin/cat", "gone": "/bin/cat"},
    "two": {"alpha": "/bin/true", "beta": "/bin/cat"},
}
TRACEBACK = "Traceback (most recent call last)"
BUG = 70


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def disgrace(self) -> str:
        """What no user may ever see; empty if there was none of it."""
        if self.code == BUG or TRACEBACK in self.out + self.err:
            return f"a bug: {self.err[-300:]}"
        return ""


@dataclass
class Place:
    """One fake home below `root`. `env` is all that its processes get."""

    root: Path
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.env = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "MCPCONF_ENV": "host",
            "PYTHONHASHSEED": "0",
            "TMPDIR": str(self.root / "tmp"),
        } | self.env
        self.home.mkdir(parents=True, exist_ok=True)
        (self.root / "tmp").mkdir(exist_ok=True)

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def file(self) -> Path:
        """The client's file."""
        return self.home / ".claude.json"

    @property
    def state(self) -> Path:
        return self.home / ".local/state/mcpconf"

    def command(self, *argv: str) -> list[str]:
        return [sys.executable, "-m", "mcpconf", *argv]

    def run(self, *argv: str, before: Sequence[str] = (), timeout: float = 100) -> Done:
        """Run a command of mcpconf to its end, perhaps `before`hand through another program."""
        done = subprocess.run(
            [*before, *self.command(*argv)],
            env=self.env,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def start(self, *argv: str) -> subprocess.Popen[str]:
        """Run a command of mcpconf beside us."""
        return subprocess.Popen(
            self.command(*argv),
            env=self.env,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def must(self, *argv: str) -> Done:
        """Run a command that has to succeed."""
        done = self.run(*argv)
        assert done.code == 0, f"{argv}: {done}"
        return done

    def furnish(self, profiles: Mapping[str, Mapping[str, str]] = PROFILES, raw: bytes = CLIENT_FILE) -> None:
        """The client's file and the user's profiles."""
        self.file.write_bytes(raw)
        self.file.chmod(0o600)
        directory = self.home / ".config/mcpconf/profiles"
        directory.mkdir(parents=True, exist_ok=True)
        for name, servers in profiles.items():
            text = "".join(f'[servers.{server}]\ncommand = "{command}"\n' for server, command in servers.items())
            (directory / f"{name}.toml").write_text(text)

    def servers(self) -> dict[str, Any]:
        """The servers in the client's file as it stands."""
        found: dict[str, Any] = json.loads(self.file.read_bytes())["mcpServers"]
        return found

    def leftovers(self) -> list[str]:
        """What no finished command leaves."""
        found = []
        for directory, directories, files in os.walk(self.home):
            for name in [*directories, *files]:
                unfinished = name.endswith((".lock", ".journal", ".new", ".tmp")) or name == "pending.json"
                if ".mcpconf-" in name or unfinished or os.path.basename(directory) == "rescued":
                    found.append(os.path.relpath(os.path.join(directory, name), self.home))
        return found


@dataclass(frozen=True)
class Kept:
    """A place as it was at one moment, to be had again there: our state holds absolute paths."""

    place: Place
    copy: Path

    @classmethod
    def of(cls, place: Place) -> Kept:
        copy = place.root / "kept"
        _copy(place.home, copy)
        return cls(place, copy)

    def restore(self) -> None:
        shutil.rmtree(self.place.home)
        _copy(self.copy, self.place.home)


def _copy(source: Path, target: Path) -> None:
    """With hard links, modes and times, which `shutil` does not keep."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)
