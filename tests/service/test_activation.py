"""The units that `broker install` writes, carried out as systemd does: the socket first, the broker with a client."""

from __future__ import annotations

import os
import select
import shlex
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcpconf.broker.place import Paths, connect, is_locked
from tests.broker.kit import until
from tests.cli.conftest import World, mcpconf, programs
from tests.real.programs import require

__all__ = ["mcpconf", "programs"]

# What systemd does between fork and exec (sd_listen_fds(3)): descriptor 3, and this process's own id.
STARTED = """
import os, sys
os.dup2(int(sys.argv[1]), 3, inheritable=True)
os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
os.execv(sys.argv[2], sys.argv[2:])
"""


PATH = os.environ["PATH"]  # the real one: tests have another


def tool(world: World, name: str) -> str:
    with world.patch.context() as patched:
        patched.setenv("PATH", PATH)
        return require(name)


class Units:
    """The socket unit and the service unit of a home, and a manager that knows no more than what stands in them."""

    def __init__(self, directory: Path) -> None:
        self.settings: dict[str, list[str]] = {}
        for name in ("mcpconf-broker.socket", "mcpconf-broker.service"):
            for line in (directory / name).read_text().splitlines():
                key, equals, value = line.partition("=")
                if equals:
                    self.settings.setdefault(key, []).append(value)
        (listen,) = self.settings["ListenStream"]
        self.paths = Paths(os.path.dirname(listen.replace("%t", os.environ["XDG_RUNTIME_DIR"])))
        self.notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notices.bind(self.notify)
        self.notices.settimeout(20)
        os.mkdir(self.paths.directory, int(self.settings["DirectoryMode"][0], 8))
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(self.paths.socket)
        os.chmod(self.paths.socket, int(self.settings["SocketMode"][0], 8))
        self.listening.listen()
        self.started: list[subprocess.Popen[bytes]] = []

    @property
    def notify(self) -> str:
        return os.path.join(os.environ["XDG_RUNTIME_DIR"], "notify")

    @property
    def environment(self) -> dict[str, str]:
        given = (shlex.split(line)[0].partition("=") for line in self.settings["Environment"])
        session = {name: os.environ[name] for name in ("HOME", "XDG_RUNTIME_DIR")}
        return session | {name: value for name, _, value in given} | {"NOTIFY_SOCKET": self.notify}

    def on_traffic(self) -> subprocess.Popen[bytes]:
        """Wait for a client, and start the service for it."""
        assert select.select([self.listening], [], [], 20)[0]
        words = shlex.split(self.settings["ExecStart"][0])
        command = [sys.executable, "-I", "-S", "-c", STARTED, str(self.listening.fileno()), *words]
        self.started.append(
            subprocess.Popen(
                command, env=self.environment, pass_fds=[self.listening.fileno()], stdin=subprocess.DEVNULL
            )
        )
        return self.started[-1]

    def notice(self) -> dict[str, str]:
        lines = self.notices.recv(4096).decode().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def close(self) -> None:
        for one in self.started:
            one.terminate()
            one.wait(20)
        self.listening.close()
        self.notices.close()


@pytest.fixture
def units(mcpconf: World) -> Iterator[Units]:
    mcpconf("broker", "install", "--kind", "systemd")
    one = Units(mcpconf.home / ".config/systemd/user")
    try:
        yield one
    finally:
        one.close()


def names(paths: Paths) -> bytes:
    """Ask for the servers, as a client that came before the broker."""
    with connect(paths.socket, 20) as client:
        client.sendall(b"MCPCONF1 LIST\n")
        return client.recv(99)


def test_the_first_client_starts_the_broker_which_answers_it_says_so_and_leaves_the_socket(
    mcpconf: World, units: Units
) -> None:
    assert stat.S_IMODE(os.stat(units.paths.directory).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(units.paths.socket).st_mode) == 0o600
    with connect(units.paths.socket, 20) as early:
        early.sendall(b"MCPCONF1 LIST\n")
        broker = units.on_traffic()
        assert early.recv(99).startswith(b"OK\n")
    ready = units.notice()
    assert ready == {"READY": "1", "MAINPID": str(broker.pid)}  # the one that ends last, and which systemd has started
    said = mcpconf("broker", "status", "--json").json
    assert said["listeners"] == [f"unix:{units.paths.socket}"]
    mcpconf("broker", "start", "--if-needed")
    assert mcpconf("broker", "status", "--json").json["pid"] == said["pid"]

    mcpconf("broker", "stop")
    assert broker.wait(20) == 0  # so `Restart=on-failure` leaves it
    assert units.notice()["STOPPING"] == "1"
    assert sorted(os.listdir(units.paths.directory)) == ["broker.lock", "broker.sock"]

    # Somebody comes again, by `broker start` even: systemd starts it, and there are never two.
    with connect(units.paths.socket, 20):
        again = units.on_traffic()
        mcpconf("broker", "start")
    assert units.notice()["MAINPID"] == str(again.pid)
    again.terminate()
    assert again.wait(20) == 0
    assert not is_locked(units.paths.lock)


def test_a_broker_that_is_killed_is_a_failure_and_the_next_one_takes_over(mcpconf: World, units: Units) -> None:
    assert units.settings["Restart"] == ["on-failure"]
    with connect(units.paths.socket, 20):
        first = units.on_traffic()
        assert units.notice()["READY"] == "1"
    os.kill(mcpconf("broker", "status", "--json").json["pid"], signal.SIGKILL)
    assert first.wait(20) == 128 + signal.SIGKILL
    with connect(units.paths.socket, 20):
        units.on_traffic()
        assert units.notice()["READY"] == "1"
    assert names(units.paths).startswith(b"OK\n")


def test_a_socket_that_lies_elsewhere_has_its_lock_beside_it(mcpconf: World, units: Units) -> None:
    """As in an install script without a session: entries would look in the state directory, systemd listens here."""
    del mcpconf
    with connect(units.paths.socket, 20):
        environment = units.environment
        environment.pop("XDG_RUNTIME_DIR")
        units.settings["Environment"] = [f"{name}={value}" for name, value in environment.items()]
        units.on_traffic()
        assert units.notice()["READY"] == "1"
    assert is_locked(units.paths.lock)


@pytest.mark.real
@pytest.mark.parametrize("name", ["bin", "a b 50%$x;é", """quo"te's\\"""])
def test_systemd_finds_nothing_wrong_with_the_units(mcpconf: World, name: str) -> None:
    program = tool(mcpconf, "systemd-analyze")
    started = mcpconf.home / name / "mcpconf"
    started.parent.mkdir()
    started.write_text("#!/bin/sh\n")
    started.chmod(0o755)
    mcpconf.patch.setattr("mcpconf.workflow.service_setup.launcher", lambda _: (str(started),))
    mcpconf.patch.setenv("PATH", f"{started.parent}:{os.environ['PATH']}")
    mcpconf("broker", "install", "--kind", "systemd")
    at = mcpconf.home / ".config/systemd/user"
    done = subprocess.run(
        [program, "--user", "verify", at / "mcpconf-broker.socket", at / "mcpconf-broker.service"],
        env={"PATH": "/usr/bin:/bin", "HOME": str(mcpconf.home), "XDG_RUNTIME_DIR": os.environ["XDG_RUNTIME_DIR"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.real
def test_systemd_s_own_launcher_starts_it_too(mcpconf: World, units: Units) -> None:
    program = tool(mcpconf, "systemd-socket-activate")
    units.listening.close()
    os.unlink(units.paths.socket)
    variables = [word for name, value in units.environment.items() for word in ("-E", f"{name}={value}")]
    words = shlex.split(units.settings["ExecStart"][0])
    command = [program, "-l", units.paths.socket, *variables, *words]
    units.started.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    until(lambda: os.path.exists(units.paths.socket))
    assert names(units.paths).startswith(b"OK\n")
    assert units.notice()["READY"] == "1"
    mcpconf("broker", "stop")
    assert units.started[-1].wait(20) == 0
