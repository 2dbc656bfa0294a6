"""How containers of each kind of engine are given a way to the broker."""

from __future__ import annotations

import json
import shlex
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpconf.environment.engine import Engine, Home, docker_engine, podman_engine
from mcpconf.environment.exposure import Grant, Machine, Way, ways_in
from mcpconf.environment.grants import compose_lines, devcontainer_lines, run_line, run_words

RUNTIME = "/run/user/1000"
DOCKER = Engine("docker", Home.HERE, "28.3.2", "Debian GNU/Linux 12", "docker0")
ROOTLESS = Engine("docker", Home.ROOTLESS, "28.3.2", "Debian GNU/Linux 12", "docker0")
DESKTOP = Engine("docker", Home.MACHINE, "29.2.1", "Docker Desktop")
PODMAN = Engine("podman", Home.ROOTLESS, "5.4.2", "Podman", "podman0")
PODMAN_ROOT = Engine("podman", Home.HERE, "5.4.2", "Podman", "podman0")
UNKNOWN = Engine("docker", Home.UNKNOWN, bridge="docker0")
BRIDGES = (("br-1", "172.19.0.1"), ("docker0", "172.17.0.1"), ("podman0", "10.88.0.1"))


def machine(**changes: Any) -> Machine:
    given: dict[str, Any] = {
        "directory": f"{RUNTIME}/mcpconf",
        "uid": 1000,
        "key": "box",
        "key_file": "/home/me/.local/share/mcpconf/broker/keys/box",
        "bridges": BRIDGES,
    }
    return Machine(**{**given, **changes})


def ways(engine: Engine, **changes: Any) -> dict[str, Way]:
    return {way.name: way for way in ways_in(engine, machine(**changes))}


@pytest.mark.parametrize(
    ("engine", "order", "listen", "run"),
    [
        (DOCKER, "mount tcp", "tcp:172.17.0.1:8812", "--add-host=host.docker.internal:host-gateway"),
        (UNKNOWN, "mount tcp", "tcp:172.17.0.1:8812", "--add-host=host.docker.internal:host-gateway"),
        (PODMAN_ROOT, "mount tcp", "tcp:10.88.0.1:8812", ""),
        (DESKTOP, "tcp mount", "tcp:127.0.0.1:8812", ""),
        (ROOTLESS, "mount tcp", "", ""),
        (PODMAN, "mount tcp", "", ""),
    ],
    ids=lambda value: f"{value.title} {value.home}" if isinstance(value, Engine) else None,
)
def test_each_engine_has_its_best_way(engine: Engine, order: str, listen: str, run: str) -> None:
    found = ways(engine)

    assert list(found) == order.split()
    assert bool(found["mount"].trouble) is (engine.home is Home.MACHINE)
    assert (found["tcp"].listen, bool(found["tcp"].trouble)) == (listen, not listen)
    assert " ".join(word for word in run_words(found["tcp"].grant) if "add-host" in word) == run
    if listen:
        nonlocal_ = " --allow-nonlocal" if not listen.startswith("tcp:127.") else ""
        assert [step.command for step in found["tcp"].steps] == [
            "mcpconf broker key new box",
            f"mcpconf broker start --listen {listen}{nonlocal_}",
        ]


def test_an_address_is_read_and_never_guessed() -> None:
    assert "no bridge docker0" in ways(DOCKER, bridges=())["tcp"].trouble
    named = Engine("docker", Home.HERE, "28", "x", "br-1")
    assert ways(named)["tcp"].listen == "tcp:172.19.0.1:8812"


def test_what_is_done_is_no_step_any_more() -> None:
    found = ways(DOCKER, running=True, has_key=True, listening=("tcp:172.17.0.1:8812",))
    assert all(step.done for way in found.values() for step in way.steps)
    again = ways(DOCKER, running=True)["tcp"].steps[1]
    assert (again.command.split()[2], again.done) == ("restart", False)


def test_the_notes_say_who_gets_in_and_what_does_not_last() -> None:
    assert "root in the container and user 1000 can use" in ways(DOCKER)["mount"].notes[0]
    assert ways(DOCKER)["mount"].notes[1].endswith("can't: --user 1000")
    assert "which is you, can use every server" in ways(PODMAN)["mount"].notes[0]
    assert ways(PODMAN)["mount"].notes[1].endswith("--userns=keep-id")
    assert len(ways(ROOTLESS)["mount"].notes) == 1
    assert any("enable-linger" in note for note in ways(DOCKER, lingers=False)["mount"].notes)
    assert not any("enable-linger" in note for note in ways(DOCKER)["mount"].notes)
    assert any("NET_RAW" in note for note in ways(DOCKER)["tcp"].notes)
    assert not any("NET_RAW" in note for note in ways(DESKTOP)["tcp"].notes)
    (note,) = ways(DESKTOP)["tcp"].notes
    assert '[broker] listen = "tcp:127.0.0.1:8812" in your profile' in note
    assert ways(DESKTOP, lasting=("tcp:127.0.0.1:8812",))["tcp"].notes == ()
    assert ways(PODMAN, selinux=True)["mount"].grant.options == ("--security-opt=label=disable",)


def test_the_lines_to_copy() -> None:
    grant = ways(DOCKER, selinux=True)["mount"].grant
    assert run_line("docker", grant) == (
        "docker run -v /run/user/1000/mcpconf:/run/mcpconf:ro --security-opt=label=disable ..."
    )
    variables = {"XDG_RUNTIME_DIR": RUNTIME, "HOME": "/home/me"}
    assert compose_lines(grant, variables) == [
        "services:",
        "  NAME:",
        "    volumes:",
        '      - "${XDG_RUNTIME_DIR}/mcpconf:/run/mcpconf:ro"',
        "    security_opt:",
        '      - "label:disable"',
    ]
    tcp = ways(DOCKER)["tcp"].grant
    assert compose_lines(tcp, variables)[2:] == [
        "    volumes:",
        '      - "${HOME}/.local/share/mcpconf/broker/keys/box:/run/secrets/mcpconf:ro"',
        "    extra_hosts:",
        '      - "host.docker.internal:host-gateway"',
        "    environment:",
        '      MCPCONF_BROKER_KEY: "/run/secrets/mcpconf"',
    ]
    data = json.loads("{" + "".join(devcontainer_lines(tcp, variables)).rstrip(",") + "}")
    source = "${localEnv:HOME}/.local/share/mcpconf/broker/keys/box"
    assert data == {
        "mounts": [f"type=bind,source={source},target=/run/secrets/mcpconf,readonly"],
        "containerEnv": {"MCPCONF_BROKER_KEY": "/run/secrets/mcpconf"},
        "runArgs": ["--add-host=host.docker.internal:host-gateway"],
    }


@pytest.mark.parametrize(
    ("here", "run", "compose"),
    [
        ("/a b/$c", ("-v", "/a b/$c:/run/mcpconf:ro"), '"/a b/$$c:/run/mcpconf:ro"'),
        (
            "/a:b",
            ("--mount", "type=bind,source=/a:b,target=/run/mcpconf,readonly"),
            '{type: bind, source: "/a:b", target: "/run/mcpconf", read_only: true}',
        ),
        (
            '/a:",b',
            ("--mount", 'type=bind,"source=/a:"",b",target=/run/mcpconf,readonly'),
            '{type: bind, source: "/a:\\",b", target: "/run/mcpconf", read_only: true}',
        ),
    ],
)
def test_awkward_paths_stay_one_word(here: str, run: tuple[str, ...], compose: str) -> None:
    grant = Grant(mounts=((here, "/run/mcpconf"),))
    assert run_words(grant) == run
    assert compose_lines(grant, {})[-1] == f"      - {compose}"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20))
def test_any_path_comes_back_out_of_each_line(name: str) -> None:
    grant = Grant(mounts=((f"/{name}", "/run/mcpconf"),))
    assert shlex.split(run_line("docker", grant))[2:-1] == list(run_words(grant))
    (line,) = devcontainer_lines(grant, {})
    assert tomllib.loads("x = [ { " + line.rstrip(",").replace('"mounts": ', '"mounts" = ') + " } ]")


@pytest.mark.parametrize(
    ("told", "platform", "home"),
    [
        ('{"os":"Debian GNU/Linux 12","security":["name=seccomp"],"version":"28.3.2"}', "linux", Home.HERE),
        ('{"os":"Debian","security":["name=rootless","name=seccomp"],"version":"28"}', "linux", Home.ROOTLESS),
        ('{"os":"Docker Desktop","security":null,"version":"29.2.1"}', "linux", Home.MACHINE),
        ('{"os":"OrbStack","security":[],"version":"28"}', "darwin", Home.MACHINE),
        ('{"os":"","security":null,"version":""}', "linux", None),
        ('{"os":"x"}', "linux", None),
        ("[]", "linux", None),
        ("template parsing error", "linux", None),
    ],
)
def test_where_dockers_containers_run(told: str, platform: str, home: Home | None) -> None:
    found = docker_engine(told, platform, "docker1")
    assert (found and found.home) == home
    if found is not None and home is Home.HERE:
        assert (found.bridge, docker_engine(told, platform)) == (
            "docker1",
            Engine("docker", home, "28.3.2", found.title, "docker0"),
        )


@pytest.mark.parametrize(
    ("told", "platform", "home"),
    [
        ('{"rootless":true,"version":"5.4.2"}', "linux", Home.ROOTLESS),
        ('{"rootless":false,"version":"5.4.2"}', "linux", Home.HERE),
        ('{"rootless":true,"version":"5.4.2"}', "darwin", Home.MACHINE),
        ('{"rootless":"yes","version":"5"}', "linux", None),
        ("", "linux", None),
    ],
)
def test_where_podmans_containers_run(told: str, platform: str, home: Home | None) -> None:
    found = podman_engine(told, platform)
    assert (found and found.home) == home
