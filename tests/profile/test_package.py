"""Servers by package."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpconf.errors import McpconfError
from mcpconf.profile.package import PackageRef, argv, missing_runner, parse


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("pypi:mcp-server-time", PackageRef("pypi", "mcp-server-time")),
        ("pypi:mcp-server-time==2026.10.19", PackageRef("pypi", "mcp-server-time", "2026.10.19")),
        ("pypi:tools==1.0#serve", PackageRef("pypi", "tools", "1.0", "serve")),
        ("pypi:tools#serve", PackageRef("pypi", "tools", None, "serve")),
        ("pypi:mcp[cli,rich]==1.0", PackageRef("pypi", "mcp", "1.0", None, "[cli,rich]")),
        ("npm:some-server", PackageRef("npm", "some-server")),
        ("npm:some-server@latest", PackageRef("npm", "some-server", "latest")),
        ("npm:@scope/name", PackageRef("npm", "@scope/name")),
        ("npm:@scope/name@1.2.3-beta.1", PackageRef("npm", "@scope/name", "1.2.3-beta.1")),
        ("npm:@scope/name@1.2.3#bin", PackageRef("npm", "@scope/name", "1.2.3", "bin")),
    ],
)
def test_the_shorthand_is_read(text: str, ref: PackageRef) -> None:
    assert parse(text) == ref


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("mcp-server-time", "names no registry"),
        ("cargo:x", "names no registry"),
        ("pypi", "names no registry"),
        ("pypi:", "not a package of pypi"),
        ("pypi:x@1", "not a package of pypi"),
        ("pypi:x>=1", "not a package of pypi"),
        ("pypi:-x", "not a package of pypi"),
        ("pypi:x==--index-url", "not a package of pypi"),
        ("pypi:x#-c", "not a package of pypi"),
        ("pypi:git+https://x/y", "not a package of pypi"),
        ("pypi:${X}", "not a package of pypi"),
        ("npm:x==1", "not a package of npm"),
        ("npm:-x", "not a package of npm"),
        ("npm:../x", "not a package of npm"),
        ("npm:x@^1", "not a package of npm"),
        ("npm:https://x/y.tgz", "not a package of npm"),
        ("npm:@scope", "not a package of npm"),
    ],
)
def test_what_is_no_package_is_refused(text: str, reason: str) -> None:
    with pytest.raises(McpconfError, match=re.escape(repr(text)) + ".*" + reason) as caught:
        parse(text)

    assert "write " in (caught.value.hint or "")


ALL = {"uvx": "/b/uvx", "uv": "/b/uv", "pipx": "/b/pipx", "npx": "/b/npx"}


@pytest.mark.parametrize(
    ("text", "missing", "command"),
    [
        ("pypi:x==1", "", "/b/uvx x@1 --a"),
        ("pypi:x", "", "/b/uvx x --a"),
        ("pypi:x==1#y", "", "/b/uvx --from x==1 y --a"),
        ("pypi:x#y", "", "/b/uvx --from x y --a"),
        ("pypi:x[e]==1", "", "/b/uvx --from x[e]==1 x --a"),
        ("pypi:x==1", "uvx", "/b/uv tool run x@1 --a"),
        ("pypi:x==1#y", "uvx", "/b/uv tool run --from x==1 y --a"),
        ("pypi:x==1", "uvx uv", "/b/pipx run --spec x==1 x --a"),
        ("pypi:x==1#y", "uvx uv", "/b/pipx run --spec x==1 y --a"),
        ("npm:@s/x@1", "", "/b/npx -y @s/x@1 --a"),
        ("npm:x", "", "/b/npx -y x --a"),
        ("npm:x@1#y", "", "/b/npx -y --package x@1 -- y --a"),
    ],
)
def test_a_package_is_run_by_the_best_runner_that_is_there(text: str, missing: str, command: str) -> None:
    which = {name: path for name, path in ALL.items() if name not in missing.split()}

    assert argv(parse(text), ("--a",), which) == tuple(command.split())


@pytest.mark.parametrize("text", ["pypi:x", "npm:x"])
@pytest.mark.parametrize("which", [{}, dict.fromkeys(ALL, "")])
def test_without_a_runner_there_is_no_command(text: str, which: dict[str, str]) -> None:
    assert argv(parse(text), (), which) is None


def test_the_missing_runner_is_named_with_what_brings_it() -> None:
    pypi, npm = missing_runner(parse("pypi:x==1")), missing_runner(parse("npm:x"))

    assert "uvx" in pypi.text
    assert "uv" in (pypi.hint or "")
    assert "npx" in npm.text
    assert "Node.js" in (npm.hint or "")


@given(st.text(alphabet="a1-@/.=#[]_ :$", max_size=15), st.sampled_from(["pypi:", "npm:"]))
def test_nothing_that_is_accepted_can_become_an_option(rest: str, registry: str) -> None:
    try:
        ref = parse(registry + rest)
    except McpconfError:
        return
    command = argv(ref, (), ALL) or ()
    options = [part for part in command if part.startswith("-")]

    assert set(options) <= {"-y", "--from", "--package", "--"}
