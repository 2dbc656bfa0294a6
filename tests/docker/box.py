"""A container on the engine's bridge, with this machine's programs and a home that goes with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.docker.engine import BOX, box_mounts
from tests.docker.host import QUIET
from tests.docker.tools import Tools
from tests.real.programs import Health, parse_list, require
from tests.reliability.engine import HOME, Engine, program
from tests.reliability.place import Done


@dataclass(frozen=True)
class Box:
    """It only sleeps: what is run in it is run by `docker exec`, and has this environment."""

    engine: Engine
    name: str
    tools: Tools
    env: Mapping[str, str] = field(default_factory=dict)

    def argv(self, *argv: str, **env: str) -> list[str]:
        """The whole command line that runs this in it, with our stdin."""
        given = {"PATH": str(self.tools), "HOME": HOME, "LANG": "C.UTF-8", **QUIET, **self.env, **env}
        options = [f"--env={name}={value}" for name, value in given.items()]
        reached = [self.engine.docker, "--host", self.engine.env["DOCKER_HOST"]]
        return [*reached, "exec", "--interactive", *options, f"--workdir={HOME}", self.name, *argv]

    def run(self, *argv: str, **env: str) -> Done:
        return self.engine.run(*self.argv(*argv, **env)[1:])

    def mcpconf(self, *argv: str, **env: str) -> Done:
        """Run a command of mcpconf that has to succeed."""
        done = self.run(f"{self.tools}/mcpconf", *argv, **env)
        assert done.code == 0, f"{argv}: {done}"
        return done

    def claude(self, **env: str) -> dict[str, Health]:
        """The real `claude mcp list` in it."""
        done = self.run(require("claude"), "mcp", "list", **env)
        assert done.code == 0, done
        return parse_list(done.out.splitlines())

    def read(self, path: str) -> str:
        """A file as it sees it."""
        done = self.run("/usr/bin/cat", path)
        assert done.code == 0, done
        return done.out

    def write(self, path: str, text: str) -> None:
        """A file of its own, with the directories above it."""
        script = 'mkdir -p "${1%/*}" && printf %s "$2" >"$1"'
        done = self.run("/usr/bin/bash", "-c", script, "_", path, text, PATH="/usr/bin:/bin")
        assert done.code == 0, done

    def remove(self) -> None:
        self.engine.must("rm", "--force", "--volumes", self.name)


def start_box(engine: Engine, tools: Tools, *options: str, **env: str) -> Box:
    """Start one; `options` are further ones of `docker run`."""
    name = f"mcpconf-box-{next(engine.names)}"
    mounted = [*box_mounts(), f"--mount=type=bind,source={tools},target={tools},readonly"]
    named = ["--name", name, "--hostname", "box", *mounted, *options]
    # As `--init` does, which would put it where we mount the machine's own programs.
    engine.must("run", "--detach", *named, BOX, program("docker-init"), "--", "/usr/bin/sleep", "infinity")
    return Box(engine, name, tools, env)
