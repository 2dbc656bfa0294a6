"""Profiles of Docker's Toolkit in whole commands, with a stand-in for the plugin that notes what it is asked."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tests.scenarios.conftest import World

# As the plugin of mcp-gateway 0.41 answers; the shell's own words only, since nothing else is on this PATH.
PLUGIN = """#!/bin/sh
printf '%s\\n' "$*" >>"${0%/*}/../asked"
case "$*" in
  'version --format {{.Server.Version}}') echo 28.3.2 ;;
  'mcp version') echo v0.41.0 ;;
  'mcp profile list --format json') PROFILES ;;
  *) echo "unknown command: docker $1" >&2; exit 1 ;;
esac
"""
LISTED = 'echo \'[{"version": 1, "id": "dev", "name": "Dev", "servers": []}, {"id": "web"}]\''
KIT = '[toolkit]\nprofile = "%s"\n[servers.fetch]\ntoolkit = "fetch"\n[servers.time]\ntoolkit = "time"\n'


def plugin(programs: Path, profiles: str = LISTED) -> None:
    docker = programs / "docker"
    docker.write_text(PLUGIN.replace("PROFILES", profiles))
    docker.chmod(0o755)


def asked(programs: Path) -> list[str]:
    return (programs.parent / "asked").read_text().splitlines()


def test_a_profile_of_the_toolkits_own_becomes_one_entry_and_goes_again(mcpconf: World, programs: Path) -> None:
    plugin(programs)
    mcpconf.profile("kit", KIT % "dev")
    before = mcpconf.claude.exists()
    said = mcpconf("switch", "kit").err
    assert "docker mcp v0.41.0 has the profile dev" in said
    entry = mcpconf.servers()
    assert list(entry) == ["MCP_DOCKER"]
    assert entry["MCP_DOCKER"]["args"] == ["mcp", "gateway", "run", "--profile", "dev"]
    assert "mcp profile list --format json" in asked(programs)
    mcpconf("status")
    mcpconf("undo")
    assert mcpconf.claude.exists() is before


def test_one_that_is_not_there_is_no_entry(mcpconf: World, programs: Path) -> None:
    plugin(programs)
    mcpconf.profile("kit", KIT % "gone")
    said = mcpconf("switch", "kit", code=1).err
    assert "docker mcp has no profile gone, but dev, web" in " ".join(said.split())
    assert "docker mcp profile create --name gone" in said


@pytest.mark.parametrize("profiles", ["echo 'Usage: docker mcp [OPTIONS]'", "exit 1"])
def test_a_plugin_without_profiles_says_how_to_get_them(mcpconf: World, programs: Path, profiles: str) -> None:
    plugin(programs, profiles)
    mcpconf.profile("kit", KIT % "dev")
    said = mcpconf("switch", "kit", "--dry-run").err
    assert "docker mcp feature enable profiles" in " ".join(said.split())


def test_nobody_is_asked_for_profiles_that_nobody_names(mcpconf: World, programs: Path) -> None:
    plugin(programs)
    mcpconf.profile("kit", '[servers.fetch]\ntoolkit = "fetch"\n')
    mcpconf("switch", "kit")
    mcpconf("env")
    assert mcpconf.servers()["MCP_DOCKER"]["args"][-2:] == ["--servers", "fetch"]
    assert not [line for line in asked(programs) if line.startswith("mcp profile")]


def test_the_whole_of_it_is_a_server_that_can_be_disabled(mcpconf: World, programs: Path) -> None:
    plugin(programs)
    mcpconf.profile("kit", 'extends = "minimal"\n[toolkit]\nprofile = "web"\n')
    mcpconf("switch", "kit")
    assert mcpconf.servers()["MCP_DOCKER"]["args"][-1] == "web"
    assert "toolkit profile web" in mcpconf("server", "ls").out
    mcpconf("server", "disable", "MCP_DOCKER")
    assert "MCP_DOCKER" not in mcpconf.servers()
    assert json.loads(mcpconf("profile", "show", "kit", "--json").out)["toolkit"] == "web"
    assert "the Toolkit's own profile: web" in mcpconf("profile", "show", "kit").out


def test_a_projects_profile_names_it_before_it_is_trusted(mcpconf: World, programs: Path) -> None:
    plugin(programs)
    project = mcpconf.project("p")
    path = mcpconf.profile("kit", KIT % "dev", project / ".mcpconf")
    assert stat.S_ISREG(path.stat().st_mode)
    assert "the Docker MCP Toolkit's own profile dev" in mcpconf("trust", "kit", code=4).err
    mcpconf("switch", "kit", code=4)
