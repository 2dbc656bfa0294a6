"""What `--json` prints is a contract: one schema for each kind, in docs/schemas."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.cli.conftest import World

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = {path.stem: json.loads(path.read_text()) for path in sorted((ROOT / "docs/schemas").glob("*.json"))}


def check(kind: str, value: Any) -> Any:
    """Assert that a value is of a kind; give it back."""
    errors = [f"{error.json_path}: {error.message}" for error in Draft202012Validator(SCHEMAS[kind]).iter_errors(value)]
    assert not errors
    assert value["schema"] == f"mcpconf.{kind}/1"
    return value


def parts(schema: Any) -> Iterator[Any]:
    """A schema and all that it is made of."""
    if isinstance(schema, dict):
        yield schema
        for value in schema.values():
            yield from parts(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from parts(value)


@pytest.mark.parametrize("kind", SCHEMAS)
def test_a_schema_is_valid_closed_and_demands_every_member(kind: str) -> None:
    schema = SCHEMAS[kind]
    Draft202012Validator.check_schema(schema)
    assert schema["title"] == f"mcpconf.{kind}/1"
    assert schema["properties"]["schema"] == {"const": f"mcpconf.{kind}/1"}
    objects = [part for part in parts(schema) if part.get("type") == "object"]
    for one in objects:
        if "properties" in one:
            assert one["additionalProperties"] is False
            assert set(one["required"]) == set(one["properties"])
        else:
            assert one["additionalProperties"] == {"type": "string"}


def test_every_kind_that_is_printed_has_a_schema_and_no_other() -> None:
    source = "".join(path.read_text() for path in (ROOT / "mcpconf/cli").rglob("*.py"))
    assert set(re.findall(r'as_json\("([a-z]+)"', source)) == set(SCHEMAS)


@pytest.fixture
def lived(mcpconf: World) -> World:
    """A home where things have happened: a profile of one's own, a switch, an undo, a secret, an import to do."""
    mcpconf.profile(
        "mine",
        'description = "Mine"\nextends = "minimal"\n'
        '[servers.notes]\ncommand = "myserver"\nargs = ["--token", "hunter2"]\n'
        'env = { API_KEY = "hunter2", A = "${B:-c}" }\n'
        '[servers.far]\nurl = "https://me:hunter2@example.com/mcp?key=hunter2"\n'
        'headers = { Authorization = "Bearer hunter2" }\n'
        '[servers.boxed]\nimage = "example/boxed"\n'
        '[servers.kit]\ntoolkit = "fetch"\n'
        '[servers.off]\ncommand = "nowhere-to-be-found"\ndisabled = true\n'
        '[servers.gone]\ncommand = "nowhere-to-be-found"\n',
    )
    mcpconf.profile("bad", 'description = "x"\nwrong = 1\n')
    mcpconf.claude.write_text('{"mcpServers": {"theirs": {"command": "x", "env": {"MY_TOKEN": "hunter2"}}}}')
    mcpconf("switch", "minimal")
    mcpconf("switch", "mine")
    mcpconf("undo")
    mcpconf("switch", "mine")
    mcpconf("secret", "set", "MY_KEY", stdin="hunter2\n")
    return mcpconf


COMMANDS = [
    ("switch minimal", "switch", 0),
    ("switch mine", "switch", 0),
    ("switch minimal --dry-run", "plan", 0),
    ("switch minimal --check", "plan", 3),
    ("switch", "profiles", 0),
    ("init --yes", "switch", 0),
    ("init --dry-run", "plan", 0),
    ("diff minimal", "plan", 0),
    ("diff", "plan", 0),
    ("current", "current", 0),
    ("status", "status", 0),
    ("history", "history", 0),
    ("undo --dry-run", "undo", 0),
    ("undo", "undo", 0),
    ("uninstall --dry-run", "uninstall", 0),
    ("uninstall", "uninstall", 0),
    ("uninstall --purge --yes", "uninstall", 0),
    ("doctor --no-network", "doctor", 1),
    ("env", "env", 0),
    ("env --explain", "env", 0),
    ("--env wsl env", "env", 0),
    ("profile ls", "profiles", 0),
    ("profile show", "profile", 0),
    ("profile show docker", "profile", 0),
    ("server ls", "servers", 0),
    ("server ls --profile web", "servers", 0),
    *((f"server show {name}", "server", 0) for name in ("mcpconf", "notes", "far", "boxed", "kit", "off")),
    ("server test notes", "probe", 1),
    ("server test kit", "probe", 1),
    ("server test far", "probe", 1),
    ("server test mcpconf", "probe", 0),
    ("tools", "tools", 1),
    ("tools mcpconf", "tools", 0),
    ("tools mcpconf env", "tools", 0),
    ("tools notes", "tools", 1),
    ("call mcpconf env", "call", 0),
    ("server add more --yes -e A=b --package pypi:more==1", "switch", 0),
    ("server add more --no-apply --url https://example.com/", "edit", 0),
    ("server add more --dry-run --url https://example.com/", "edit", 0),
    ("server rm notes", "switch", 0),
    ("server rm notes --no-apply", "edit", 0),
    ("server disable notes", "switch", 0),
    ("server enable off", "switch", 0),
    ("server disable mcpconf --no-apply", "edit", 0),
    ("secret ls", "secrets", 0),
    ("broker status", "broker", 6),
    ("broker key ls", "keys", 0),
    ("trust", "trust", 0),
    ("dotfiles install --dry-run", "dotfiles", 0),
    ("dotfiles install", "dotfiles", 0),
    ("dotfiles install --profile bad", "dotfiles", 1),
    ("dotfiles status", "dotfiles", 1),
    ("dotfiles uninstall", "dotfiles", 0),
    ("import --dry-run", "import", 0),
    ("import", "import", 0),
]


@pytest.mark.parametrize(("command", "kind", "code"), COMMANDS, ids=[command for command, _, _ in COMMANDS])
def test_what_a_command_prints_is_of_its_kind_and_holds_no_secret(
    lived: World, command: str, kind: str, code: int
) -> None:
    shown = lived(*command.split(), "--json", code=code)
    check(kind, shown.json)
    assert "hunter2" not in shown.out + shown.err
    assert str(lived.home) not in re.sub(r'"(seen|docker|socat|bash|node|npx|uvx?|pipx)": "[^"]*"', "", shown.out)


def test_a_status_with_drift_a_conflict_and_a_deleted_profile(lived: World) -> None:
    lived.claude.write_text(lived.claude.read_text().replace('"serve"', '"serve", "x"').replace('"notes"', '"noted"'))
    states = {
        e["name"]: e["state"]
        for e in check("status", lived("status", "--json", code=1).json)["contexts"][0]["targets"][0]["entries"]
    }
    assert states["mcpconf"] == "edited by hand"
    assert states["notes"] == "missing"
    (lived.home / ".config/mcpconf/profiles/mine.toml").unlink()
    context = check("status", lived("status", "--json", code=1).json)["contexts"][0]
    assert "mine" in context["error"]
    assert check("plan", lived("diff", "minimal", "--json").json)["conflicts"][0]["reason"] == "edited"


def test_a_foreign_entry_in_the_way_is_in_the_plan(mcpconf: World) -> None:
    mcpconf.claude.write_text('{\n "mcpServers": {\n  "mcpconf": {"command": "theirs"}}}')
    plan = check("plan", mcpconf("switch", "minimal", "--dry-run", "--json", code=4).json)
    assert plan["conflicts"] == [
        {"client": "claude-code", "path": "~/.claude.json", "line": 3, "name": "mcpconf", "reason": "foreign"}
    ]


def test_nothing_is_active_and_nothing_was_done(mcpconf: World) -> None:
    assert check("current", mcpconf("current", "--json", code=1).json)["profile"] is None
    assert check("status", mcpconf("status", "--json").json)["contexts"] == []
    assert check("history", mcpconf("history", "--json").json)["generations"] == []
    assert check("trust", mcpconf("trust", "--json").json)["profiles"] == []
    assert check("uninstall", mcpconf("uninstall", "--json").json)["changed"] is False


def test_what_was_done_can_be_found_again(mcpconf: World) -> None:
    done = check("switch", mcpconf("switch", "minimal", "--json").json)
    assert done["summary"] == "+1 ~0 -0"
    assert done["changed"] is True
    last = check("history", mcpconf("history", "--json").json)["generations"][-1]
    assert last["id"] == done["generation"]
    assert last["changes"] == [{"path": "~/.claude.json", "name": "mcpconf", "action": "add"}]
    again = check("switch", mcpconf("switch", "minimal", "--json").json)
    assert (again["changed"], again["generation"]) == (False, None)


def test_a_project_that_brings_a_profile(mcpconf: World) -> None:
    root = mcpconf.project("shared")
    mcpconf.profile("team", '[servers.x]\ncommand = "myserver"\n', root / ".mcpconf")
    (found,) = check("trust", mcpconf("trust", "--json").json)["profiles"]
    assert (found["name"], found["trusted"]) == ("team", False)
