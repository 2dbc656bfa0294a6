"""What a definition says of a server, and what becomes of it when a process starts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mcpconf.broker.bridge.setup import Setup, dump, load
from mcpconf.broker.upstream.definition import IDLE, Definition, Sharing, fill, read, secrets_of
from mcpconf.broker.upstream.remote import bridged
from mcpconf.errors import McpconfError
from mcpconf.extras import install
from mcpconf.profile.variables import Unset
from mcpconf.wire.actions import Era

ENVIRON = {
    "HOME": "/home/u",
    "PATH": "/bin",
    "LC_ALL": "C",
    "CLAUDE_CODE_SESSION_ID": "x",
    "GITHUB_TOKEN": "other",
    "DIR": "/d",
}


def defined(**more: Any) -> Definition:
    return read(json.dumps({"version": 1, "name": "s", "command": "/bin/s", **more}).encode(), "s")


def test_a_definition_has_defaults_for_all_but_its_command() -> None:
    one = defined()
    assert (one.argv, one.cwd, one.pool, one.idle, one.spare) == (("/bin/s",), None, None, IDLE, 1)
    assert (one.sharing(Era.LEGACY), one.sharing(Era.MODERN)) == (Sharing.SESSION, Sharing.SHARED)


def test_a_pool_that_is_named_is_for_both_eras() -> None:
    one = defined(pool="fresh")
    assert (one.sharing(Era.LEGACY), one.sharing(Era.MODERN)) == (Sharing.FRESH, Sharing.FRESH)


@pytest.mark.parametrize(
    "more",
    [
        {"version": 2},
        {"command": 7},
        {"args": "x"},
        {"args": [1]},
        {"env": {"A": None}},
        {"env": []},
        {"pool": "many"},
        {"idle_timeout": -1},
        {"idle_timeout": True},
        {"spare": "1"},
        {"cwd": 3},
    ],
)
def test_a_damaged_one_says_how_to_mend_it(more: dict[str, Any]) -> None:
    with pytest.raises(McpconfError) as caught:
        defined(**more)
    assert caught.value.hint == "mcpconf switch PROFILE"


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"version":1}', b"\xff", b"[" * 100_000])
def test_what_is_no_definition_is_refused(content: bytes) -> None:
    with pytest.raises(McpconfError, match="damaged"):
        read(content, "s")


def test_references_are_filled_in_when_it_starts() -> None:
    one = defined(args=["${DIR}/x", "${NOT:-none}"], env={"KEY": "Bearer ${secret:TOKEN}"}, cwd="${DIR}")
    start = fill(one, ENVIRON, {"TOKEN": "sesame-open"})
    assert start.argv == ("/bin/s", "/d/x", "none")
    assert start.env["KEY"] == "Bearer sesame-open"
    assert start.cwd == "/d"
    assert start.hidden == ("sesame-open",)
    assert "sesame" not in repr(start)


def test_a_server_gets_what_it_is_due_and_nothing_of_a_session() -> None:
    start = fill(defined(env={"OWN": "1"}), ENVIRON, {})
    assert start.env == {"HOME": "/home/u", "PATH": "/bin", "LC_ALL": "C", "OWN": "1"}
    assert start.cwd == "/home/u"


def test_a_projects_server_runs_in_it() -> None:
    start = fill(defined(cwd="project"), ENVIRON, {}, "/work/p")
    assert start.cwd == "/work/p"
    assert start.env["CLAUDE_PROJECT_DIR"] == "/work/p"
    assert fill(defined(cwd="project"), ENVIRON, {}).cwd == "/home/u"


def test_what_is_missing_is_named() -> None:
    one = defined(env={"KEY": "secret:TOKEN"})
    assert secrets_of(one) == {"TOKEN"}
    with pytest.raises(Unset, match="secret:TOKEN"):
        fill(one, ENVIRON, {})


def test_the_environment_comes_before_the_secrets_file_and_an_empty_variable_is_none() -> None:
    one = defined(env={"KEY": "secret:TOKEN"})
    assert fill(one, {**ENVIRON, "TOKEN": "env"}, {"TOKEN": "file"}).env["KEY"] == "env"
    assert fill(one, {**ENVIRON, "TOKEN": ""}, {"TOKEN": "file"}).env["KEY"] == "file"


def test_each_line_of_a_secret_is_hidden_and_the_longest_first() -> None:
    one = defined(env={"KEY": "${secret:KEY}", "TOKEN": "${secret:TOKEN}", "PIN": "${secret:PIN}"})
    start = fill(one, ENVIRON, {"KEY": "-----BEGIN\nline-1-line\nend", "TOKEN": "line-1", "PIN": "1234"})
    assert start.hidden == ("line-1-line", "-----BEGIN", "line-1")


def test_a_remote_server_has_an_address_and_headers_in_the_place_of_a_command() -> None:
    given = {
        "version": 1,
        "name": "s",
        "url": "https://${HOST}/mcp?key=${secret:QUERY}",
        "transport": "sse",
        "headers": {"Authorization": "Bearer ${secret:TOKEN}", "X-Literal": "Token a-literal-one", "X-Short": "abc"},
    }
    one = read(json.dumps(given).encode(), "s")
    assert secrets_of(one) == {"TOKEN", "QUERY"}

    start = fill(one, {**ENVIRON, "HOST": "mcp.example.com"}, {"TOKEN": "the-token", "QUERY": "the-query"})
    assert start.remote is not None
    assert start.argv == ()
    assert start.remote.url == "https://mcp.example.com/mcp?key=the-query"
    assert start.remote.transport == "sse"
    assert start.remote.headers["Authorization"] == "Bearer the-token"
    assert {"the-token", "Bearer the-token", "the-query", "a-literal-one", "Token a-literal-one"} <= set(start.hidden)
    assert "abc" not in start.hidden
    assert [*map(len, start.hidden)] == sorted(map(len, start.hidden), reverse=True), "the longest is hidden first"
    assert not any("the-" in value for value in start.env.values())
    for text in (repr(start), repr(start.remote)):
        assert "the-" not in text


def test_what_a_remote_server_needs_may_be_missing() -> None:
    one = read(b'{"version":1,"name":"s","url":"http://h/","headers":{"A":"secret:NONE"}}', "s")
    assert (one.transport, one.argv) == ("http", ())
    with pytest.raises(Unset, match="secret:NONE"):
        fill(one, ENVIRON, {})


def test_the_bridge_to_a_remote_server_is_told_by_its_first_line_alone() -> None:
    one = read(b'{"version":1,"name":"s","url":"http://h/the-path","headers":{"A":"the-header"}}', "s")
    start = fill(one, ENVIRON, {})
    assert start.remote is not None
    bridge = bridged(start, start.remote)
    assert load(bridge.first) == start.remote
    assert not any("the-" in text for text in (*bridge.argv, *bridge.env.values()))
    assert bridge.hidden == start.hidden


def test_without_the_extra_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcpconf.broker.upstream.remote.has", lambda package: False)
    one = fill(read(b'{"version":1,"name":"s","url":"http://h/"}', "s"), ENVIRON, {})
    assert one.remote is not None
    with pytest.raises(McpconfError, match="without its extra for remote servers") as caught:
        bridged(one, one.remote)
    assert caught.value.hint is not None
    assert caught.value.hint.endswith("httpx2")


@pytest.mark.parametrize(
    ("executable", "command"),
    [
        ("/home/u/.local/share/pipx/venvs/mcpconf/bin/python", "pipx inject mcpconf httpx2"),
        ("/home/u/.local/share/uv/tools/mcpconf/bin/python", "uv tool install 'mcpconf[remote]'"),
        ("/opt/x/bin/python", "/opt/x/bin/python -m pip install httpx2"),
    ],
)
def test_the_broker_knows_how_it_was_installed_by_its_interpreter(
    monkeypatch: pytest.MonkeyPatch, executable: str, command: str
) -> None:
    monkeypatch.setattr("sys.executable", executable)
    monkeypatch.setattr("sys.prefix", "/usr")  # as it is without the site module
    assert install("remote", "httpx2") == command


@pytest.mark.parametrize(
    ("setup", "why"),
    [
        (Setup(url="ftp://h/"), "no http or https URL"),
        (Setup(url="/mcp"), "no http or https URL"),
        (Setup(url="ws://h/", transport="ws"), "no http or https URL"),
        (Setup(url="http://h/", transport="ws"), "speaks ws"),
        (Setup(url="http://h/", headers={"A": "the-\nheader"}), "header A holds a line break"),
        (Setup(url="http://h/", headers={"A b": "the-header"}), "'A b' is no name"),
    ],
)
def test_what_no_request_can_be_made_of_is_refused_without_its_value(setup: Setup, why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        load(dump(setup))
    assert "the-" not in str(caught.value)
