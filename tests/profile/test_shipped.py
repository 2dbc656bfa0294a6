"""The profiles that ship."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mcpconf.model import Layer, Profile
from mcpconf.profile import package
from mcpconf.profile.load import Found, resolve
from mcpconf.profile.names import warnings
from mcpconf.profile.variables import has_secret, references

DIRECTORY = Path(__file__).parents[2] / "profiles"
NAMES = sorted(path.stem for path in DIRECTORY.glob("*.toml"))


def shipped(name: str) -> Profile:
    def find(wanted: str, /, *, above: Layer | None) -> Found | None:
        path = DIRECTORY / f"{wanted}.toml"
        return Found(path.read_text("utf-8"), str(path), Layer.SHIPPED) if path.exists() else None

    return resolve(name, find)


def test_these_profiles_ship() -> None:
    assert NAMES == ["container", "docker", "essentials", "minimal", "research", "web"]


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_profile_says_what_it_is_for_and_has_mcpconfs_own_server_first(name: str) -> None:
    profile = shipped(name)

    assert 10 < len(profile.description) < 100
    assert profile.servers[0].name == "mcpconf"
    assert profile.servers[0].builtin
    assert warnings(server.name for server in profile.servers) == ()


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_profile_needs_no_account_and_nothing_but_a_home(name: str) -> None:
    for server in shipped(name).servers:
        assert not has_secret(server)
        assert set(references(server).variables) <= {"HOME"}


@pytest.mark.parametrize("name", NAMES)
def test_every_package_of_a_shipped_profile_is_pinned_to_a_version(name: str) -> None:
    for server in shipped(name).servers:
        if server.package:
            version = package.parse(server.package).version
            assert version is not None, server.name
            assert re.fullmatch(r"\d+(\.\d+)+", version), server.name


def test_a_package_has_the_same_version_in_all_shipped_profiles() -> None:
    versions: dict[str, set[str | None]] = {}
    for name in NAMES:
        for server in shipped(name).servers:
            if server.package:
                ref = package.parse(server.package)
                versions.setdefault(ref.name, set()).add(ref.version)

    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


def test_minimal_needs_nothing_but_mcpconf() -> None:
    (server,) = shipped("minimal").servers

    assert (server.command, server.package, server.image, server.url, server.toolkit) == (None,) * 5


def test_essentials_are_the_official_servers() -> None:
    packages = {server.name: server.package for server in shipped("essentials").servers if server.package}

    assert packages == {
        "filesystem": "npm:@modelcontextprotocol/server-filesystem@2026.8.31",
        "memory": "npm:@modelcontextprotocol/server-memory@2026.8.31",
        "fetch": "pypi:mcp-server-fetch==2026.10.24",
        "git": "pypi:mcp-server-git==2026.10.19",
        "time": "pypi:mcp-server-time==2026.10.19",
    }


def test_docker_serves_all_but_mcpconf_by_the_toolkit() -> None:
    assert all(server.toolkit for server in shipped("docker").servers if not server.builtin)


def test_container_needs_no_node() -> None:
    assert not any((server.package or "").startswith("npm:") for server in shipped("container").servers)
