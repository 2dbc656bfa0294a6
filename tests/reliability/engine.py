"""A real Docker engine of our own, and containers in it that run this very checkout's mcpconf.

Its data, its sockets and its settings lie in one directory; nothing of a system's own engine is asked or touched. No
image is pulled: an empty one gets the machine's own /usr, Python and checkout by read-only mounts.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tests.real.programs import unavailable
from tests.reliability.place import Done

CHECKOUT = Path(__file__).resolve().parents[2]
SBIN = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
HOME = "/home/u"
MOUNTED = f"{HOME}/.claude.json"
IMAGE = "mcpconf-empty:1"
PATIENCE = 60.0
# No network is needed, so none is made: this is what would change the machine around us.
OPTIONS = ("--storage-driver=vfs", "--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false")


def program(name: str) -> str:
    # Debian's first: its docker is as old as its dockerd, where another may be too new to speak to it.
    found = shutil.which(name, path=SBIN) if name == "dockerd" else shutil.which(name, path="/usr/bin")
    found = found or shutil.which(name)
    if found is None:
        unavailable(f"{name} is missing (with CI=true and as root ./shell/test.sh installs docker.io)")
    return found


def poll(holds: Callable[[], bool], patience: float = PATIENCE) -> bool:
    """Whether it holds before the patience ends."""
    end = time.monotonic() + patience
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


@dataclass
class Engine:
    """A running dockerd and how to speak to it."""

    root: Path
    docker: str
    process: subprocess.Popen[bytes]
    names: Iterator[int] = field(default_factory=itertools.count)

    @property
    def env(self) -> dict[str, str]:
        """All that the docker command gets: no context, login or address of the user's."""
        return {
            "PATH": SBIN,
            "HOME": str(self.root),
            "DOCKER_CONFIG": str(self.root / "client"),
            "DOCKER_HOST": f"unix://{self.root}/s",
        }

    def run(self, *argv: str, timeout: float = 120, stdin: IO[bytes] | None = None) -> Done:
        done = subprocess.run(
            [self.docker, *argv],
            env=self.env,
            stdin=stdin or subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def must(self, *argv: str, stdin: IO[bytes] | None = None) -> str:
        done = self.run(*argv, stdin=stdin)
        assert done.code == 0, f"docker {argv}: {done}"
        return done.out.strip()

    @property
    def version(self) -> str:
        return self.must("version", "--format", "{{.Server.Version}}")

    def container(self, *options: str, user: str = "") -> Container:
        """Start a container that only sleeps: commands are run in it, and it can be killed and started again."""
        name = f"mcpconf-{next(self.names)}"
        them = ["--user", user] if user else []
        named = ["--name", name, "--network", "none", "--env", f"HOME={HOME}", "--workdir", HOME]
        self.must("run", "--detach", *named, *them, *mounts(), *options, IMAGE, "/usr/bin/sleep", "infinity")
        return Container(self, name)


@dataclass(frozen=True)
class Container:
    """One container; its name stays when it is killed and started again."""

    engine: Engine
    name: str

    def argv(self, *argv: str, directory: str = HOME) -> list[str]:
        """The docker arguments that run a command in it."""
        env = {"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
        env["PYTHONPATH"] = str(CHECKOUT)
        options = [f"--env={key}={value}" for key, value in env.items()]
        return ["exec", *options, f"--workdir={directory}", self.name, *argv]

    def run(self, *argv: str, timeout: float = 120) -> Done:
        return self.engine.run(*self.argv(*argv), timeout=timeout)

    def mcpconf(self, *argv: str) -> Done:
        return self.run(sys.executable, "-m", "mcpconf", *argv)

    def must(self, *argv: str) -> Done:
        """Run a command of mcpconf that has to succeed."""
        done = self.mcpconf(*argv)
        assert done.code == 0, f"{argv}: {done}"
        return done

    def start(self, *argv: str) -> subprocess.Popen[str]:
        """Run a command of mcpconf in it, beside us."""
        return subprocess.Popen(
            [self.engine.docker, *self.argv(sys.executable, "-m", "mcpconf", *argv)],
            env=self.engine.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def inside(self, *argv: str, timeout: float = 120) -> Any:
        """The answer of tests/reliability/inside.py, run in the container."""
        command = self.argv(sys.executable, "-m", "tests.reliability.inside", *argv, directory=str(CHECKOUT))
        done = self.engine.run(*command, timeout=timeout)
        assert done.code == 0, done
        return json.loads(done.out)

    def read(self, path: str) -> bytes:
        """A file as the container sees it."""
        return base64.b64decode(self.engine.must(*self.argv("/usr/bin/base64", path)))

    def leftovers(self) -> list[str]:
        """What no finished command leaves in the container's home."""
        found: list[str] = self.inside("leftovers")
        return found

    @property
    def pid(self) -> int:
        """Its first process, by this machine's number."""
        return int(self.engine.must("inspect", "--format", "{{.State.Pid}}", self.name))

    def start_again(self) -> None:
        """After it was killed: its files stay, its mounts are made anew from what the host has now."""
        self.engine.must("wait", self.name)
        self.engine.must("start", self.name)

    def restart(self) -> None:
        self.engine.must("kill", self.name)
        self.start_again()

    def remove(self) -> None:
        self.engine.must("rm", "--force", "--volumes", self.name)


def mounts() -> list[str]:
    """What a container needs of this machine to run our Python on our checkout, all of it read-only."""
    wanted = [Path(path) for path in ("/usr", "/lib", "/lib64", "/bin", "/sbin")]
    wanted += [CHECKOUT, Path(sys.prefix), Path(sys.base_prefix), Path(os.path.realpath(sys.base_prefix))]
    wanted += [Path(os.path.realpath(sys.executable)).parents[1]]
    chosen: list[Path] = []
    for path in wanted:
        if path.is_dir() and not any(path.is_relative_to(other) for other in chosen):
            chosen.append(path)
    return [f"--mount=type=bind,source={path},target={path},readonly" for path in chosen]


def start_engine(root: Path, options: Sequence[str] = OPTIONS, before: Sequence[str] = ()) -> Engine:
    """A dockerd with all it has below `root`. Fails with its last words where it does not come up.

    `before`: what becomes dockerd, the start of its command line.
    """
    if os.geteuid() != 0:
        unavailable("a Docker engine needs root")
    daemon, docker = program("dockerd"), program("docker")
    root.mkdir(parents=True)
    (root / "daemon.json").write_text("{}")
    places = [f"--{name}={root}/{name}" for name in ("data-root", "exec-root", "pidfile")]
    # Should the tests be killed, it goes with them.
    tied = [setpriv, "--pdeathsig", "TERM", "--"] if (setpriv := shutil.which("setpriv")) else []
    with (root / "log").open("wb") as log:
        process = subprocess.Popen(
            [*tied, *before, daemon, *options, *places, f"--host=unix://{root}/s", f"--config-file={root}/daemon.json"],
            env={"PATH": SBIN, "HOME": str(root), "TMPDIR": str(root)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    engine = Engine(root, docker, process)
    up = poll(lambda: process.poll() is not None or engine.run("version").code == 0)
    if not up or process.poll() is not None:
        said = (root / "log").read_text(errors="replace")[-600:]
        stop_engine(engine)
        unavailable(f"dockerd does not start here: {said}")
    _make_image(engine)
    return engine


def _make_image(engine: Engine) -> None:
    """An image with a home, a directory for temporary files, and nothing else."""
    tree = engine.root / "image"
    (tree / "home/u").mkdir(parents=True)
    (tree / "tmp").mkdir()
    (tree / "tmp").chmod(0o1777)
    import_image(engine, tree, IMAGE)


def import_image(engine: Engine, tree: Path, name: str, *changes: str) -> None:
    """Make an image of a directory; `changes` are instructions of a Dockerfile, such as `ENTRYPOINT [...]`."""
    said = [word for change in changes for word in ("--change", change)]
    with subprocess.Popen(["tar", "-C", str(tree), "-c", "."], stdout=subprocess.PIPE) as tar:
        engine.must("import", *said, "-", name, stdin=tar.stdout)


def stop_engine(engine: Engine) -> None:
    """End it with its containers, and leave nothing of it."""
    if engine.process.poll() is None:
        for name in engine.run("ps", "--all", "--quiet").out.split():
            engine.run("rm", "--force", "--volumes", name)
        engine.process.terminate()
        try:
            engine.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            engine.process.kill()
            engine.process.wait()
    for point in _mounted_below(engine.root):
        subprocess.run(["umount", "--lazy", point], check=False, capture_output=True)
    shutil.rmtree(engine.root, ignore_errors=True)


def _mounted_below(root: Path) -> Sequence[str]:
    points = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    return sorted((point for point in points if point.startswith(f"{root}/")), reverse=True)
