"""Names of profiles and servers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpconf.profile.names import as_client_sees, check_profile_name, check_server_name, warnings


@pytest.mark.parametrize("name", ["a", "work", "my-work.2", "A_b", "x" * 64, "0"])
def test_a_plain_name_is_good_for_a_profile(name: str) -> None:
    assert check_profile_name(name) is None


@pytest.mark.parametrize(
    "name",
    ["", "-", ".", "..", "../x", "a/b", "a\\b", ".hidden", "a b", "x" * 65, "ä", "a\n", "C:x", "con", "NUL.x", "a."],
)
def test_a_name_that_is_a_path_an_option_or_a_device_is_refused(name: str) -> None:
    assert "cannot name a profile" in (check_profile_name(name) or "")


def test_a_profile_name_with_its_suffix_is_refused_with_the_reason() -> None:
    assert check_profile_name("work.toml") == "'work.toml' cannot name a profile: leave out the .toml"


@given(st.text())
def test_a_good_profile_name_is_one_file_name_in_any_directory(name: str) -> None:
    if check_profile_name(name) is None:
        assert not set(name) & set('/\\:*?"<>|\0\n ')
        assert name[0] not in ".-"


@pytest.mark.parametrize("name", ["git", "my-server", "a_b", "X1"])
def test_what_claude_takes_is_good_for_a_server(name: str) -> None:
    assert check_server_name(name) is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "use 1 to 64"),
        ("a b", "use 1 to 64"),
        ("a.b", "use 1 to 64"),
        ("ä", "use 1 to 64"),
        ("x" * 65, "use 1 to 64"),
        ("git\n", "use 1 to 64"),
        ("workspace", "keeps that name"),
        ("claude-in-chrome", "keeps that name"),
        ("computer-use", "keeps that name"),
        ("Claude Preview", "keeps that name"),
        ("Claude_Browser", "keeps that name"),
        ("constructor", "keeps that name"),
        ("__proto__", "keeps that name"),
        ("a__b", "two underscores"),
        ("-x", "option"),
    ],
)
def test_what_claude_refuses_reserves_or_confuses_is_refused(name: str, reason: str) -> None:
    assert reason in (check_server_name(name) or "")


@given(st.text())
def test_a_good_server_name_reaches_the_client_unchanged(name: str) -> None:
    if check_server_name(name) is None:
        assert as_client_sees(name) == name


def test_short_distinct_names_need_no_warning() -> None:
    assert warnings(["git", "memory", "x" * 20]) == ()


def test_a_name_beyond_twenty_characters_is_warned_about() -> None:
    (note,) = warnings(["x" * 21])

    assert "21 characters" in note.text
    assert note.hint == "keep it to 20 characters"


@pytest.mark.parametrize("pair", [("a.b", "a_b"), ("Git", "git"), ("a b", "A.B")])
def test_names_that_look_the_same_to_a_client_are_warned_about(pair: tuple[str, str]) -> None:
    (note,) = warnings(pair)

    assert repr(pair[0]) in note.text
    assert repr(pair[1]) in note.text
