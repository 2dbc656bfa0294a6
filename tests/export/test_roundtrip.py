"""Whatever the file: export and removal give the old bytes back, and in between nothing of its owner's is gone."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from mcpconf.document.scan import JSONC, scan
from mcpconf.document.values import parse
from mcpconf.environment.devcontainer import Wanted, without
from mcpconf.ledger import Ledger
from mcpconf.workflow.devcontainer import plan_file
from tests.document.layouts import layouts, sequence, values
from tests.document.test_roundtrip import is_subsequence
from tests.golden.devcontainer.road import FILE, MOUNT, TCP, bytes_after

COMMANDS = ('"npm ci"', '["a","b // c"]', '{"x":"y"}', "{ }", '"mcpconf init"', '{"mcpconf":"mine"}', '"a\\u0022b"')
MOUNTS = (
    '"type=volume,source=a,target=/b"',
    '{"type":"volume","target":"/home/u/.claude"}',
    '"\\"x,y\\",dst=/run/mcpconf"',
)
ARGS = ('"--init"', '"--add-host"', '"host.docker.internal:1.2.3.4"', '"-v"', '"a:/var/lib/mcpconf"')


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A devcontainer.json of any layout, with any of the members that an export touches."""
    layout = draw(layouts(jsonc=True))
    gap = st.sampled_from(layout.gaps)

    def listed(items: tuple[str, ...]) -> str:
        return sequence(draw, layout, "[", draw(st.lists(st.sampled_from(items), max_size=3)), "]")

    def named(*pairs: str) -> str:
        return sequence(draw, layout, "{", [pair.replace("~", draw(gap)) for pair in pairs], "}")

    given_ = {
        "image": '"debian"',
        "dockerComposeFile": '"c.yml"',
        "mounts": listed(MOUNTS),
        "runArgs": listed(ARGS),
        "containerEnv": named(*draw(st.sampled_from([(), ('"A"~:~"b"',), ('"CLAUDE_CONFIG_DIR":"/c"', '"B":~"c"')]))),
        "features": named(*draw(st.sampled_from([(), ('"./x"~:{}',), ('"ghcr.io/a/mcpconf:1":~{}',)]))),
        "postCreateCommand": draw(st.sampled_from(COMMANDS)),
        "postStartCommand": draw(st.sampled_from(COMMANDS)),
        "initializeCommand": draw(st.sampled_from(COMMANDS)),
        "customizations": draw(values(layout)),
    }
    names = draw(st.permutations(list(given_)))[: draw(st.integers(0, 7))]
    members = [f'"{name}"{draw(gap)}:{draw(gap)}{given_[name]}' for name in names]
    text = draw(gap) + sequence(draw, layout, "{", members, "}") + draw(gap)
    return (b"\xef\xbb\xbf" if draw(st.booleans()) else b"") + text.encode()


asked = st.builds(
    Wanted,
    grant=st.sampled_from([None, MOUNT, TCP]),
    feature=st.sampled_from([None, "./mcpconf"]),
    volume=st.booleans(),
    start_broker=st.booleans(),
)


@settings(max_examples=min(150, settings().max_examples))
@given(files(), asked, asked)
@example(b'{"mounts":[]}', Wanted(grant=MOUNT, volume=False), Wanted())
def test_export_again_and_remove(raw: bytes, first: Wanted, second: Wanted) -> None:
    plan, _ = plan_file(FILE, {FILE: raw}, Ledger(), first)
    once = bytes_after(plan, raw) or b""
    assert is_subsequence(raw.decode(), once.decode())
    assert not plan_file(FILE, {FILE: once}, plan.ledger, first)[0].files
    scan(once.decode("utf-8-sig"), JSONC)

    again, _ = plan_file(FILE, {FILE: once}, plan.ledger, second)
    twice = bytes_after(again, once) or b""
    assert is_subsequence(raw.decode(), twice.decode())

    removed, _ = plan_file(FILE, {FILE: twice}, again.ledger, None)
    assert bytes_after(removed, twice) == raw


@settings(max_examples=min(100, settings().max_examples))
@given(files(), asked)
def test_what_is_ours_can_be_told_from_what_is_not(raw: bytes, wanted: Wanted) -> None:
    plan, found = plan_file(FILE, {FILE: raw}, Ledger(), wanted)
    after = parse((bytes_after(plan, raw) or b"").decode("utf-8-sig"))

    record = plan.ledger.files.get(FILE)
    members = record.members if record is not None else {}
    made = [at for at, trace in (record.traces if record is not None else {}).items() if trace.created]
    assert {at: set(names) for at, names in members.items()} == {at: set(names) for at, names in found.members.items()}
    for name, value in parse(raw.decode("utf-8-sig")).items():
        if name.endswith("Command") and not isinstance(value, dict):
            value = {"main": value} if isinstance(after[name], dict) else value
        left = without(after, members, made).get(name)
        assert left == value
