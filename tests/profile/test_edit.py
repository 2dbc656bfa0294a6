"""Edits that keep everything else."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tomlkit.exceptions import TOMLKitError

from mcpconf.errors import McpconfError
from mcpconf.profile.edit import (
    add_server,
    autostart,
    new_profile,
    remove_server,
    set_autostart,
    set_disabled,
    without_disabled,
)
from mcpconf.profile.locate import Index
from mcpconf.profile.raw import parse
from tests.profile.toml import NAMES, texts

TEXT = """\
# My profile
description = "mine"  # short

# about git
[servers.git]  # a header's comment
command = "git"
# args = ["--debug"]

[servers.git.env]
A = "x"  # why

# about time
[servers.time]
package = "pypi:t"
# last of time

# about routes
[route]
order = ["direct"]
# the end
"""


def test_a_new_profile_is_valid_and_says_what_it_was_told() -> None:
    raw = parse(new_profile('my "work"\n', ["minimal"]), "p.toml", "p")

    assert (raw.description, raw.extends) == ('my "work"\n', ("minimal",))
    assert parse(new_profile("", ["a", "b"]), "p.toml", "p").extends == ("a", "b")
    assert new_profile() == 'description = ""\n'


def test_a_server_is_added_behind_the_others_and_nothing_else_changes() -> None:
    table = {"command": "npx", "args": ("-y", 'a"b'), "env": {"K": "v"}, "timeout": 5, "cwd": None}

    assert add_server(TEXT, "new", table) == TEXT.replace(
        "# last of time\n",
        "# last of time\n\n[servers.new]\n"
        'command = "npx"\nargs = ["-y", "a\\"b"]\ntimeout = 5\n\n[servers.new.env]\nK = "v"\n',
    )


def test_a_comment_right_above_the_next_table_stays_there() -> None:
    text = '[servers.a]\ncommand = "a"\n# about routes\n[route]\n'

    assert add_server(text, "b", {"command": "b"}) == (
        '[servers.a]\ncommand = "a"\n\n[servers.b]\ncommand = "b"\n\n# about routes\n[route]\n'
    )


def test_without_a_profile_one_is_made() -> None:
    text = add_server(None, "git", {"url": "https://x"})

    assert text == 'description = ""\n\n[servers.git]\nurl = "https://x"\n'


@pytest.mark.parametrize("text", ["", "# only a comment", 'extends = "minimal"', "\ufeffdescription = 'x'\r\n"])
def test_the_first_server_goes_to_the_end(text: str) -> None:
    out = add_server(text, "git", {"command": "git"})

    assert out.startswith(text)
    assert out.replace("\r\n", "\n").endswith('[servers.git]\ncommand = "git"\n')
    assert ("\r\n" in out) == (out.count("\n") == out.count("\r\n"))


def test_a_file_with_windows_line_breaks_keeps_to_them() -> None:
    text = TEXT.replace("\n", "\r\n")

    for out in (
        add_server(text, "x", {"command": "x", "args": ["a"]}),
        add_server(text.rstrip(), "x", {"command": "x"}),
        remove_server(text, "git"),
        set_disabled(text, "git", True),
    ):
        assert re.search(r"(?<!\r)\n", out) is None


def test_a_server_of_that_name_is_not_overwritten() -> None:
    with pytest.raises(McpconfError, match="already has a server 'git'") as caught:
        add_server(TEXT, "git", {"command": "x"})

    assert caught.value.hint == "--replace puts the new one in its place; mcpconf server show git"


def test_a_server_is_replaced_when_that_is_asked_for() -> None:
    out = add_server(TEXT, "git", {"command": "other"}, replace=True)

    assert tomllib.loads(out)["servers"]["git"] == {"command": "other"}
    assert "# about git" in out


def test_removing_takes_only_the_servers_own_lines() -> None:
    assert remove_server(TEXT, "git") == TEXT.replace(
        "[servers.git]  # a header's comment\n"
        'command = "git"\n# args = ["--debug"]\n\n[servers.git.env]\nA = "x"  # why\n',
        "",
    ).replace("# about git\n\n", "# about git\n\n")


def test_what_was_added_can_be_removed_without_a_trace() -> None:
    assert remove_server(add_server(TEXT, "x", {"command": "c", "env": {"A": "b"}}), "x") == TEXT


@pytest.mark.parametrize("name", ["nope", "minimal"])
def test_a_server_that_the_file_does_not_have_cannot_be_removed(name: str) -> None:
    with pytest.raises(McpconfError, match=f"no server '{name}' of its own"):
        remove_server(TEXT, name)


def test_a_server_is_switched_off_below_its_header_and_on_again() -> None:
    off = set_disabled(TEXT, "git", True)
    header = "[servers.git]  # a header's comment\n"

    assert off == TEXT.replace(header, header + "disabled = true\n")
    assert set_disabled(off, "git", False) == off.replace("true", "false")
    assert set_disabled(off, "git", True) == off


def test_an_inherited_server_gets_a_table_of_its_own_to_be_switched_off() -> None:
    out = set_disabled('extends = "essentials"\n', "memory", True)

    assert out == 'extends = "essentials"\n\n[servers.memory]\ndisabled = true\n'


def test_a_server_with_no_header_of_its_own_gets_one() -> None:
    text = 'description = "x"\n[servers.a.env]\nA = "b"\n'

    assert set_disabled(text, "a", True) == (
        'description = "x"\n[servers.a]\ndisabled = true\n\n[servers.a.env]\nA = "b"\n'
    )


def test_a_header_that_ends_the_file_is_followed_by_a_line_break() -> None:
    assert set_disabled("[servers.a]", "a", True) == "[servers.a]\ndisabled = true"


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("end", ["", "last"])
@pytest.mark.parametrize("name", ["git", "time", "inherited"])
@pytest.mark.parametrize(
    "text",
    [TEXT, "[servers.git.env]\nA = 'b'\n", '[servers.git]\n\ncommand = "x"\n\n\n[route]\n', "# c\n", "\ufeffx = 1\n"],
)
def test_a_server_switched_off_and_on_again_leaves_no_trace(text: str, name: str, end: str, ending: str) -> None:
    text = (text if not end else text.rstrip("\n")).replace("\n", ending)
    off = set_disabled(text, name, True)
    assert tomllib.loads(off.removeprefix("\ufeff"))["servers"][name]["disabled"] is True
    assert without_disabled(off, name) == text


@pytest.mark.parametrize("line", ["disabled = true # too slow", "disabled=true", "  disabled = true"])
def test_a_key_that_somebody_else_wrote_stays_and_says_false(line: str) -> None:
    text = f'[servers.a]\ncommand = "a"\n{line}\n'
    assert without_disabled(text, "a") == text.replace("true", "false")


def test_what_is_switched_on_already_stays_as_it_is() -> None:
    assert without_disabled("[servers.a]\ndisabled = false\n", "a") == "[servers.a]\ndisabled = false\n"


ODD = [
    'servers = { a = { command = "a" }, b = { command = "b" } } # c\n',
    '# c\nservers.a.command = "a"\nservers.b.command = "b"\ndescription = "d"\n',
    '[servers]\na.command = "a" # c\nb = { command = "b" }\n[route]\n',
    '[servers]\n[servers.a]\ncommand = "a"\n[route]\n# c\n[servers.b]\ncommand = "b"\n',
    "[servers.'a']\ncommand = 'a'\n[ servers . \"b\" ] # c\ncommand = 'b'",
]


@pytest.mark.parametrize("text", ODD)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_odd_layouts_are_edited_too(text: str, mark: str) -> None:
    data = tomllib.loads(text)
    text = mark + text

    def said(out: str) -> Any:
        assert out.startswith(mark)
        assert "# c" in out
        return tomllib.loads(out.removeprefix("\ufeff"))

    a, b = data["servers"]["a"], data["servers"]["b"]
    assert said(add_server(text, "c", {"command": "c"})) == {**data, "servers": {"a": a, "b": b, "c": {"command": "c"}}}
    assert said(remove_server(text, "a") + "# c") == {**data, "servers": {"b": b}}
    assert said(set_disabled(text, "a", True)) == {**data, "servers": {"a": {**a, "disabled": True}, "b": b}}


def test_the_last_server_may_go() -> None:
    assert remove_server("[servers.a]\ncommand = 'a'\n", "a") == ""
    assert remove_server("x = 1\n\n[servers.a]\ncommand = 'a'", "a") == "x = 1\n"


def test_a_text_that_is_no_toml_is_refused() -> None:
    for edit in (
        lambda: add_server("a = ", "x", {}),
        lambda: remove_server("a = ", "x"),
        lambda: set_disabled("[" * 99_999, "x", True),
    ):
        with pytest.raises(McpconfError, match="not valid TOML"):
            edit()


def test_what_cannot_be_edited_safely_is_left_alone() -> None:
    # A NaN differs from itself: no result can be proved right.
    with pytest.raises(McpconfError, match="cannot be edited safely") as caught:
        remove_server("x = nan\n[servers.a]\ncommand = 'a'\n", "a")

    assert caught.value.hint == "mcpconf profile edit"


@pytest.mark.parametrize("text", ["servers = 3", "[[servers]]", "[servers]\nx = 1"])
def test_servers_that_are_no_tables_are_not_edited(text: str) -> None:
    for edit in (lambda: add_server(text, "a", {}), lambda: set_disabled(text, "x", True)):
        with pytest.raises(McpconfError, match="servers that are no tables"):
            edit()


def test_where_tomlkit_fails_nothing_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(text: str) -> None:
        raise TOMLKitError(text)

    monkeypatch.setattr("tomlkit.parse", fail)

    with pytest.raises(McpconfError, match="cannot be edited safely"):
        remove_server(ODD[0], "a")


def comments(text: str) -> list[str]:
    """Every comment that stands outside a statement."""
    out, end = [], 0
    for statement in Index(text).statements:
        out += re.findall(r"#[^\r\n]*", text[end : statement.start])
        end = statement.end
    return out + re.findall(r"#[^\r\n]*", text[end:])


def said(text: str) -> dict[str, Any]:
    return tomllib.loads(text)


LAX = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None)


def can_hold_servers(text: str) -> bool:
    servers = said(text).get("servers", {})
    return isinstance(servers, dict) and all(isinstance(server, dict) for server in servers.values())


@LAX
@given(texts(), NAMES)
def test_adding_to_any_text_keeps_every_comment_and_value(text: str, name: str) -> None:
    assume(can_hold_servers(text) and name not in said(text).get("servers", {}))

    out = add_server(text, name, {"command": "c", "env": {"A": "b"}})

    servers = said(text).get("servers", {})
    assert said(out) == {**said(text), "servers": {**servers, name: {"command": "c", "env": {"A": "b"}}}}
    assert sorted(comments(out)) == sorted(comments(text))


@LAX
@given(texts(), NAMES)
def test_adding_and_removing_gives_back_what_was_said_and_every_comment(text: str, name: str) -> None:
    assume(can_hold_servers(text) and name not in said(text).get("servers", {}))

    out = remove_server(add_server(text, name, {"command": "c"}), name)

    assert {key: value for key, value in said(out).items() if value != {}} == {
        key: value for key, value in said(text).items() if value != {}
    }
    assert sorted(comments(out)) == sorted(comments(text))


@LAX
@given(texts(), st.booleans(), st.data())
def test_switching_any_server_keeps_every_comment_and_value(text: str, disabled: bool, data: st.DataObject) -> None:
    assume(can_hold_servers(text))
    name = data.draw(st.sampled_from([*said(text).get("servers", {}), "new"]))

    out = set_disabled(text, name, disabled)

    servers = said(text).get("servers", {})
    assert said(out)["servers"] == {**servers, name: {**servers.get(name, {}), "disabled": disabled}}
    assert sorted(comments(out)) == sorted(comments(text))


@LAX
@given(texts(), st.data())
def test_switching_off_and_on_again_says_what_was_said_before(text: str, data: st.DataObject) -> None:
    assume(can_hold_servers(text))
    name = data.draw(st.sampled_from([*said(text).get("servers", {}), "new"]))

    out = without_disabled(set_disabled(text, name, True), name)

    def rest(text: str) -> dict[str, Any]:
        found = said(text)
        servers = found.pop("servers", {})
        own = {key: value for key, value in servers.get(name, {}).items() if key != "disabled"}
        return {**found, "servers": {**servers, name: own}}

    assert rest(out) == rest(text)
    assert said(out).get("servers", {}).get(name, {}).get("disabled", False) is False
    assert sorted(comments(out)) == sorted(comments(text))


@pytest.mark.parametrize(
    ("text", "edited"),
    [
        ("", "[broker]\nautostart = true\n"),
        (TEXT, TEXT + "\n[broker]\nautostart = true\n"),
        ("[broker] # mine\n", "[broker] # mine\nautostart = true\n"),
        ("[broker]\nautostart = false # no\nx = 1\n", "[broker]\nautostart = true # no\nx = 1\n"),
        ("broker.autostart = false\n", "broker.autostart = true\n"),
        ("broker = {}\n", "broker = {autostart = true}\n"),
        ("[route]\r\norder = []\r\n", "[route]\r\norder = []\r\n\r\n[broker]\r\nautostart = true\r\n"),
    ],
)
def test_the_broker_is_wanted_and_nothing_else_changes(text: str, edited: str) -> None:
    assert set_autostart(text, True) == edited
    assert autostart(edited) is True
    assert autostart(set_autostart(edited, False)) is False


@pytest.mark.parametrize("text", ["broker = 1\n", "not toml"])
def test_a_profile_that_is_none_is_not_edited(text: str) -> None:
    with pytest.raises(McpconfError):
        set_autostart(text, True)


def test_what_says_nothing_of_the_broker_says_so() -> None:
    assert [autostart(text) for text in ("", "[broker]\n", "broker = 1\n", "[broker]\nautostart = 1\n")] == [None] * 4


@LAX
@given(texts(), st.booleans())
def test_wanting_the_broker_keeps_every_comment_and_value(text: str, wanted: bool) -> None:
    assume(can_hold_servers(text) and isinstance(said(text).get("broker", {}), dict))

    out = set_autostart(text, wanted)

    assert said(out) == {**said(text), "broker": {**said(text).get("broker", {}), "autostart": wanted}}
    assert sorted(comments(out)) == sorted(comments(text))
