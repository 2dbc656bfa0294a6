"""What a message holds, found in bash; and the answers of a wrapper that has nothing to start."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wrapper.functions import Bash

MEMBERS = """\
while IFS= read -r line; do
  _mc_members "$line"
  printf '%d\\0' $((${#_mc_vals[@]} * 2 + 1))
  printf '%s\\0' "$_mc_json_kind"
  for ((i = 0; i < ${#_mc_vals[@]}; i++)); do
    _mc_decode "\\"${_mc_keys[i]}\\""
    printf '%s\\0%s\\0' "$_mc_text" "${_mc_vals[i]}"
  done
done"""
TEXTS = """\
while IFS= read -r line; do
  _mc_decode "$line"
  printf '2\\0%s\\0' "$_mc_text"
  _mc_quote "$_mc_text"
  printf '%s\\0' "$_mc_quoted"
done"""
ANSWERS = '_mc_answer_all "nothing \\"works\\"\\\\  ä" "mcpconf switch"'


class Members(list[Any]):
    """An object with its members in order, a name that comes twice included."""


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")) | st.text('"\\{}[]:, \n', max_size=8)
NAMES = TEXT | st.sampled_from(["id", "method", "result", "error"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.lists(st.tuples(NAMES, inner), max_size=4).map(Members),
    max_leaves=12,
)


def dump(value: Any, ascii_only: bool, blank: str) -> str:
    if isinstance(value, Members):
        inner = (f"{dump(name, ascii_only, '')}{blank}:{blank}{dump(one, ascii_only, blank)}" for name, one in value)
        return "{" + blank + f"{blank},{blank}".join(inner) + blank + "}"
    if isinstance(value, list):
        return "[" + blank + f"{blank},{blank}".join(dump(one, ascii_only, blank) for one in value) + blank + "]"
    return json.dumps(value, ensure_ascii=ascii_only)


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bash]:
    with Bash(MEMBERS, tmp_path_factory.mktemp("members")) as bash:
        yield bash


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bash]:
    with Bash(TEXTS, tmp_path_factory.mktemp("texts")) as bash:
        yield bash


@given(value=VALUES, ascii_only=st.booleans(), blank=st.sampled_from(["", " ", "\t  "]))
def test_the_members_of_a_message_are_those_that_python_finds(
    members: Bash, value: Any, ascii_only: bool, blank: str
) -> None:
    kind, *found = members.fields(blank + dump(value, ascii_only, blank) + blank)

    if isinstance(value, Members):
        assert kind == "object"
        pairs = zip(found[::2], found[1::2], strict=True)
        assert [(name, parse(text)) for name, text in pairs] == [(name, bare(one)) for name, one in value]
    elif isinstance(value, list):
        assert kind == "array"
        assert [parse(text) for text in found[1::2]] == bare(value)
    else:
        assert [kind, *found] == ["other"]


def parse(text: str) -> Any:
    return json.loads(text, object_pairs_hook=lambda pairs: [list(pair) for pair in pairs])


def bare(value: Any) -> Any:
    """The same as `parse` makes it."""
    if isinstance(value, Members):
        return [[name, bare(one)] for name, one in value]
    return [bare(one) for one in value] if isinstance(value, list) else value


WRONG = """
{"a":1  {"a":1}}  {"a":1]  {"a"}  {"a":}  {"a"1}  {"a":1,}  [1,]  [,1]  {"a":"b}  {"a":1}x  x{"a":1}  "x"{"a":1}  ]
{"a":1}"x"  {}{}  {1:2}  {"a":1"b":2}  {"a":1:2}  [1:2]  {"a\\":1}  {"a":1,,"b":2}  [[1,2}]  {"a":{"b":[}]}  {:1}
"""


@pytest.mark.parametrize("text", WRONG.split())
def test_what_is_no_json_is_said_to_be_none(members: Bash, text: str) -> None:
    assert members.fields(text)[0] == "bad"


@given(text=TEXT, ascii_only=st.booleans())
def test_a_text_is_read_and_written_as_json_has_it(texts: Bash, text: str, ascii_only: bool) -> None:
    decoded, quoted = texts.fields(json.dumps(text, ensure_ascii=ascii_only))

    assert decoded == text
    assert json.loads(quoted) == text


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"\ud83d\ude00", "😀"),
        (r"\uD83D\uDE00\/\b\f\r\t", "😀/\b\f\r\t"),
        (r"\ud83d", "\ufffd"),
        (r"\ud83dx\ude00", "\ufffdx\ufffd"),
        (r"\ud83d\\ude00", "\ufffd\\ude00"),
        (r"\ud83d\ud83d\ude00", "\ufffd😀"),
        (r"a\u0000b", "a\ufffdb"),
        (r"\\\\n\\", r"\\n" + "\\"),
        (r"\\u0041\u0041", r"\u0041A"),
    ],
)
def test_the_escapes_of_a_text_are_taken_as_json_means_them(texts: Bash, written: str, meant: str) -> None:
    assert texts.fields(f'"{written}"')[0] == meant


LONG = ['"a\\"b",', '{"id":"}"},', '"' + "\\\\" * 500 + '",', "[", "[{}"]


@pytest.mark.parametrize("unit", LONG)
def test_the_time_for_a_long_line_does_not_grow_with_its_square(members: Bash, unit: str) -> None:
    times = []
    for size in (10_000, 80_000):
        start = time.monotonic()
        kind = members.fields(f'{{"x":[{unit * (size // len(unit))}0],"id":7}}')[0]
        times.append(time.monotonic() - start)
        assert kind == ("bad" if unit.startswith("[") and not unit.endswith(",") else "object")

    assert times[1] < 20 * times[0] + 1


def unable(identity: str) -> dict[str, Any]:
    text = 'mcpconf: mcp-time: nothing "works"\\  ä; mend it with: mcpconf switch'
    data = {"mcpconf": "not started"}
    return {"jsonrpc": "2.0", "id": json.loads(identity), "error": {"code": -32603, "message": text, "data": data}}


def refused(code: int) -> dict[str, Any]:
    message = {-32700: "Parse error", -32600: "Invalid Request"}[code]
    return {"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": message}}


@pytest.fixture
def nothing(tmp_path: Path) -> Iterator[Bash]:
    with Bash(ANSWERS, tmp_path) as bash:
        yield bash


def test_nothing_to_start_answers_every_request_and_says_why(nothing: Bash) -> None:
    nothing.say(b'{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"id":5,"a":"\\"id\\":9"}}\n')
    first = json.loads(nothing.stdout.readline())
    nothing.say(b'{"method":"server/discover","id":"d"}\n{"id":1}\n{"method":"tools/list","id":2}')
    nothing.stdin.close()

    assert first == unable("0")
    rest = [json.loads(line) for line in nothing.stdout]
    assert rest == [unable('"d"'), refused(-32600), unable("2")]
    assert nothing.process.wait(10) == 0


@pytest.mark.parametrize(
    "identity",
    ["0", "-1", "1.50", "1e400", f"1{'0' * 40}", '""', '"\\"}\\\\"', '"\\u00e9 ä"', "null"],
)
def test_an_id_comes_back_as_it_was_written(nothing: Bash, identity: str) -> None:
    nothing.say(f'{{"jsonrpc":"2.0","method":"m","params":{{}} , "id" : {identity} }}\r\n'.encode())

    line = nothing.stdout.readline().decode()
    assert f'"id":{identity},' in line
    assert json.loads(line) == unable(identity)


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("not json", refused(-32700)),
        ('{"id":1,"method":"x"', refused(-32700)),
        ('{"id":tru,"method":"x"}', refused(-32600)),
        ('{"id":{"id":1},"method":"x"}', refused(-32600)),
        ('{"id":01,"method":"x"}', refused(-32600)),
        ('{"id":"\\q","method":"x"}', refused(-32600)),
        ('{"id":"a" "b","method":"x"}', refused(-32600)),
        ("[]", refused(-32600)),
        ("[1]", [refused(-32600)]),
        ('[{"id":1,"method":"a"},{"method":"b"},7,{"id":2,"result":{}},{"id":"]","method":"c"}]',
         [unable("1"), refused(-32600), unable('"]"')]),
        ('{"i\\u0064":3,"method":"x"}', unable("3")),
        ('{"id":3,"method":"x","id":4}', unable("4")),
    ],
)  # fmt: skip
def test_what_is_no_request_is_answered_as_json_rpc_says(nothing: Bash, line: str, answer: Any) -> None:
    nothing.say(line.encode() + b"\n")

    assert json.loads(nothing.stdout.readline()) == answer


@pytest.mark.parametrize(
    "line", ['{"method":"notifications/initialized"}', "", "  ", '{"id":1,"result":{}}', '[{"method":"a"}]']
)
def test_what_wants_no_answer_gets_none(nothing: Bash, line: str) -> None:
    nothing.say(line.encode() + b'\n{"id":"next","method":"x"}\n')

    assert json.loads(nothing.stdout.readline()) == unable('"next"')


def test_nothing_in_a_message_is_evaluated(nothing: Bash, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    nothing.say(f'{{"id":"$(touch {mark})`touch {mark}`","x":"a[$(touch {mark})]","method":"*"}}\n'.encode())

    assert json.loads(nothing.stdout.readline())["id"] == f"$(touch {mark})`touch {mark}`"
    assert not mark.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_at_once(nothing: Bash, number: signal.Signals) -> None:
    nothing.say(b'{"id":1,"method":"x"}\n')
    nothing.stdout.readline()
    nothing.process.send_signal(number)

    assert nothing.process.wait(5) == -number
