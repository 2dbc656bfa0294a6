"""The wrapper as it lies in the data directory, and a server that only tells what it was given."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcpconf.model import Server
from mcpconf.profile.secrets import SecretsFile
from mcpconf.route.launch import Launch
from mcpconf.route.wrapper import SCRIPT, Ways, data_file

SHELL = Path(__file__).parents[2] / "shell" / SCRIPT
TELL = """\
import json, os, sys
told = {"pid": os.getpid(), "cwd": os.getcwd(), "argv": sys.argv[1:], "env": dict(os.environ)}
told["open"] = sorted(os.listdir("/dev/fd"))[:-1] if os.path.isdir("/dev/fd") else []
told["stdin"] = "" if "NOSTDIN" in os.environ else sys.stdin.read()
print(json.dumps(told))
"""


@dataclass(frozen=True)
class Told:
    """How the run ended. `said` is stderr, line by line."""

    code: int
    out: str
    said: list[str]

    @property
    def seen(self) -> Any:
        """What the server told."""
        assert self.code == 0, self.said
        return json.loads(self.out)


@dataclass(frozen=True)
class Installed:
    """A data directory with the wrapper in it."""

    data: Path

    @property
    def wrapper(self) -> Path:
        return self.data / "wrapper"

    @property
    def tell(self) -> str:
        """A program that tells what it sees, as JSON."""
        return str(self.data / "tell")

    def serve(self, *launches: Launch, name: str = "x", cwd: str | None = None) -> Path:
        """Install a server; gives the link that starts it."""
        return self.install(data_file(Server(name=name, cwd=cwd), Ways(launches)), name)

    def install(self, content: bytes, name: str = "x") -> Path:
        (self.wrapper / "data" / f"mcp-{name}").write_bytes(content)
        link = self.wrapper / f"mcp-{name}"
        if not link.is_symlink():
            link.symlink_to(SCRIPT)
        return link

    def keep(self, **secrets: str) -> None:
        (self.data / "secrets").write_bytes(SecretsFile(secrets).dump())


def install(data: Path) -> Installed:
    """Lay down what mcpconf lays down."""
    (data / "wrapper" / "data").mkdir(parents=True)
    script = data / "wrapper" / SCRIPT
    script.write_bytes(SHELL.read_bytes())
    script.chmod(0o700)
    program(data / "tell", TELL, f"{sys.executable} -IS")
    return Installed(data)


def program(path: Path, text: str, interpreter: str) -> str:
    """An executable script."""
    path.write_text(f"#!{interpreter}\n{text}")
    path.chmod(0o755)
    return str(path)


def run(
    *argv: str | Path,
    env: Mapping[str, str] | None = None,
    cwd: str | Path | None = None,
    stdin: bytes = b"",
) -> Told:
    """Start it as a client does, with this environment and PATH besides."""
    given = {"PATH": os.environ["PATH"], **(env or {})}
    done = subprocess.run(
        [str(a) for a in argv], env=given, cwd=cwd, input=stdin, capture_output=True, timeout=30, check=False
    )
    said = done.stderr.decode("utf-8", "replace").split("\n")[:-1]
    return Told(done.returncode, done.stdout.decode(), said)


def fields(*words: str) -> bytes:
    """A data file by hand."""
    return b"".join(os.fsencode(word) + b"\0" for word in words)


def value(text: str) -> tuple[str, ...]:
    """The fields of a literal value."""
    return ("lit", text, "end")
