"""What a definition says of a server, and what becomes of it when a process starts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mcpconf.broker.definition import IDLE, Definition, Sharing, fill, read, secrets_of
from mcpconf.errors import McpconfError
from mcpconf.profile.variables import Unset

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
    assert (one.legacy, one.modern) == (Sharing.SESSION, Sharing.SHARED)


def test_a_pool_that_is_named_is_for_both_eras() -> None:
    one = defined(pool="fresh")
    assert (one.legacy, one.modern) == (Sharing.FRESH, Sharing.FRESH)


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
