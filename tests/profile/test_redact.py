"""What people see of a profile's values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpconf.profile.redact import bare_url, hidden, redacted, sensitive, shown


@pytest.mark.parametrize(
    "name", ["API_KEY", "githubToken", "X-Auth", "PASSWORD", "--client-secret", "Cookie", "DB_PWD"]
)
def test_a_name_tells_that_its_value_is_secret(name: str) -> None:
    assert sensitive(name)


@pytest.mark.parametrize("name", ["HOME", "PATH", "DEBUG", "--port"])
def test_a_plain_name_hides_nothing(name: str) -> None:
    assert not sensitive(name)


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("hunter2", "***"),
        ("", ""),
        ("${TOKEN}", "${TOKEN}"),
        ("secret:T", "${secret:T}"),
        ("Bearer ${secret:T}", "***${secret:T}"),
        ("${T:-hunter2}", "${T:-***}"),
        ("hunter2 ${", "***"),
    ],
)
def test_of_a_secret_only_references_are_seen(value: str, seen: str) -> None:
    assert hidden(value) == seen


@pytest.mark.parametrize(
    ("args", "seen"),
    [
        ("--api-key hunter2 --port 80", "--api-key *** --port 80"),
        ("--token=hunter2", "--token=***"),
        ("--token ${T}", "--token ${T}"),
        ("--no-auth --verbose", "--no-auth --verbose"),
        ("-e A=hunter2 -e B", "-e A=*** -e B"),
        ("--env=A=hunter2 --env=B", "--env=A=*** --env=B"),
        ("-H Authorization:hunter2", "-H Authorization: ***"),
        ("--header=X-Auth:hunter2", "--header=X-Auth: ***"),
        ("-H hunter2", "-H ***"),
        ("postgres://u:hun@ter2@host/db?password=hunter2", "postgres://***@host/db?password=***"),
        ("a=b c://d", "a=b c://d"),
        ("A_TOKEN=hunter2", "A_TOKEN=***"),
        ("${A_TOKEN:-hunter2} ${B:-c}", "${A_TOKEN:-***} ${B:-c}"),
        ("A_TOKEN=${T} B=hunter2", "A_TOKEN=${T} B=hunter2"),
        ("X-Api-Key:hunter2 -HX-Auth:hunter2", "X-Api-Key:*** -HX-Auth:***"),
        ("secret:TOKEN ${secret:TOKEN}", "secret:TOKEN ${secret:TOKEN}"),
        ("me:hunter2@db.example.com/x npm:left-pad@1.0.2", "me:***@db.example.com/x npm:left-pad@1.0.2"),
        ("/mcp?access_token=hunter2&a=b", "/mcp?access_token=***&a=b"),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789 -x", "*** -x"),
        ("token://host --keyring yes", "token://host --keyring yes"),
    ],
)
def test_arguments_are_seen_without_their_secrets(args: str, seen: str) -> None:
    assert " ".join(redacted(args.split())) == seen


def test_an_address_keeps_what_is_not_secret() -> None:
    assert bare_url("https://x:1/p?a=${A}&b=c#d") == "https://x:1/p?a=${A}&b=***#d"


@given(st.lists(st.text(max_size=8), max_size=5))
def test_redaction_keeps_the_number_of_arguments(args: list[str]) -> None:
    assert len(redacted(args)) == len(args)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain-1/x", "plain-1/x"),
        ("", "''"),
        ("a b", "'a b'"),
        ("\x1b[31m", r"'\x1b[31m'"),
        ("a\\b", r"'a\\b'"),
        ("\u202e", r"'\u202e'"),
        ("\U000e0041", r"'\U000e0041'"),
        ("\ud800", r"'\ud800'"),
        ("é", "é"),
    ],
)
def test_text_is_shown_with_nothing_invisible_in_it(text: str, seen: str) -> None:
    assert shown(text) == seen


@given(st.text())
def test_what_is_shown_can_be_printed_anywhere(text: str) -> None:
    assert shown(text).isprintable()
    shown(text).encode()
