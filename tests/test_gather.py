"""Gathering: each fact from its file, nothing run unless asked, and nothing that hangs us."""

from __future__ import annotations

import platform
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

import mcpconf.gather as gathering
from mcpconf.gather import gather
from mcpconf.reach.raw import RawAnswer, Reached
from mcpconf.record import dataclass, field
from mcpconf.system import Ran, RealSystem
from tests.broker.daemon import daemon


@dataclass(frozen=True)
class Docked(RealSystem):
    """A machine whose `docker` answers from a table; a missing answer is a command that did not end in time."""

    answers: Mapping[tuple[str, ...], Ran] = field(default_factory=dict)
    ran: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, argv: Sequence[str], *, timeout: float, env: Mapping[str, str] | None = None) -> Ran | None:
        assert timeout <= 1.5
        self.ran.append(tuple(argv[1:]))
        return self.answers.get(tuple(argv[1:]))


VERSION = ("version", "--format", "{{.Server.Version}}")
PLUGIN = ("mcp", "version")


def program(root: Path, path: str) -> None:
    file = root / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)


def write(root: Path, path: str, content: bytes | str) -> None:
    file = root / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "machine"
    path.mkdir()
    return path


def machine(root: Path, answers: Mapping[tuple[str, ...], Ran] | None = None, **env: str) -> Docked:
    settings = {"HOME": "/home/me", "PATH": "/usr/bin", **env}
    return Docked(root=str(root), env=settings, platform="linux", uid=1000, answers=answers or {})


def test_an_empty_machine_gives_empty_facts(root: Path) -> None:
    facts = gather(machine(root))

    assert (facts.kernel, facts.pid_namespace, facts.pid2, facts.cgroup, dict(facts.which)) == ("", None, None, "", {})
    assert (facts.mounts.root, facts.gateway, facts.engine, facts.raw_mcp) == (None, None, None, None)


def test_only_known_variables_get_into_the_facts(root: Path) -> None:
    facts = gather(machine(root, CODESPACES="true", GITHUB_TOKEN="ghp_secret"))

    assert dict(facts.env) == {"CODESPACES": "true"}


def test_the_release_is_taken_from_the_version_where_proc_sys_is_hidden(root: Path) -> None:
    write(root, "/proc/version", "Linux version 6.1.62 (builder) #1 SMP\n")

    assert gather(machine(root)).kernel == "6.1.62"


def test_a_name_that_somebody_else_wrote_cannot_upset_the_terminal(root: Path) -> None:
    write(root, "/proc/1/environ", b"A=1\0container=\x1b[31mevil" + b"x" * 500 + b"\0B=2\0")
    write(root, "/run/systemd/container", b"\n")

    facts = gather(machine(root))

    assert facts.pid1_container is not None
    assert facts.pid1_container.startswith("[31mevil")
    assert len(facts.pid1_container) == 64
    assert facts.container_manager is None


def test_this_very_machines_release_can_be_read() -> None:
    """The files of /proc/sys fail with ENOMEM where a reader asks for megabytes at once."""
    expected = platform.release() if sys.platform == "linux" else ""

    assert gather(RealSystem()).kernel == expected


@pytest.mark.parametrize("target", ["pid:[nonsense]", "pid:[]", "elsewhere"])
def test_a_namespace_link_that_is_none_counts_as_unseen(root: Path, target: str) -> None:
    link = root / "proc/self/ns/pid"
    link.parent.mkdir(parents=True)
    link.symlink_to(target)

    assert gather(machine(root)).pid_namespace is None


def test_our_own_runner_is_found_beside_our_python_when_it_is_not_on_path(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/opt/mcpconf/venv/bin/python")
    for path in ("/opt/mcpconf/venv/bin/uvx", "/opt/mcpconf/venv/bin/socat", "/opt/mcpconf/venv/bin/uv", "/usr/bin/uv"):
        program(root, path)

    facts = gather(machine(root))

    assert dict(facts.which) == {"uv": "/usr/bin/uv", "uvx": "/opt/mcpconf/venv/bin/uvx"}


def test_a_program_in_a_relative_directory_of_path_is_not_taken(root: Path) -> None:
    program(root, "/node_modules/.bin/node")

    assert dict(gather(machine(root, PATH="node_modules/.bin")).which) == {}


def test_claude_desktop_is_looked_for_where_xdg_says(root: Path) -> None:
    (root / "conf/Claude").mkdir(parents=True)

    assert gather(machine(root, XDG_CONFIG_HOME="/conf")).gui == ("/conf/Claude",)


def test_windows_without_its_variables_has_no_gui(root: Path) -> None:
    system = RealSystem(root=str(root), env={"HOME": "/u", "PATH": ""}, platform="windows", uid=-1)

    assert gather(system).gui == ()


def test_nothing_is_run_unless_asked(root: Path) -> None:
    program(root, "/usr/bin/docker")
    system = machine(root, {VERSION: Ran(0, "28.3.2\n", "")})

    facts = gather(system)

    assert facts.engine is None
    assert system.ran == []


def test_probes_give_the_versions_of_engine_and_toolkit(root: Path) -> None:
    program(root, "/usr/bin/docker")
    system = machine(root, {VERSION: Ran(0, "28.3.2\n", ""), PLUGIN: Ran(0, "v0.22.0\n", "")})

    facts = gather(system, probes=("engine", "toolkit"))

    assert (facts.engine, facts.toolkit) == ("28.3.2", "v0.22.0")
    assert sorted(system.ran) == sorted([VERSION, PLUGIN])


@pytest.mark.parametrize(
    "answer",
    [
        None,
        Ran(1, "", "docker: unknown command: docker mcp"),
        Ran(0, "Usage: docker [OPTIONS] COMMAND", ""),
        Ran(0, "\n", ""),
    ],
)
def test_a_plugin_that_does_not_answer_with_a_version_is_not_there(root: Path, answer: Ran | None) -> None:
    program(root, "/usr/bin/docker")
    system = machine(root, {PLUGIN: answer} if answer else {})

    assert gather(system, probes=("toolkit",)).toolkit is None


def test_without_docker_its_probes_run_nothing(root: Path) -> None:
    system = machine(root)

    assert gather(system, probes=("engine", "toolkit")).engine is None
    assert system.ran == []


def test_a_command_that_never_returns_does_not_hold_us(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "DOCKER_SECONDS", 0.01)
    monkeypatch.setattr(gathering, "_GRACE", 0.01)
    program(root, "/usr/bin/docker")
    release = threading.Event()

    class Stuck(Docked):
        def run(self, argv: Sequence[str], *, timeout: float, env: Mapping[str, str] | None = None) -> Ran | None:
            release.wait(30)
            return Ran(0, "28.3.2", "")

    system = Stuck(root=str(root), env={"HOME": "/", "PATH": "/usr/bin"}, platform="linux", uid=0)
    facts = gather(system, probes=("engine",))
    release.set()

    assert facts.engine is None


def test_the_raw_endpoint_is_looked_for_from_where_we_are(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(root, "/run/.containerenv", "")
    write(
        root,
        "/proc/net/route",
        "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"
        "eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\n",
    )
    asked: list[tuple[str, ...]] = []

    def find(candidates: tuple[str, ...], timeout: float) -> Reached:
        asked.append(candidates)
        assert timeout <= 0.3
        return Reached((("a:8811", RawAnswer.HTTP), ("b:8811", RawAnswer.RAW_MCP)))

    monkeypatch.setattr("mcpconf.reach.raw.find_raw_mcp", find)
    facts = gather(machine(root, MCPCONF_HOST="build.example:9000"), probes={"raw_mcp"})

    assert asked[0][0] == "build.example:9000"
    assert asked[0][-1] == "172.17.0.1"
    assert (facts.raw_mcp, facts.http_mcp) == ("b:8811", "a:8811")


def test_an_unknown_probe_is_a_mistake_of_the_caller(root: Path) -> None:
    with pytest.raises(ValueError, match="brokr"):
        gather(machine(root), probes=("brokr",))


def test_a_broker_is_asked_for_only_by_its_probe(root: Path, tmp_path: Path) -> None:
    runtime = str(tmp_path / "sockets")
    Path(runtime).mkdir()
    with daemon(f"{runtime}/broker.sock", ("time",)):
        assert gather(machine(root), runtime=runtime).broker is None
        facts = gather(machine(root), probes={"broker"}, runtime=runtime)
    assert (facts.broker, facts.broker_servers) == (f"unix:{runtime}/broker.sock", ("time",))
    assert gather(machine(root), probes={"broker"}, runtime=None).broker is None


PROFILES = ("mcp", "profile", "list", "--format", "json")


@pytest.mark.parametrize(
    ("answer", "ids"),
    [
        (Ran(0, '[{"version": 1, "id": "dev", "name": "Dev"}, {"id": "web"}]', ""), ("dev", "web")),
        (Ran(0, "[]\n", ""), ()),
        (Ran(0, "Usage: docker mcp [OPTIONS]", ""), ()),
        (Ran(1, "", "unknown command: docker mcp profile"), ()),
        (Ran(0, '{"id": "dev"}', ""), ()),
        (Ran(0, "[1]", ""), ()),
        (None, None),
    ],
)
def test_the_toolkits_own_profiles_are_known_by_their_ids(
    root: Path, answer: Ran | None, ids: tuple[str, ...] | None
) -> None:
    program(root, "/usr/bin/docker")
    system = machine(root, {PROFILES: answer} if answer else {})

    assert gather(system, probes={"toolkit_profiles"}).toolkit_profiles == ids
    assert system.ran == [PROFILES]


def test_what_may_move_somebody_elses_settings_is_asked_only_by_its_name(root: Path) -> None:
    program(root, "/usr/bin/docker")
    system = machine(root)

    gather(system, probes=gathering.PROBES - {"raw_mcp"})

    assert PROFILES not in system.ran


def test_an_endpoint_is_looked_for_where_containers_of_this_machine_would(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "sys/class/net/docker0/bridge").mkdir(parents=True)
    (root / "sys/class/net/eth0").mkdir()
    header = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"
    write(root, "/proc/net/route", header + "docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n")
    write(root, "/proc/net/fib_trie", "Main:\n  |-- 172.17.0.1\n     /32 host LOCAL\n")
    (root / "proc/self/ns").mkdir(parents=True)
    (root / "proc/self/ns/pid").symlink_to("pid:[4026531836]")
    write(root, "/proc/2/comm", "kthreadd\n")
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr("mcpconf.reach.raw.find_raw_mcp", lambda found, timeout: asked.append(found) or Reached())

    assert gather(machine(root), probes={"raw_mcp"}).bridge == "172.17.0.1"
    assert asked == [("172.17.0.1", "127.0.0.1")]
