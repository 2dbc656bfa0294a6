"""Every broken set-up is named by the one check that it is for, a healthy one by none: the whole command, real files.

The set-ups are the tables BROKEN and HEALTHY of the modules beside this one: `*_setups.py`.
"""

from __future__ import annotations

import importlib
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mcpconf.cli.index import COMMANDS
from mcpconf.cli.main import main
from mcpconf.doctor.catalogue import CHECKS
from mcpconf.doctor.mend import ACTIONS
from tests.cli.conftest import World
from tests.cli.test_json import check
from tests.scenarios.conftest import Tree, tree

WRAPPERS = (".log", "wrapper/data")
Build = Callable[[Path, World], None]
MODULES = sorted(path.stem for path in Path(__file__).parent.glob("*_setups.py") if not path.stem.startswith("test_"))


def table(name: str) -> Iterator[Any]:
    """The set-ups of all modules in a table of theirs, as parameters."""
    for module in MODULES:
        found = getattr(importlib.import_module(f"tests.doctor.{module}"), name, {})
        group = module.removesuffix("_setups")
        for title, value in found.items():
            given = value if isinstance(value, tuple) else (value,)
            yield pytest.param(*given, id=f"{group}: {title}")


BROKEN = tuple(table("BROKEN"))
HEALTHY = tuple(table("HEALTHY"))


def report(world: World, *argv: str) -> Any:
    """What the whole command says. It must have changed nothing, and end with what it found."""
    before = stamps(world.home)
    world.capture.readouterr()
    code = main(["doctor", "--json", *argv])
    captured = world.capture.readouterr()
    found = check("doctor", json.loads(captured.out))
    assert code == (0 if found["healthy"] else 1), captured.err
    assert stamps(world.home) == before
    assert "bug in mcpconf" not in captured.out
    return found


def stamps(home: Path) -> dict[str, tuple[int, ...]]:
    """What would show that something was written: of every file and directory, links not followed.

    But for a wrapper's log: that is its own, whoever starts it.
    """
    paths = (Path(at, name) for at, directories, files in os.walk(home) for name in (*directories, *files))
    status = {str(path): path.lstat() for path in (home, *paths) if not str(path).endswith(WRAPPERS)}
    return {path: (s.st_ino, s.st_mode, s.st_size, s.st_mtime_ns, s.st_nlink) for path, s in status.items()}


def told(found: Any) -> list[Any]:
    """The findings that a person would look at, errors first; infos where there is nothing worse."""
    for levels in (("error", "warning"), ("info",)):
        mine = [one for level in levels for one in found["findings"] if one["level"] == level]
        if mine:
            return mine
    return []


@pytest.mark.parametrize(("build", "name"), BROKEN)
def test_a_broken_set_up_is_named_and_nothing_beside_it(build: Build, name: str, mcpconf: World) -> None:
    build(mcpconf.home, mcpconf)
    broken = report(mcpconf)
    found = told(broken)
    mine = [one for one in found if one["id"] == name]
    assert mine, found
    # Several things may be worth knowing of one set-up; of what is wrong with it there is one.
    assert all(one["level"] == "info" for one in found) or found == mine
    assert all(one["text"] and one["mend"] for one in mine)
    for one in mine:
        named = re.match(r"mcpconf ([a-z]+)", one["mend"]["command"])
        assert named is None or named[1] in dict(COMMANDS)
    if all(one["mend"]["safe"] and not one["mend"]["command"].startswith("docker") for one in mine):
        mended_and_taken_back(mcpconf, broken, name)


def mended_and_taken_back(mcpconf: World, broken: Any, name: str) -> None:
    """What `--fix` does alone mends the set-up, once, and touches nothing else; `undo` gives the broken one back."""
    before = without_state(tree(mcpconf.home))
    mcpconf("doctor", "--fix", "--dry-run", code=0 if broken["healthy"] else 1)
    assert without_state(tree(mcpconf.home)) == before

    fixed = mcpconf("doctor", "--fix", "--json").json
    assert fixed["mended"]
    assert all(one["done"] and one["ids"] == [name] for one in fixed["mended"])
    assert [one["level"] for one in fixed["findings"] if one["id"] == name] == ["ok"]
    after = without_state(tree(mcpconf.home))
    touched = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert touched <= _paths(broken) or _switches(broken)

    state = without_logs(tree(mcpconf.home))
    assert mcpconf("doctor", "--fix", "--json").json["mended"] == []
    assert without_logs(tree(mcpconf.home)) == state  # the second time changes nothing

    mcpconf("undo")
    assert without_state(tree(mcpconf.home)) == before
    again = report(mcpconf)
    about = [[one["about"] for one in each["findings"] if one["id"] == name] for each in (again, broken)]
    assert about[0] == about[1]


def test_every_mend_that_undo_takes_back_is_among_the_set_ups() -> None:
    """Else nothing above has mended anything."""
    assert {"MC205", "MC206", "MC212"} <= {one.values[1] for one in BROKEN}


@pytest.mark.parametrize("build", HEALTHY)
def test_a_healthy_set_up_is_not_warned_of(build: Build, mcpconf: World) -> None:
    build(mcpconf.home, mcpconf)
    found = report(mcpconf)
    assert found["healthy"]
    assert not [one for one in found["findings"] if one["level"] in ("warning", "error")]


def test_there_are_enough_of_both() -> None:
    assert len(BROKEN) >= 30
    assert len(HEALTHY) >= 5


def test_no_set_up_is_for_a_check_that_is_not_there() -> None:
    assert {one.values[1] for one in BROKEN} <= {check.id for check in CHECKS}


def without_logs(found: Tree) -> Tree:
    """What is no wrapper's log: that grows with each start."""
    return {path: value for path, value in found.items() if not path.endswith(".log")}


def without_state(found: Tree) -> Tree:
    """What is not our own record of what was done."""
    kept = without_logs(found).items()
    return {path: value for path, value in kept if path != ".local" and not path.startswith(".local/state")}


def _paths(broken: Any) -> set[str]:
    """The files and directories that a mend may touch: those that its finding names."""
    safe = [one for one in broken["findings"] if one["mend"] and one["mend"]["safe"]]
    named = {word for one in safe for word in (one["about"], *one["evidence"])}
    return {word.removeprefix("~/") for word in named}


def _switches(broken: Any) -> bool:
    """Whether a profile is applied anew: then it is the profile that says what is touched."""
    mends = [one["mend"]["command"] for one in broken["findings"] if one["mend"] and one["mend"]["safe"]]
    return any(command.startswith("mcpconf switch") for command in mends)


def test_every_action_is_one_that_can_be_done() -> None:
    assert set(ACTIONS) == {"chmod", "rmdir", "bom", "switch", "remove-containers"}
