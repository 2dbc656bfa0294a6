"""`mcpconf broker expose`, with a stand-in for the engine's program and a broker that is real."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcpconf.broker.place import Paths, is_locked, name_for
from mcpconf.dirs import find_dirs
from mcpconf.system import RealSystem
from tests.reach.listeners import closed_port
from tests.scenarios.conftest import World

DOCKER = """#!/bin/sh
printf '%s\\n' "$*" >>"${0%/*}/../asked"
case "$*" in
  'info --format {"os"'*) printf '%s\\n' 'INFO' ;;
  'network inspect bridge '*) echo docker0 ;;
  *) exit 1 ;;
esac
"""
LINUX = '{"os":"Debian GNU/Linux 12","security":["name=seccomp,profile=builtin"],"version":"28.3.2"}'
DESKTOP = '{"os":"Docker Desktop","security":[],"version":"29.2.1"}'


def docker(programs: Path, info: str) -> None:
    (programs / "docker").write_text(DOCKER.replace("INFO", info))
    (programs / "docker").chmod(0o755)


@pytest.fixture
def runtime(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Paths:
    base = tmp_path_factory.mktemp("r")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(base))
    return Paths(str(base / name_for(find_dirs(RealSystem()), os.geteuid())))


@pytest.fixture
def world(mcpconf: World, runtime: Paths) -> Iterator[World]:
    yield mcpconf
    mcpconf("broker", "stop")
    assert not is_locked(runtime.lock)


def test_it_prints_and_changes_nothing(world: World, programs: Path, runtime: Paths) -> None:
    docker(programs, LINUX)
    before = world.tree()
    said = world("broker", "expose").out
    assert "docker 28.3.2 (Debian GNU/Linux 12), on this machine" in said
    assert f"docker run -v {runtime.directory}:/run/mcpconf:ro ..." in said
    assert '"${XDG_RUNTIME_DIR}/' in said
    assert "${localEnv:XDG_RUNTIME_DIR}/" in said
    assert (world.tree(), os.path.exists(runtime.directory)) == (before, False)
    report = world("broker", "expose", "--json").json
    assert (report["use"], report["running"], report["engine"]["home"]) == ("mount", False, "here")


def test_applied_it_starts_the_broker_whose_directory_is_mounted(world: World, programs: Path, runtime: Paths) -> None:
    docker(programs, LINUX)
    done = world("broker", "expose", "--apply", "--json").json
    assert [step["done"] for step in done["ways"][0]["steps"]] == [True]
    assert os.path.exists(runtime.socket)
    pid = world("broker", "status", "--json").json["pid"]
    world("broker", "expose", "--apply")
    assert world("broker", "status", "--json").json["pid"] == pid


def test_applied_by_tcp_a_container_gets_in_with_its_key(world: World, programs: Path, home: Path) -> None:
    docker(programs, DESKTOP)
    port = closed_port()
    world.patch.setattr("mcpconf.environment.exposure.PORT", port)
    other = closed_port()
    world("broker", "key", "new", "before")
    world("broker", "start", "--listen", f"tcp:127.0.0.1:{other}")
    said = world("broker", "expose").out
    assert f"mcpconf broker restart --listen tcp:127.0.0.1:{port}" in said
    assert "-e MCPCONF_BROKER_KEY=/run/secrets/mcpconf" in said
    assert "not a mount of the broker's socket directory: a socket does not reach" in said
    key = home / ".local/share/mcpconf/broker/keys/container"
    assert not key.exists()

    done = world("broker", "expose", "--apply", "--json").json

    assert [step["done"] for step in done["ways"][0]["steps"]] == [True, True]
    listeners = world("broker", "status", "--json").json["listeners"]
    assert {f"tcp:127.0.0.1:{port}", f"tcp:127.0.0.1:{other}"} <= set(listeners)
    kept = key.read_bytes()
    world("broker", "expose", "--apply")
    assert key.read_bytes() == kept
    world.patch.setenv("MCPCONF_ENV", "container")
    world.patch.setenv("MCPCONF_BROKER", f"tcp:127.0.0.1:{port}")
    (refused,) = world("env", "--json").json["tried"]
    assert refused["outcome"] == "no-key"
    world.patch.setenv("MCPCONF_BROKER_KEY", str(key))
    (tried,) = world("env", "--json").json["tried"]
    assert tried["outcome"] == "answers"


def test_by_the_profile_it_lasts(world: World, programs: Path) -> None:
    docker(programs, DESKTOP)
    port = closed_port()
    world.patch.setattr("mcpconf.environment.exposure.PORT", port)
    server = '[servers.one]\ncommand = "myserver"\n'
    world.profile("b", f'[broker]\nautostart = true\nlisten = "tcp:127.0.0.1:{port}"\n{server}')
    world("switch", "b")
    world("broker", "start")
    world("broker", "restart")
    said = world("broker", "status", "--json").json["listeners"]
    assert said[1:] == [f"tcp:127.0.0.1:{port}"]
    report = world("broker", "expose", "--json").json
    assert (report["ways"][0]["steps"][1]["done"], report["ways"][0]["notes"]) == (True, [])
    world.profile("b", f"[broker]\nautostart = true\n{server}")
    world("switch", "b")
    assert world("broker", "status", "--json").json["listeners"] == said[:1]


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (("--to", "lxc"), 2, "--to 'lxc' is not one of docker, podman"),
        (("--by", "magic"), 2, "--by 'magic' is not one of mount, tcp"),
        (("--key", "../x"), 1, "'../x' can't be the id of a key"),
        (("--by", "tcp", "--apply"), 4, "--by tcp is no way in here: there is no bridge"),
    ],
)
def test_what_can_not_be_is_refused(world: World, argv: tuple[str, ...], code: int, said: str) -> None:
    world.patch.setattr("mcpconf.workflow.expose.find_bridges", lambda system: ())
    assert said in " ".join(world("broker", "expose", *argv, code=code).err.split())


def test_a_way_that_is_none_says_why_and_names_the_other(world: World) -> None:
    world.patch.setattr("mcpconf.workflow.expose.find_bridges", lambda system: ())
    told = world("broker", "expose", "--by", "tcp", code=1).out
    assert "docker, which does not answer" in told
    assert "there is no bridge docker0 on this machine" in told
    assert "mcpconf broker expose --by mount" in told


def test_in_a_container_it_sends_to_the_host(world: World) -> None:
    world.patch.setenv("MCPCONF_ENV", "container")
    assert "this is a container" in world("broker", "expose", code=1).err


def test_podman_is_asked_where_it_is_what_answers(world: World, programs: Path) -> None:
    (programs / "podman").write_text(
        DOCKER.replace('{"os"', '{"rootless"').replace("INFO", '{"rootless":true,"version":"5.4.2"}')
    )
    (programs / "podman").chmod(0o755)
    report = world("broker", "expose", "--json").json
    assert report["engine"] == {"program": "podman", "version": "5.4.2", "title": "Podman", "home": "rootless"}
    assert [way["trouble"] is None for way in report["ways"]] == [True, False]
    assert "podman run -v" in world("broker", "expose", "--to", "podman").out
    assert json.loads(world("broker", "expose", "--to", "docker", "--json").out)["engine"]["home"] == "unknown"
