"""Items of an array and named commands: edited like members, and taken away without a trace."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mcpconf.document.edit import Drop, Put, edit, read_members
from mcpconf.document.fault import Fault
from mcpconf.document.scan import COMMANDS, ITEMS, JSONC, STRICT
from tests.document.layouts import layouts, sequence, values
from tests.document.test_roundtrip import is_subsequence

ARGS = (f"runArgs{ITEMS}",)
POST = (f"postCreateCommand{COMMANDS}",)
OURS = ["--one=1", "--two=2"]

ARRAYS = [
    ('{"runArgs": ["-a", "-b"]}', '{"runArgs": ["-a", "-b", "--one=1"]}'),
    ('{"runArgs":["-a"]}', '{"runArgs":["-a","--one=1"]}'),
    ('{\n  "runArgs": []\n}', '{\n  "runArgs": [\n    "--one=1"\n  ]\n}'),
    ('{\n\t"a": 1\n}', '{\n\t"a": 1,\n\t"runArgs": [\n\t\t"--one=1"\n\t]\n}'),
    ('{\r\n\t"runArgs": [\r\n\t\t"-a", // why\r\n\t]\r\n}',
     '{\r\n\t"runArgs": [\r\n\t\t"-a", // why\r\n\t\t"--one=1",\r\n\t]\r\n}'),
]  # fmt: skip
COMMAND_TEXTS = [
    ('{"postCreateCommand": "npm ci"}', '{"postCreateCommand": {"main": "npm ci", "mcpconf": "x"}}'),
    (
        '{\n  "postCreateCommand": ["a", /* b */ "c"], // d\n}',
        '{\n  "postCreateCommand": {\n    "main": ["a", /* b */ "c"],\n    "mcpconf": "x"\n  }, // d\n}',
    ),
    ('{"postCreateCommand":{"a":"b"}}', '{"postCreateCommand":{"a":"b","mcpconf":"x"}}'),
    ("{}", '{\n  "postCreateCommand": {\n    "mcpconf": "x"\n  }\n}'),
]


@pytest.mark.parametrize(("text", "after"), ARRAYS)
def test_an_item_stands_as_its_owner_would_have_put_it(text: str, after: str) -> None:
    done = edit(text, ARGS, [Put("--one=1", "--one=1")], JSONC)

    assert done.text == after
    assert edit(after, ARGS, [Drop("--one=1")], JSONC, done.traces).text == text


@pytest.mark.parametrize(("text", "after"), COMMAND_TEXTS)
def test_a_command_joins_the_one_that_is_there(text: str, after: str) -> None:
    done = edit(text, POST, [Put("mcpconf", "x")], JSONC)

    assert done.text == after
    assert edit(after, POST, [Drop("mcpconf")], JSONC, done.traces).text == text


def test_a_command_that_was_edited_since_is_given_back_as_it_is_now() -> None:
    done = edit('{"postCreateCommand": "a"}', POST, [Put("mcpconf", "x")], JSONC)
    edited = (done.text or "").replace('"a"', '"b"')

    assert edit(edited, POST, [Drop("mcpconf")], JSONC, done.traces).text == '{"postCreateCommand": "b"}'


@pytest.mark.parametrize("more", [', "other": "c"', "/* mine */"])
def test_an_object_to_which_its_owner_added_something_stays_one(more: str) -> None:
    done = edit('{"postCreateCommand": "a"}', POST, [Put("mcpconf", "x")], JSONC)
    edited = (done.text or "").replace('"a"', f'"a"{more}')

    left = edit(edited, POST, [Drop("mcpconf")], JSONC, done.traces).text

    assert left == f'{{"postCreateCommand": {{"main": "a"{more}}}}}'


def test_items_are_read_by_what_they_say() -> None:
    found = read_members('{"runArgs": ["-a", {"b": 1}, "-a"]}', ARGS, STRICT)

    assert {name: one.value for name, one in found.items()} == {"-a": "-a", '{"b": 1}': {"b": 1}}
    assert found["-a"].repeated is not None


@pytest.mark.parametrize(("pointer", "value"), [(ARGS, "{}"), (ARGS, '"a"'), (("containerEnv",), "[]")])
def test_what_is_of_another_kind_is_refused(pointer: tuple[str, ...], value: str) -> None:
    with pytest.raises(Fault, match=r"is not an (array|object)"):
        edit(f'{{"{pointer[0].partition(chr(0))[0]}": {value}}}', pointer, [Put("x", "x")], JSONC)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A document with an array and a command, of any layout and in any order."""
    layout = draw(layouts(jsonc=True))
    gap = st.sampled_from(layout.gaps)
    items = draw(st.lists(values(layout, 1), max_size=3))
    named = [f'"{name}"{draw(gap)}:{draw(gap)}"y"' for name in draw(st.sampled_from(["", "a", "ab"]))]
    command = draw(st.sampled_from(['"npm ci"', sequence(draw, layout, "[", ['"a"', '"b"'], "]"),
                                    sequence(draw, layout, "{", named, "}")]))  # fmt: skip
    given = {
        "runArgs": sequence(draw, layout, "[", items, "]"),
        "postCreateCommand": command,
        "x": draw(values(layout)),
    }
    names = draw(st.permutations(list(given)))[: draw(st.integers(0, 3))]
    members = [f'"{name}"{draw(gap)}:{draw(gap)}{given[name]}' for name in names]
    return draw(gap) + sequence(draw, layout, "{", members, "}") + draw(gap)


@settings(max_examples=min(100, settings().max_examples))
@given(texts(), st.lists(st.sampled_from(OURS), min_size=1, unique=True))
@example('{"postCreateCommand":"a"}', OURS)
def test_taking_ours_away_gives_the_old_text_back(text: str, ours: list[str]) -> None:
    traces: Any = {}
    done = edit(text, ARGS, [Put(name, name) for name in ours], JSONC)
    done = edit(done.text or "", POST, [Put("mcpconf", "x")], JSONC, done.traces)
    assert is_subsequence(text, done.text or ""), "something of the owner's is gone"
    assert set(ours) <= read_members(done.text or "", ARGS, JSONC).keys()

    traces = done.traces
    done = edit(done.text or "", ARGS, [Drop(name) for name in ours], JSONC, traces)
    done = edit(done.text or "", POST, [Drop("mcpconf")], JSONC, done.traces)
    assert (done.text or "") == text
