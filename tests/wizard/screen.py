"""A terminal that a test types into and reads: tmux, with a server and a home of the test's own."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.real.programs import require

DEADLINE = 30.0  # seconds; a loaded machine is slow, a missing screen is missing for good
POLL = 0.02
COLUMNS, LINES = 80, 60
_EXIT = re.compile(r"^\[exit (\d+)\]$", re.MULTILINE)


class Screen:
    """One command on one terminal of 80 columns."""

    def __init__(self, socket: Path, home: Path) -> None:
        self._tmux = (require("tmux"), "-S", str(socket), "-f", os.devnull)
        self._home = home
        self.seen: list[tuple[str, str]] = []

    def start(self, argv: Sequence[str], env: Mapping[str, str], cwd: Path) -> None:
        """Start a command; its exit code is printed when it ends, and the terminal stays."""
        clean = ["env", "-i", *(f"{name}={value}" for name, value in env.items())]
        script = f'{shlex.join([*clean, *argv])}; printf "[exit %s]\\n" $?; read -r _'
        size = ("-x", str(COLUMNS), "-y", str(LINES))
        self._run("new-session", "-d", "-s", "test", "-c", str(cwd), *size, "bash", "-c", script)

    def wait(self, text: str, name: str | None = None) -> str:
        """Wait until a text is there and the screen stands still; with `name`, keep it for the golden file."""
        shown = self._until(text)
        if name is not None:
            self.seen.append((name, shown))
        return shown

    def _until(self, text: str) -> str:
        deadline = time.monotonic() + DEADLINE
        before = ""
        while (shown := self.capture()) != before or text not in shown:
            assert time.monotonic() < deadline, f"{text!r} did not appear:\n{shown}"
            before = shown
            time.sleep(POLL)
        return shown

    def type(self, *keys: str) -> None:
        """Send keys, by tmux's names."""
        self._run("send-keys", "-t", "test", *keys)

    def exit_code(self) -> int:
        """Wait for the command's end."""
        found = _EXIT.search(self.wait("[exit "))
        assert found is not None
        return int(found[1])

    def capture(self) -> str:
        """What the terminal shows, lines that it wrapped joined again."""
        shown = self._run("capture-pane", "-t", "test", "-p", "-J")
        return "\n".join(line.rstrip() for line in shown.split("\n")).rstrip() + "\n"

    def transcript(self) -> str:
        """All screens that were kept, without what differs from machine to machine."""
        return "\n".join(f"=== {name}\n{self.normalised(shown)}" for name, shown in self.seen)

    def normalised(self, text: str) -> str:
        text = text.replace(os.path.realpath(self._home), "HOME").replace(str(self._home), "HOME")
        return re.sub(r"(@|==)\d[\w.]*…?", r"\1VERSION", text)

    def close(self) -> None:
        """End the tmux server that this screen started."""
        subprocess.run([*self._tmux, "kill-server"], capture_output=True, check=False)

    def _run(self, *arguments: str) -> str:
        done = subprocess.run([*self._tmux, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout
