"""The three-way merge: what stands there, what we wrote last time, what is wanted now."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpconf.client.spec import Target
from mcpconf.document.edit import Trace, read_members
from mcpconf.document.scan import STRICT
from mcpconf.errors import Located
from mcpconf.ledger import FileRecord, Ledger, Owned, digest, dump, load
from mcpconf.model import Scope
from mcpconf.plan import Action, Foreign, Plan, Policy, Reason, Want, make_plan
from mcpconf.record import replace
from tests.document.layouts import documents

PATH = "/home/u/.claude.json"
USER = Target(client="claude-code", scope=Scope.USER, path=PATH, lock=PATH + ".lock")
LOCAL = replace(USER, scope=Scope.LOCAL, pointer=("projects", "/p", "mcpServers"), project="/p")
PROJECT = Target(client="claude-code", scope=Scope.PROJECT, path="/p/.mcp.json", portable=True)

WANTED = {"command": "/bin/new"}
OURS = {"command": "/bin/ours"}
EDITED = {"command": "/bin/edited"}
FOREIGN = {"command": "/bin/theirs"}
REPLACED = '{"command": "/bin/replaced"}'


def want(entries: Mapping[str, Any], target: Target = USER, **more: Any) -> Want:
    return Want(target, entries, "work", dict.fromkeys(entries, "direct"), **more)


def holding(entry: Any) -> bytes:
    """A file in which `x` is `entry`, beside somebody else's."""
    ours = {} if entry is None else {"x": entry}
    return json.dumps({"theme": "dark", "mcpServers": {"other": {"url": "u"}} | ours}).encode()


def owning(entry: Any, before: str | None = None) -> Ledger:
    owned = Owned(digest(entry), "claude-code", "user", "old", "direct", before)
    return Ledger({PATH: FileRecord(members={("mcpServers",): {"x": owned}})})


def servers(plan: Plan, path: str = PATH) -> Any:
    """The servers in a file after a plan; None where the plan leaves the file alone."""
    for edit in plan.files:
        if edit.path == path:
            return None if edit.after is None else json.loads(edit.after)["mcpServers"]
    return None


# what stands there, what the ledger knows -> the file and the ledger before
STATES: dict[str, tuple[Any, Any]] = {
    "absent": (None, None),
    "ours": (OURS, OURS),
    "ours, as wanted": (WANTED, WANTED),
    "ours, edited": (EDITED, OURS),
    "ours, edited into what is wanted": (WANTED, OURS),
    "ours, removed by hand": (None, OURS),
    "foreign": (FOREIGN, None),
    "foreign, identical": (WANTED, None),
}

# (state, wanted?) -> for each policy: the action, whether something is written, the conflict, whether it is ours after
Outcome = tuple[Action | None, bool, Reason | None, bool]
NOTHING: Outcome = (None, False, None, False)
TABLE: dict[tuple[str, bool], dict[str, Outcome]] = {
    ("absent", True): {"*": (Action.ADD, True, None, True)},
    ("absent", False): {"*": NOTHING},
    ("ours", True): {"*": (Action.UPDATE, True, None, True)},
    ("ours", False): {"*": (Action.REMOVE, True, None, False)},
    ("ours, as wanted", True): {"*": (None, False, None, True)},
    ("ours, as wanted", False): {"*": (Action.REMOVE, True, None, False)},
    ("ours, edited", True): {
        "*": (None, False, Reason.EDITED, True),
        "force": (Action.UPDATE, True, None, True),
    },
    ("ours, edited", False): {
        "*": (None, False, Reason.EDITED, True),
        "force": (Action.REMOVE, True, None, False),
    },
    ("ours, edited into what is wanted", True): {"*": (None, False, None, True)},
    ("ours, edited into what is wanted", False): {
        "*": (None, False, Reason.EDITED, True),
        "force": (Action.REMOVE, True, None, False),
    },
    ("ours, removed by hand", True): {"*": (Action.ADD, True, None, True)},
    ("ours, removed by hand", False): {"*": NOTHING},
    ("foreign", True): {
        "refuse": (None, False, Reason.FOREIGN, False),
        "keep": NOTHING,
        "adopt": (Action.ADOPT, True, None, True),
    },
    ("foreign", False): {"*": NOTHING},
    ("foreign, identical", True): {"*": NOTHING, "adopt": (Action.ADOPT, False, None, True)},
    ("foreign, identical", False): {"*": NOTHING},
}
CELLS = [
    (state, wanted, foreign, force)
    for (state, wanted), foreign, force in itertools.product(TABLE, Foreign, (False, True))
]


@pytest.mark.parametrize(("state", "wanted", "foreign", "force"), CELLS)
def test_every_cell_of_the_merge(state: str, wanted: bool, foreign: Foreign, force: bool) -> None:
    standing, known = STATES[state]
    outcomes = TABLE[state, wanted]
    first = outcomes.get("force") if force else None
    action, written, reason, ours = first or outcomes.get(str(foreign)) or outcomes["*"]
    before = holding(standing)
    ledger = Ledger() if known is None else owning(known)

    plan = make_plan({PATH: before}, [want({"x": WANTED} if wanted else {})], ledger, Policy(foreign, force))

    assert [change.action for change in plan.changes] == ([action] if action else [])
    assert [conflict.reason for conflict in plan.conflicts] == ([reason] if reason else [])
    assert [conflict.name for conflict in plan.blocked] == (["x"] if reason is Reason.FOREIGN else [])
    assert bool(plan.files) is written
    expected = {"other": {"url": "u"}} | ({"x": WANTED} if wanted else {})
    assert servers(plan) == (expected if written else None)
    held = plan.ledger.files.get(PATH, FileRecord()).members.get(("mcpServers",), {})
    assert ("x" in held) is ours
    if ours and reason is None:
        assert held["x"].digest == digest(WANTED)
        assert (held["x"].profile, held["x"].route) == ("work", "direct")
    if ours and reason is Reason.EDITED:
        assert held["x"].digest == digest(OURS), "an entry edited by hand is still known as what we wrote"


@pytest.mark.parametrize("force", [False, True])
def test_what_we_replaced_comes_back_when_ours_goes(force: bool) -> None:
    plan = make_plan({PATH: holding(OURS)}, [want({})], owning(OURS, REPLACED), Policy(force=force))
    assert [change.action for change in plan.changes] == [Action.RESTORE]
    assert servers(plan) == {"other": {"url": "u"}, "x": json.loads(REPLACED)}
    assert plan.ledger == Ledger()


def test_what_we_replaced_is_remembered_through_updates() -> None:
    adopted = make_plan({PATH: holding(FOREIGN)}, [want({"x": OURS})], Ledger(), Policy(Foreign.ADOPT))
    updated = make_plan({PATH: adopted.files[0].after}, [want({"x": WANTED})], adopted.ledger)
    back = make_plan({PATH: updated.files[0].after}, [want({})], updated.ledger)
    assert [plan.changes[0].action for plan in (adopted, updated, back)] == [
        Action.ADOPT,
        Action.UPDATE,
        Action.RESTORE,
    ]
    assert back.files[0].after == holding(FOREIGN)


def test_an_entry_that_its_owner_removed_after_we_replaced_it_does_not_come_back() -> None:
    added = make_plan({PATH: holding(None)}, [want({"x": WANTED})], owning(OURS, REPLACED))
    back = make_plan({PATH: added.files[0].after}, [want({})], added.ledger)
    assert back.files[0].after == holding(None)


def test_a_want_that_holds_what_stood_there_takes_it_over_unasked() -> None:
    settings = Target(client="claude-code", scope=Scope.PROJECT, path="/p/s.json", pointer=())
    raw = b'{"enabled": ["theirs"]}'
    plan = make_plan({"/p/s.json": raw}, [want({"enabled": ["theirs", "x"]}, settings, adopt=True)], Ledger())
    assert [change.action for change in plan.changes] == [Action.ADOPT]
    back = make_plan({"/p/s.json": plan.files[0].after}, [want({}, settings)], plan.ledger)
    assert back.files[0].after == raw


def test_a_change_tells_what_stood_there_and_whose_it_was() -> None:
    plan = make_plan({PATH: holding(OURS)}, [want({"x": WANTED})], owning(OURS))
    change = plan.changes[0]
    assert (change.target, change.name, change.before, change.after) == (USER, "x", json.dumps(OURS), WANTED)
    assert change.owned_before is not None
    assert change.owned_before.profile == "old"


def test_kept_and_identical_entries_are_told_in_notes() -> None:
    kept = make_plan({PATH: holding(FOREIGN)}, [want({"x": WANTED})], Ledger(), Policy(Foreign.KEEP))
    same = make_plan({PATH: holding(WANTED)}, [want({"x": WANTED})], Ledger())
    assert [(note.text, note.hint) for note in kept.notes] == [
        ("claude-code (user): kept the x that was there", "--adopt takes it over")
    ]
    assert [note.text for note in same.notes] == [
        "claude-code (user): x is there already, just so, and stays its owner's"
    ]


def test_a_client_that_lays_the_file_out_anew_leaves_our_entries_ours() -> None:
    first = make_plan({PATH: holding(None)}, [want({"x": {"command": "c", "args": [], "env": {}}})], Ledger())
    text = json.loads(first.files[0].after or b"")
    text["mcpServers"]["x"] = dict(reversed(text["mcpServers"]["x"].items()))
    again = make_plan({PATH: json.dumps(text, indent=7).encode()}, [want({})], first.ledger)
    assert [change.action for change in again.changes] == [Action.REMOVE]


def test_a_new_file_is_made_and_goes_again() -> None:
    made = make_plan({PATH: None}, [want({"x": WANTED})], Ledger())
    assert made.files[0].before is None
    assert made.ledger.files[PATH].created
    gone = make_plan({PATH: made.files[0].after}, [want({})], made.ledger)
    assert (gone.files[0].after, gone.ledger) == (None, Ledger())


def test_an_empty_file_is_not_ours_to_remove() -> None:
    for raw in (b"", b"\xef\xbb\xbf", b"\n"):
        made = make_plan({PATH: raw}, [want({"x": WANTED})], Ledger())
        gone = make_plan({PATH: made.files[0].after}, [want({})], made.ledger)
        assert gone.files[0].after == raw


def test_nothing_wanted_of_no_file_is_nothing_to_do() -> None:
    assert make_plan({PATH: None}, [want({})], Ledger()) == Plan()


def test_a_file_that_somebody_made_anew_is_theirs() -> None:
    made = make_plan({PATH: None}, [want({"x": WANTED})], Ledger())
    for theirs in (b"{}", b'{"mcpServers": {}}', b'{"mcpServers": {"other": {}}}'):
        again = make_plan({PATH: theirs}, [want({"x": OURS})], made.ledger)
        gone = make_plan({PATH: again.files[0].after}, [want({})], again.ledger)
        assert gone.files[0].after == theirs


def test_a_file_of_ours_that_was_removed_is_made_again() -> None:
    ledger = replace_record(owning(OURS), created=False, traces={("mcpServers",): Trace(inner=" ")}, made=("/home/u",))
    again = make_plan({PATH: None}, [want({"x": WANTED})], ledger)
    record = again.ledger.files[PATH]
    assert (record.created, record.made) == (True, ("/home/u",))
    assert make_plan({PATH: again.files[0].after}, [want({})], again.ledger).files[0].after is None


def replace_record(ledger: Ledger, **changes: Any) -> Ledger:
    return Ledger({path: replace(record, **changes) for path, record in ledger.files.items()})


def test_two_scopes_in_one_file_do_not_disturb_each_other() -> None:
    raw = b'{\n  "projects": {"/q": {"mcpServers": {"x": {}}}}\n}\n'
    both = make_plan({PATH: raw}, [want({"x": OURS}, USER), want({"x": WANTED}, LOCAL)], Ledger())
    assert len(both.files) == 1
    assert both.files[0].targets == (USER, LOCAL)
    data = json.loads(both.files[0].after or b"")
    assert data["mcpServers"] == {"x": OURS}
    assert data["projects"] == {"/q": {"mcpServers": {"x": {}}}, "/p": {"mcpServers": {"x": WANTED}}}

    user_gone = make_plan({PATH: both.files[0].after}, [want({}, USER)], both.ledger)
    assert [change.target for change in user_gone.changes] == [USER]
    data = json.loads(user_gone.files[0].after or b"")
    assert "mcpServers" not in data
    assert data["projects"]["/p"]["mcpServers"] == {"x": WANTED}

    all_gone = make_plan({PATH: user_gone.files[0].after}, [want({}, LOCAL)], user_gone.ledger)
    assert all_gone.files[0].after == raw


def test_two_scopes_of_a_file_that_we_made_go_in_any_order() -> None:
    for order in itertools.permutations((USER, LOCAL)):
        both = make_plan({PATH: None}, [want({"x": OURS}, USER), want({"x": WANTED}, LOCAL)], Ledger())
        raw, ledger = both.files[0].after, both.ledger
        for target in order:
            plan = make_plan({PATH: raw}, [want({}, target)], ledger)
            raw, ledger = plan.files[0].after, plan.ledger
        assert (raw, ledger) == (None, Ledger())


def test_several_files_are_one_plan() -> None:
    snapshots = {PATH: holding(FOREIGN), PROJECT.path: None}
    plan = make_plan(snapshots, [want({"x": WANTED}), want({"x": WANTED}, PROJECT)], Ledger())
    assert [(c.target, c.line) for c in plan.blocked] == [(USER, 1)]
    assert [edit.path for edit in plan.files] == [PROJECT.path]


FAULTS = {
    "comment": (b'{\n // c\n "mcpServers": {}}', (2, 2), "a comment is not allowed in this file"),
    "not UTF-8": (b'{"a":\n"\xff"}', (2, 2), "byte 0xff is not valid UTF-8"),
    "wrong type": (b'{"mcpServers":\n []}', (2, 2), '"mcpServers" is not an object'),
    "second target": (b'{"mcpServers": {},\n "projects": {"/p":\n null}}', (3, 2), '"/p" is not an object'),
    "repeated name": (b'{"mcpServers": {\n"x": {},\n"x": {}}}', (3, 1), '"x" stands twice, in lines 2 and 3'),
    "repeated in the second": (
        b'{"projects": {"/p": {"mcpServers": {"x": 1,\n"x": 2}}}}',
        (2, 1),
        '"x" stands twice, in lines 1 and 2',
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_with_the_place_in_the_users_own_text(name: str) -> None:
    raw, place, message = FAULTS[name]
    wants = [want({"x": WANTED}, USER), want({"x": WANTED}, LOCAL)]
    with pytest.raises(Located) as caught:
        make_plan({PATH: raw}, wants, Ledger(), Policy(Foreign.ADOPT))
    assert (caught.value.line, caught.value.column) == place
    assert message in caught.value.reason
    assert str(caught.value).startswith(f"{PATH}:{place[0]}:{place[1]}: ")
    assert str(caught.value).endswith("; nothing was changed")
    assert caught.value.exit_code == 4


def test_a_conflicts_line_is_the_users_own_also_behind_another_scopes_edit() -> None:
    raw = b'{\n"mcpServers": {},\n"projects": {"/p": {"mcpServers": {\n"x": {}}}}}'
    plan = make_plan({PATH: raw}, [want({"a": OURS, "b": OURS}, USER), want({"x": WANTED}, LOCAL)], Ledger())
    assert [(c.target, c.line) for c in plan.conflicts] == [(LOCAL, 4)]


names = st.sampled_from(["x", "y", "ü", "a"])  # the documents hold an "a" of their own now and then
wanted_entries = st.dictionaries(
    names, st.fixed_dictionaries({"command": st.sampled_from(["/1", "/2"])}, optional={"env": st.just({"K": "v"})})
)
wishes = st.tuples(
    wanted_entries,
    wanted_entries,
    st.builds(Policy, st.sampled_from(Foreign), st.booleans()),
)


def foreign_text(raw: bytes | None, *ledgers: Ledger) -> dict[tuple[tuple[str, ...], str], str]:
    """The raw text of every member in both scopes that no ledger calls ours."""
    text = (raw or b"").decode()
    records = [ledger.files.get(PATH, FileRecord()) for ledger in ledgers]
    return {
        (target.pointer, name): found.raw
        for target in (USER, LOCAL)
        for name, found in read_members(text, target.pointer, STRICT).items()
        if not any(name in record.members.get(target.pointer, {}) for record in records)
    }


@given(documents(jsonc=False) | documents(jsonc=False, pointer=LOCAL.pointer) | st.none(), st.lists(wishes, max_size=4))
def test_any_wishes_and_then_none_give_the_old_bytes_back(
    document: str | None, script: list[tuple[dict[str, Any], dict[str, Any], Policy]]
) -> None:
    original = None if document is None else document.encode("utf-8", "surrogatepass")
    raw, ledger = original, Ledger()
    for user, local, policy in script:
        wants = [want(user, USER), want(local, LOCAL)]
        try:
            plan = make_plan({PATH: raw}, wants, ledger, policy)
        except Located:
            continue  # a name of ours stands twice in the document
        theirs = foreign_text(raw, ledger, plan.ledger)
        if plan.blocked:
            continue
        raw, ledger = after(plan, raw), load(dump(plan.ledger), "ledger.json")
        assert theirs.items() <= foreign_text(raw, ledger).items(), "a foreign member has changed"
        again = make_plan({PATH: raw}, wants, ledger, policy)
        assert (again.files, again.changes) == ((), ()), "a plan for a plan's own result is not empty"
        assert again.ledger == ledger
    gone = make_plan({PATH: raw}, [want({}, USER), want({}, LOCAL)], ledger)
    assert after(gone, raw) == original
    assert gone.ledger == Ledger()


def after(plan: Plan, raw: bytes | None) -> bytes | None:
    return plan.files[0].after if plan.files else raw


@given(documents(jsonc=False, pointer=LOCAL.pointer), wishes)
def test_what_one_scope_does_leaves_the_other_as_it_stands(
    document: str, wish: tuple[dict[str, Any], dict[str, Any], Policy]
) -> None:
    user, local, policy = wish
    raw = document.encode("utf-8", "surrogatepass")
    try:
        first = make_plan({PATH: raw}, [want(local, LOCAL)], Ledger(), policy)
        second = make_plan({PATH: after(first, raw)}, [want(user, USER)], first.ledger, policy)
    except Located:
        return
    text_before = (after(first, raw) or b"").decode()
    text_after = (after(second, after(first, raw)) or b"").decode()
    before, later = (read_members(text, LOCAL.pointer, STRICT) for text in (text_before, text_after))
    assert {n: f.raw for n, f in before.items()} == {n: f.raw for n, f in later.items()}
    assert second.ledger.files.get(PATH, FileRecord()).members.get(LOCAL.pointer) == first.ledger.files.get(
        PATH, FileRecord()
    ).members.get(LOCAL.pointer)
