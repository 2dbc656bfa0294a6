"""References in values. What is accepted is what Claude Code expands; see the facts in the module."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpconf.errors import McpconfError
from mcpconf.model import ContainerOptions, Server
from mcpconf.profile.variables import (
    Literal,
    Part,
    References,
    Secret,
    TemplateError,
    Unset,
    Variable,
    expand,
    has_secret,
    parse,
    references,
)

TEXTS = st.text(alphabet="aA_1${}:-/ sécret\n", max_size=30)
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,5}", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ()),
        ("plain", (Literal("plain"),)),
        ("${HOME}/x", (Variable("HOME"), Literal("/x"))),
        ("a${X:-}b", (Literal("a"), Variable("X", ""), Literal("b"))),
        ("${X:-a:-b}", (Variable("X", "a:-b"),)),
        ("${X:-a b/c$d}", (Variable("X", "a b/c$d"),)),
        ("${X:-a{b}}", (Variable("X", "a{b"), Literal("}"))),
        ("$HOME $$ ~ {x}", (Literal("$HOME $$ ~ {x}"),)),
        ("$${HOME}", (Literal("$"), Variable("HOME"))),
        ("secret:TOKEN", (Secret("TOKEN"),)),
        ("Bearer ${secret:TOKEN}", (Literal("Bearer "), Secret("TOKEN"))),
        ("my secret:TOKEN", (Literal("my secret:TOKEN"),)),
        ("${NOT_SET:-secret:TOKEN}", (Variable("NOT_SET", "secret:TOKEN"),)),
    ],
)
def test_a_value_is_split_as_claude_code_would(text: str, parts: tuple[Part, ...]) -> None:
    assert parse(text) == parts


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("${HOME", 0),
        ("a${}", 1),
        ("a ${ HOME }", 2),
        ("${1A}", 0),
        ("${a.b:-z}", 0),
        ("${HOME:=q}", 0),
        ("${HOME-x}", 0),
        ("${A}${B", 4),
        ("${A:-${B}}", 5),
        ("${secret:A:-b}", 0),
        ("secret:", 0),
        ("secret:my-token", 0),
        ("secret:A ", 0),
    ],
)
def test_what_looks_like_a_reference_and_is_none_is_refused_where_it_stands(text: str, offset: int) -> None:
    with pytest.raises(TemplateError) as caught:
        parse(text)

    assert caught.value.offset == offset
    assert caught.value.hint is not None


def test_a_long_stray_reference_is_cut_in_the_message() -> None:
    with pytest.raises(TemplateError, match=re.escape("'${" + "x" * 38 + "'")):
        parse("${" + "x" * 100)


@given(TEXTS)
def test_a_value_is_accepted_only_if_each_brace_opens_a_reference(text: str) -> None:
    parts, stray = parsed(text)

    if stray is not None:
        assert text.startswith("secret:") or text.startswith("${", stray)
    elif not text.startswith("secret:"):
        assert all("${" not in part.text for part in parts if isinstance(part, Literal))
        assert text.count("${") == sum(1 for part in parts if not isinstance(part, Literal))


def parsed(text: str) -> tuple[tuple[Part, ...], int | None]:
    try:
        return parse(text), None
    except TemplateError as error:
        return (), error.offset


@given(TEXTS.filter(lambda text: "${" not in text and not text.startswith("secret:")))
def test_a_value_without_references_expands_to_itself(text: str) -> None:
    assert expand(parse(text), {}, {}) == text


@given(NAMES, st.text(max_size=5), st.text(max_size=5))
def test_a_variable_expands_to_what_the_environment_holds(name: str, before: str, value: str) -> None:
    before = before.replace("$", "").removeprefix("s")

    assert expand(parse(f"{before}${{{name}}}"), {name: value}, {}) == before + value


def test_a_default_applies_only_to_what_is_unset() -> None:
    parts = parse("${X:-d}")

    assert expand(parts, {}, {}) == "d"
    assert expand(parts, {"X": ""}, {}) == ""
    assert expand(parts, {"X": "x"}, {}) == "x"


def test_a_value_that_comes_out_of_a_variable_is_not_expanded_again() -> None:
    assert expand(parse("${X}"), {"X": "${Y}"}, {}) == "${Y}"


def test_a_secret_comes_from_the_environment_and_else_from_the_file() -> None:
    parts = parse("secret:T")

    assert expand(parts, {"T": "env"}, {"T": "file"}) == "env"
    assert expand(parts, {"T": ""}, {"T": "file"}) == "file"
    assert expand(parts, {}, {"T": "file"}) == "file"


def test_a_variable_is_not_looked_for_among_the_secrets() -> None:
    with pytest.raises(Unset):
        expand(parse("${T}"), {}, {"T": "file"})


def test_everything_unset_is_named_at_once() -> None:
    parts = parse("${A}${B}${A}${C:-}${secret:T}")

    with pytest.raises(McpconfError, match=re.escape("${A}, ${B}, secret:T are not set")) as caught:
        expand(parts, {}, {})

    assert caught.value.hint == "mcpconf secret set T"


def test_an_unset_variable_is_hinted_at_with_both_ways_out() -> None:
    with pytest.raises(Unset, match=re.escape("${A} is not set")) as caught:
        expand(parse("${A}"), {}, {})

    assert caught.value.hint == "export A before the client starts, or give it a default, as in ${A:-}"


SERVER = Server(
    "s",
    command="${BIN}/x",
    args=("${HOME}", "${A:-1}"),
    env={"E": "secret:T"},
    cwd="${DIR}",
    url="https://${HOST:-x}/",
    headers={"Authorization": "Bearer ${secret:U}"},
    container=ContainerOptions(volumes=("${VOL}:/x",), flags=("${FLAG}", "${A}")),
)


def test_a_server_names_all_that_it_refers_to() -> None:
    assert references(SERVER) == References(
        variables=("A", "BIN", "DIR", "FLAG", "HOME", "VOL"), optional=("HOST",), secrets=("T", "U")
    )


def test_a_server_with_a_secret_is_known() -> None:
    assert has_secret(SERVER)
    assert not has_secret(Server("s", command="x", args=("${HOME}",)))
