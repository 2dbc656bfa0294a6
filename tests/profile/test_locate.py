"""The places that the scanner gives, against tomllib."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from mcpconf.profile.locate import Index, KeyPath, Spot, position
from tests.profile.toml import texts


def leaves(value: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Every value that is no table or list, and each empty one, with its path."""
    if isinstance(value, dict) and value:
        for key, below in value.items():
            yield from leaves(below, (*path, key))
    elif isinstance(value, list) and value:
        for number, below in enumerate(value):
            yield from leaves(below, (*path, number))
    else:
        yield path, value


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(texts())
def test_the_text_at_each_spot_is_the_value_that_tomllib_gives(text: str) -> None:
    index = Index(text)
    for path, value in leaves(tomllib.loads(text)):
        spot = index.spots[path] if path else Spot(0, 0, 0)
        if value == {} and spot.value == spot.key:
            continue  # a table that only a header defines has no value of its own
        assert tomllib.loads(f"x = {text[spot.value : spot.end]}")["x"] == value, path
        if isinstance(path[-1], str):
            assert key_at(text, spot) == path[-1]


def key_at(text: str, spot: Spot) -> str:
    """The key that begins at a spot, as tomllib reads it."""
    (name,) = tomllib.loads(text[spot.key : spot.value] + "0")
    return name


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(texts())
def test_every_table_of_the_text_has_a_spot(text: str) -> None:
    index = Index(text)
    for path, _ in leaves(tomllib.loads(text)):
        assert all(path[:length] in index.spots for length in range(1, len(path) + 1)), path


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(texts())
def test_without_its_statements_a_text_says_nothing(text: str) -> None:
    rest, end = "", 0
    for statement in Index(text).statements:
        rest, end = rest + text[end : statement.start], statement.end
    assert tomllib.loads((rest + text[end:]).replace("\r", "")) == {}


SAMPLE = """\
# first
top.level = 1
[servers.git]  # header
command = "git"
env = { A = "x", "B C" = 'y' }
args = [
  "one", # comment ]
  '''two''',
]
[[list]]
a = 1
[list.below]
b = \"\"\"
x = 1
\"\"\"
[[list]]
  [[list.deep]]
  c = 1979-05-27 07:32:00
[ "quoted" . 'key.s' ]
"""


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        (("top",), (2, 1), (2, 1)),
        (("top", "level"), (2, 5), (2, 13)),
        (("servers",), (3, 2), (3, 2)),
        (("servers", "git"), (3, 10), (3, 10)),
        (("servers", "git", "command"), (4, 1), (4, 11)),
        (("servers", "git", "env", "A"), (5, 9), (5, 13)),
        (("servers", "git", "env", "B C"), (5, 18), (5, 26)),
        (("servers", "git", "args", 1), (8, 3), (8, 3)),
        (("list", 0, "a"), (11, 1), (11, 5)),
        (("list", 0, "below", "b"), (13, 1), (13, 5)),
        (("list", 1, "deep", 0, "c"), (18, 3), (18, 7)),
        (("quoted", "key.s"), (19, 14), (19, 14)),
        (("servers", "git", "no", "such"), (3, 10), (3, 10)),
        (("no",), (1, 1), (1, 1)),
    ],
)
def test_a_path_is_found_by_line_and_column(path: KeyPath, key: tuple[int, int], value: tuple[int, int]) -> None:
    spot = Index(SAMPLE).nearest(path)

    assert position(SAMPLE, spot.key) == key
    assert position(SAMPLE, spot.value) == value


def test_a_quoted_key_with_escapes_is_read() -> None:
    assert ("a\tb", "c") in Index('"a\\tb".c = 1').spots


def test_a_byte_order_mark_is_passed_over() -> None:
    assert Index("\ufeffa = 1").spots["a",] == Spot(1, 5, 6)
