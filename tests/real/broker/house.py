"""A broker of a test's own: its directory, hand-written definitions, and the shim in front of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mcpconf.broker.control import ask
from mcpconf.broker.place import Paths
from mcpconf.route.broker import CONF, SHIM
from mcpconf.workflow.parts import shim_files

ROOT = Path(__file__).resolve().parents[3]
MAIN = "import sys; sys.path.insert(0, sys.argv[1]); from mcpconf.broker.main import main; sys.exit(main(sys.argv[2:]))"


class House:
    """Where a broker lives. `python` starts the broker and the shims."""

    def __init__(self, directory: Path, python: str = sys.executable) -> None:
        self.directory = directory
        self._python = python
        self.boot: Sequence[str] = (python, "-I", "-S", "-c", MAIN, str(ROOT))  # what starts the broker
        self._process: subprocess.Popen[bytes] | None = None
        self._env = {"PATH": os.environ["PATH"], "HOME": str(directory), "LANG": "C.UTF-8"}
        self.paths = Paths(str(directory / "state/run"))
        self.servers = directory / "data/broker/servers"
        self.servers.mkdir(parents=True)
        self.shim = directory / "data/broker" / SHIM
        for name, content in shim_files().items():
            (self.shim.parent / name).write_bytes(content)
        (self.shim.parent / CONF).write_text(f"directory={self.paths.directory}\n")

    def define(self, name: str, argv: Sequence[str], **members: object) -> None:
        """A server, as `switch` would write it down: `pool`, `env`, `cwd`...; one without a command has a `url`."""
        started = {"command": argv[0], "args": list(argv[1:])} if argv else {}
        content = {"version": 1, "name": name, **started, **members}
        (self.servers / f"{name}.json").write_text(json.dumps(content))

    def command(self, name: str) -> list[str]:
        """What a client's entry for this server runs."""
        return [self._python, "-I", "-S", str(self.shim), name]

    def start(self) -> None:
        """Start the broker, and wait until it says that it is ready."""
        ready, told = os.pipe()
        options = ["--config-dir", str(self.directory), "--ready-fd", str(told)]
        self._process = subprocess.Popen(
            [*self.boot, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=self._env,
            pass_fds=[told],
            start_new_session=True,
        )
        os.close(told)
        with open(ready, "rb") as stream:
            said = stream.readline()
        if said != b"ready\n":
            self._process.wait()
            raise AssertionError(f"the broker does not start: {said!r}")

    def stop(self) -> None:
        """End the broker, and with it its servers."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        self._process = None

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """What the control socket answers."""
        return dict(ask(self.paths.socket, request))

    def server(self, name: str) -> dict[str, Any]:
        """This server's part of the status."""
        found: list[dict[str, Any]] = [one for one in self.ask({"do": "status"})["servers"] if one["name"] == name]
        return found[0]


@contextmanager
def house(python: str = sys.executable) -> Iterator[House]:
    """A house in a short directory: a socket's path must be short."""
    with tempfile.TemporaryDirectory(prefix="mb") as directory:
        one = House(Path(directory), python)
        try:
            yield one
        finally:
            one.stop()
