"""The functions of the wrapper without its main part, in a bash that answers a line with NUL-ended fields."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from types import TracebackType

from tests.wrapper.installed import SHELL

FUNCTIONS = SHELL.read_text("utf-8").rpartition("\n_mc_bytes\n")[0] + "\n_mc_bytes\n"


class Bash:
    """A bash that has read the functions and runs LOOP, which reads lines from stdin."""

    def __init__(self, loop: str, beside: Path, **env: str) -> None:
        script = beside / "mcp-time"
        script.write_text(f"{FUNCTIONS}{loop}\n", "utf-8")
        self.process = subprocess.Popen(
            ["bash", str(script), "functions"],  # an argument, since without any it starts a server
            env={"PATH": os.environ["PATH"], **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self.process.stdin
        assert self.process.stdout
        assert self.process.stderr
        self.stdin, self.stdout, self.stderr = self.process.stdin, self.process.stdout, self.process.stderr

    def say(self, data: bytes) -> None:
        self.stdin.write(data)
        self.stdin.flush()

    def fields(self, line: str) -> list[str]:
        """What it says of a line: a number, and as many fields."""
        self.say(line.encode() + b"\n")
        return [self._field() for _ in range(int(self._field()))]

    def _field(self) -> str:
        field = b""
        while (byte := self.stdout.read(1)) != b"\0":
            assert byte, "it ended"
            field += byte
        return field.decode()

    def __enter__(self) -> Bash:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.stdin, self.stdout, self.stderr):
            stream.close()
