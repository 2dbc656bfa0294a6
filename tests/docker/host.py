"""The host: what runs beside the engine, in its network, with a home and a PATH of its own."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mcpconf.broker.place import Paths
from tests.docker.engine import BRIDGE, within
from tests.docker.tools import Tools
from tests.real.programs import Health, parse_list, require
from tests.reliability.engine import Engine
from tests.reliability.place import Done

# What keeps the real Claude Code to itself.
QUIET = {
    "DISABLE_TELEMETRY": "1",
    "DISABLE_AUTOUPDATER": "1",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "MCP_TIMEOUT": "60000",
}


@dataclass
class Host:
    """One home below `root`, whose path has to be short: sockets lie there."""

    engine: Engine
    root: Path
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.home.mkdir()
        self.runtime.mkdir(mode=0o700)
        self.tools = Tools(self.root / "bin").add("docker", "socat").add_mcpconf()
        self.env = {
            **self.engine.env,
            **QUIET,
            "PATH": str(self.tools),
            "HOME": str(self.home),
            "XDG_RUNTIME_DIR": str(self.runtime),
            "LANG": "C.UTF-8",
            "MCPCONF_ENV": "host",
        } | self.env

    @property
    def home(self) -> Path:
        return self.root / "h"

    @property
    def runtime(self) -> Path:
        return self.root / "r"

    @property
    def data(self) -> Path:
        return self.home / ".local/share/mcpconf"

    @property
    def sockets(self) -> Paths:
        """Where its broker is met; there once it has run."""
        return Paths(str(next(self.runtime.glob("mcpconf*"))))

    def argv(self, *argv: str, **env: str) -> list[str]:
        """The whole command line that runs this on it."""
        return within(self.engine, *argv, env=self.env | env, directory=self.home)

    def run(self, *argv: str, **env: str) -> Done:
        nothing = subprocess.DEVNULL
        done = subprocess.run(
            self.argv(*argv, **env), stdin=nothing, capture_output=True, text=True, timeout=100, check=False
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def start(self, *argv: str) -> subprocess.Popen[str]:
        """Run it beside us; what it says comes on stderr."""
        pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
        return subprocess.Popen(self.argv(*argv), stdin=nothing, stdout=nothing, stderr=pipe, text=True)

    def mcpconf(self, *argv: str) -> Done:
        """Run a command of mcpconf that has to succeed."""
        done = self.run(f"{self.tools}/mcpconf", *argv)
        assert done.code == 0, f"{argv}: {done}"
        return done

    def profile(self, name: str, text: str) -> None:
        """One of the user's profiles."""
        path = self.home / f".config/mcpconf/profiles/{name}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def claude(self, **env: str) -> dict[str, Health]:
        """The real `claude mcp list`, which starts every server."""
        done = self.run(require("claude"), "mcp", "list", **env)
        assert done.code == 0, done
        return parse_list(done.out.splitlines())

    @contextmanager
    def gateway(self, listen: str = f"tcp:{BRIDGE}:8811") -> Iterator[None]:
        """The plain door of its broker, for as long as this lasts."""
        with self.start(f"{self.tools}/mcpconf", "broker", "gateway", "--listen", listen) as process:
            assert process.stderr is not None
            try:
                said = process.stderr.readline()
                assert "all servers are served at" in said, said
                yield
            finally:
                process.terminate()

    def close(self) -> None:
        """Its broker ends."""
        self.run(f"{self.tools}/mcpconf", "broker", "stop")


@contextmanager
def a_host(engine: Engine) -> Iterator[Host]:
    """One whose paths are short, for its sockets; its broker ends with it."""
    with tempfile.TemporaryDirectory(prefix="mh") as directory:
        one = Host(engine, Path(directory))
        try:
            yield one
        finally:
            one.close()
