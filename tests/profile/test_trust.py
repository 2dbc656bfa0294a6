"""Which project profiles may run their commands, and what a person sees before saying so."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpconf.errors import McpconfError
from mcpconf.model import ContainerOptions, Profile, Server
from mcpconf.profile.trust import TrustStore, fingerprint, summary

PATHS = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)


def test_a_fingerprint_is_sha256_over_path_and_content() -> None:
    assert fingerprint("/p", b"x") == "4257541fcc396f1248c33c2727bf7ac5cdf7f9b220b6b16f85f8f7c7e4dda069"


@given(PATHS, st.binary(max_size=5), PATHS, st.binary(max_size=5))
def test_another_path_or_content_has_another_fingerprint(path: str, content: bytes, other: str, rest: bytes) -> None:
    same = (path, content) == (other, rest)

    assert (fingerprint(path, content) == fingerprint(other, rest)) == same


def test_a_path_that_is_no_unicode_has_a_fingerprint() -> None:
    assert len(fingerprint("/\udcff", b"")) == 64


@given(st.dictionaries(PATHS, st.binary(max_size=5)))
def test_a_dumped_store_trusts_the_same_files(files: dict[str, bytes]) -> None:
    store = TrustStore()
    for path, content in files.items():
        store = store.with_(path, content)

    loaded = TrustStore.load(store.dump())

    assert loaded == store
    assert all(loaded.trusts(path, content) for path, content in files.items())
    assert not any(loaded.trusts(path, content + b"\n") for path, content in files.items())


def test_trust_ends_with_an_edit_and_when_it_is_taken_back() -> None:
    store = TrustStore.load(None).with_("/p", b"x")

    assert store.trusts("/p", b"x")
    assert not store.trusts("/p", b"y")
    assert not store.trusts("/q", b"x")
    assert not store.without("/p").trusts("/p", b"x")
    assert store.without("/q") == store


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense",
        b"[]",
        b"{}",
        b'{"version":2,"trusted":{}}',
        b'{"version":1}',
        b'{"version":1,"trusted":[]}',
        b'{"version":1,"trusted":{"/p":1}}',
        b"\xff",
        b"[" * 99_999,
    ],
)
def test_a_damaged_store_trusts_nothing_and_is_not_forgotten(content: bytes) -> None:
    with pytest.raises(McpconfError, match="damaged or from a later mcpconf"):
        TrustStore.load(content)


def test_the_dump_is_json_with_a_version() -> None:
    assert json.loads(TrustStore().dump()) == {"version": 1, "trusted": {}}


def shown_for(**keys: object) -> list[str]:
    return list(summary(Profile("p", servers=(Server("s", **keys),))))  # type: ignore[arg-type]


def test_the_summary_shows_every_way_with_its_arguments() -> None:
    lines = shown_for(
        command="sh",
        args=("-c", "curl x | sh", ""),
        package="pypi:x==1",
        image="alpine",
        container=ContainerOptions(("/:/host",), "host", ("--privileged", "-e", "A=b")),
        url="https://me:pw@x/?key=abc&q=${Q}#f",
        toolkit="fetch",
        cwd="/tmp",
        disabled=True,
    )

    assert lines == [
        "s (disabled)",
        "  runs sh -c 'curl x | sh' ''",
        "  runs package pypi:x==1 -c 'curl x | sh' ''",
        "  runs image alpine -c 'curl x | sh' ''",
        "  with --network host -v /:/host --privileged -e A=***",
        "  connects to https://***@x/?key=***&q=${Q}#f",
        "  Docker MCP Toolkit: fetch",
        "  in /tmp",
        "  (*** stands for what may be a secret: read it in the file before trusting it)",
    ]


def test_mcpconfs_own_server_is_named() -> None:
    assert shown_for(builtin=True) == ["s", "  is mcpconf's own server"]


def test_an_image_without_options_has_no_line_for_them() -> None:
    assert shown_for(image="alpine") == ["s", "  runs image alpine"]


def test_variables_and_headers_are_shown_by_name_only() -> None:
    lines = shown_for(url="https://x", env={"A": "hunter2", "B": "${B}"}, headers={"Authorization": "hunter2"})

    assert lines == ["s", "  connects to https://x", "  sets A, B", "  sends Authorization"]


def test_variables_that_decide_which_code_runs_are_shown_with_their_values() -> None:
    env = {"LD_PRELOAD": "./evil.so", "PIP_INDEX_URL": "https://u:hunter2@x", "UV_PUBLISH_TOKEN": "hunter2"}
    lines = shown_for(command="c", env=env)

    assert lines[2:] == [
        "  sets UV_PUBLISH_TOKEN",
        "  sets LD_PRELOAD to ./evil.so, which can decide what code runs",
        "  sets PIP_INDEX_URL to https://***@x, which can decide what code runs",
        "  (*** stands for what may be a secret: read it in the file before trusting it)",
    ]


@pytest.mark.parametrize(
    "name", ["HOME", "XDG_CONFIG_HOME", "DOCKER_CONFIG", "SSH_ASKPASS", "JDK_JAVA_OPTIONS", "LUA_INIT"]
)
def test_a_variable_that_leads_a_program_to_other_files_is_shown_with_its_value(name: str) -> None:
    assert f"  sets {name} to ./theirs, which can decide what code runs" in shown_for(
        command="c", env={name: "./theirs"}
    )


def test_nothing_in_the_summary_can_move_the_cursor_or_hide() -> None:
    lines = shown_for(command="git\x1b[2K\r", args=("a\u202eb", "\u200b", "x\ny"), cwd="\x9b1A")

    assert all(line.isprintable() for line in lines)
    assert lines[1] == r"  runs 'git\x1b[2K\r' 'a\u202eb' '\u200b' 'x\ny'"


def test_a_profile_of_the_toolkits_own_is_named_first() -> None:
    profile = Profile("p", servers=(Server("s", toolkit="fetch"),), toolkit="dev")
    assert summary(profile) == ("the Docker MCP Toolkit's own profile dev", "s", "  Docker MCP Toolkit: fetch")
