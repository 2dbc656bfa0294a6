"""Servers in real containers, whose sessions are killed at any moment and anywhere: nothing of them is left.

A session is a client, what its entry starts (the shim of a broker, the wrapper, or the engine's own client), and a
container. One of them is killed, or the broker with some or all of its processes; the client goes a moment later.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from mcpconf.broker.upstream.orphans import below
from mcpconf.model import ContainerOptions, Server
from mcpconf.route.broker import definition
from mcpconf.route.image import run_words
from mcpconf.route.launch import Launch
from mcpconf.route.wrapper import Ways, data_file
from tests.broker.kit import SERVERS as SCRIPTED
from tests.broker.kit import Broker, alive, until
from tests.reliability import figures
from tests.reliability.engine import IMAGE, Engine, mounts, poll, start_engine, stop_engine
from tests.shim.scene import Place as ShimPlace
from tests.wrapper.installed import Installed, install

pytestmark = [pytest.mark.real, pytest.mark.campaign, pytest.mark.timeout(7200)]

SESSIONS = 100 if figures.FULL else 15
# At once; a direct entry has nobody who would end a server that is deaf.
KINDS = [("shim", "box"), ("shim", "deaf"), ("wrapper", "box"), ("wrapper", "deaf"), ("entry", "box")]
GONE = 10.0  # seconds after the last kill in which everything has to be gone
LONGEST = 0.4  # seconds until the next is killed: the first ones before their container is there, the last ones later
LABEL = "label=mcpconf.server"
# A client: it starts what its entry says, tells its process id, says `initialize`, and waits to be killed.
CLIENT = """
import subprocess, sys, time
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
print(child.pid, flush=True)
child.stdin.write(b'{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25",'
                  b'"capabilities":{},"clientInfo":{"name":"t","version":"1"}}}\\n')
child.stdin.flush()
print("answered" if b'"result"' in child.stdout.readline() else "refused", flush=True)
time.sleep(600)
"""
# A server that heeds neither the end of its input nor a request to end.
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
PYTHON = (sys.executable, "-I", "-S")
SERVERS = {"box": (*PYTHON, str(SCRIPTED / "plain.py")), "deaf": (*PYTHON, "-c", DEAF)}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    running = start_engine(tmp_path_factory.mktemp("docker") / "engine")
    yield running
    stop_engine(running)


def server(name: str) -> Server:
    """Its image is empty: Python and the server are this machine's, mounted, but for where the engine puts its init."""
    here = tuple(mount for mount in mounts() if not mount.endswith("target=/sbin,readonly"))
    return Server(name=name, image=IMAGE, args=SERVERS[name], container=ContainerOptions(flags=here))


@dataclass(frozen=True)
class House:
    """What all sessions share: the engine, a broker, the shim and the wrapper that lead to servers in containers."""

    engine: Engine
    broker: Broker
    shims: ShimPlace
    installed: Installed

    def start(self, kind: str, name: str) -> Session:
        """A client, which starts its entry's command in an environment of its own."""
        commands: dict[str, Sequence[str]] = {
            "shim": (*PYTHON, str(self.shims.shim), name),
            "wrapper": ("bash", str(self.installed.wrapper / f"mcp-{name}")),
            "entry": (self.engine.docker, *run_words(server(name))),
        }
        popen = subprocess.Popen(
            [sys.executable, "-c", CLIENT, *commands[kind]],
            env=self.engine.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert popen.stdout
        return Session(kind, name, popen, int(popen.stdout.readline()), popen.stdout)

    def containers(self) -> list[str]:
        return self.engine.must("ps", "--all", "--quiet", "--filter", LABEL).split()

    def tell(self) -> str:
        """What there is to know of what was left."""
        shape = "{{.Names}} {{.Status}} {{.Labels}}"
        shown = self.engine.run("ps", "--all", "--no-trunc", "--filter", LABEL, "--format", shape).out
        return "\n".join([shown, *map(str, self.broker.logs.glob("docker-*")), self.broker.log()[-2000:]])

    def kill_broker(self, how: str) -> None:
        """By SIGKILL, and have another one started, as the next shim would."""
        serving, (guard, *_) = self.broker.pid, [*_guards(self.broker), 0]
        doomed = {"daemon": [serving], "supervisor": [self.broker.supervisor]}
        for pid in doomed.get(how, [guard, self.broker.supervisor, serving]):
            _kill(pid)
        until(lambda: not alive(serving))
        assert self.broker.popen is not None
        self.broker.popen.wait(15)
        self.broker.start()


@dataclass(frozen=True)
class Session:
    """A running client, by its process, and that of what it has started."""

    kind: str
    name: str
    popen: subprocess.Popen[bytes]
    child: int
    said: IO[bytes]

    def end(self) -> None:
        self.popen.kill()
        self.popen.wait()
        self.said.close()


def _guards(broker: Broker) -> list[int]:
    """The broker's guard: a child of the supervisor's that does not serve, and the first that it had."""
    return sorted(pid for pid in below(broker.supervisor) if pid != broker.pid)[:1]


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def zombies(ancestor: int) -> list[int]:
    """Dead processes of the engine's or the broker's that nobody has buried."""
    found = []
    for entry in os.listdir("/proc"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            state, parent, *_ = Path(f"/proc/{int(entry)}/stat").read_bytes().rpartition(b")")[2].split()
            if state == b"Z" and int(parent) in {ancestor, *below(ancestor)}:
                found.append(int(entry))
    return found


@pytest.fixture
def house(engine: Engine) -> Iterator[House]:
    with tempfile.TemporaryDirectory(prefix="n") as directory:
        root = Path(directory)
        broker = Broker(root / "b", env=engine.env)
        for name in SERVERS:
            given = Launch(command=engine.docker, args=run_words(server(name)), image=IMAGE)
            text = definition(server(name), name, given).decode()
            (broker.servers / f"{name}.json").write_text(text.replace('"spare": null', '"spare": 0, "idle_timeout": 1'))
        installed = install(root / "data")
        for name in SERVERS:
            given = Launch(command=engine.docker, args=run_words(server(name)), image=IMAGE)
            installed.install(data_file(server(name), Ways((given,))), name)
        (root / "s").mkdir()
        shims = ShimPlace(root / "s", passes=True)
        shims.configure(directory=broker.paths.directory, hold=5)
        try:
            yield House(engine, broker.start(), shims, installed)
        finally:
            broker.end()


def test_whatever_is_killed_nothing_is_left(house: House) -> None:
    dice, counts = random.Random(20261123), Counter[str]()
    networks = house.engine.must("network", "ls", "--quiet")
    for _ in range(0, SESSIONS, len(KINDS)):
        sessions = [house.start(kind, name) for kind, name in dice.sample(KINDS, len(KINDS))]
        try:
            for session in sessions:
                counts[_strike(house, session, dice)] += 1
        finally:
            for session in sessions:
                session.end()
        began = time.monotonic()
        assert poll(lambda: not house.containers(), GONE), house.tell()
        counts["slowest ms"] = max(counts["slowest ms"], round((time.monotonic() - began) * 1000))

    assert house.engine.must("network", "ls", "--quiet") == networks
    until(lambda: not zombies(house.engine.process.pid) and not zombies(house.broker.supervisor))
    told = {word: counts[word] for word in ("client", "child", "container", "broker", "slowest ms")}
    figures.record("containers", campaign="sessions in containers, killed", left=0, **told)


def _strike(house: House, session: Session, dice: random.Random) -> str:
    """Kill something, at some moment; what it was."""
    time.sleep(dice.uniform(0, LONGEST))
    what = dice.choice(["client", "child", "container", "broker"])
    if what == "client":
        session.popen.kill()
    elif what == "child":
        _kill(session.child)
    elif what == "container":
        running = house.containers()
        house.engine.run("kill", dice.choice(running)) if running else _kill(session.child)
    else:
        house.kill_broker(dice.choice(["daemon", "supervisor", "all"]))
    return what


def test_a_session_that_nobody_kills_is_served_and_leaves_nothing_either(house: House) -> None:
    for kind in ("shim", "wrapper", "entry"):
        session = house.start(kind, "box")
        try:
            assert session.said.readline() == b"answered\n"
            (box,) = house.containers()
            shape = "{{.HostConfig.NetworkMode}} {{.HostConfig.NanoCpus}} {{.HostConfig.Memory}} {{.HostConfig.Init}}"
            said = house.engine.must("inspect", "--format", shape, box)
            assert said == f"none 1000000000 {2 << 30} true", said
        finally:
            session.end()
        until(lambda: not house.containers(), GONE)


def test_a_missing_image_is_told_by_the_command_that_gets_it(house: House) -> None:
    house.broker.define("none", house.engine.docker, "run", "-i", "--pull", "never", "no/such:1", image="no/such:1")
    house.broker.ask("reload")
    with house.broker.open("none") as client:
        refused = client.request("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}})

    assert "the image no/such:1 is not here; mend it with: mcpconf server pull none" in refused["error"]["message"]
