"""`config.toml` as people and programs damage it: refused with its place, or edited all the same; never lost."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from mcpconf.errors import Refused
from mcpconf.model import Scope
from mcpconf.workflow.settings import Choice, load, remember
from tests.cli.conftest import World

DAMAGED = {
    b"projects = 5": "config.toml: projects is no table",
    b"projects = []": "config.toml: projects is no table",
    b"projects = { a = 5 }": "config.toml: [projects.'a'] is no table",
    b"targets = 5": "config.toml: [targets] is no table",
    b"[targets]\nclients = 5": "config.toml: clients in [targets] is no list of names",
    b"[targets]\nscope = []": "config.toml: there is no scope []",
    b"a=" + b"[" * 50_000: "config.toml: it is nested too deeply",
    b"a = " + b"1" * 6000: "config.toml: a number in it has too many digits",
    b"[targets]\n# \xff": "config.toml:2:3: byte 0xff is not valid UTF-8",
    b"[targets]\nscope =": "config.toml:2:8: not valid TOML",
    b"[targets]\n\n[targets": "config.toml:3:9: not valid TOML",
    b"#" * (1 << 20) + b"##": "config.toml: is larger than 1 MB",
}


@pytest.mark.parametrize("raw", DAMAGED, ids=range(len(DAMAGED)))
def test_damaged_settings_are_refused_with_their_place(mcpconf: World, raw: bytes) -> None:
    path = mcpconf.home / ".config/mcpconf/config.toml"
    path.parent.mkdir(parents=True)
    path.write_bytes(raw)
    before = mcpconf.tree()
    for command in ("switch minimal", "switch minimal --client claude-code", "diff minimal", "init --yes"):
        said = mcpconf(*command.split(), code=4).err
        assert DAMAGED[raw] in said
        assert "nothing was changed" in said
        assert f"mv {path} {path}.old" in said or "--scope" in said
    assert mcpconf.tree() == before


def test_settings_that_are_no_file_are_refused(tmp_path: Path) -> None:
    assert load(None, str(tmp_path / "config.toml")) == load(b"", "")
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(Refused, match="is a directory, not a regular file; nothing was changed"):
        load(None, str(tmp_path / "config.toml"))


LOCAL = Choice(scope=Scope.LOCAL)
LAYOUTS = [
    b"",
    b"# mine\n",
    b"projects = {}\n",
    b"projects = {} # mine",
    b'projects = { "/a" = { scope = "project" } }\n',
    b'projects."/a".scope = "project"\n',
    b'projects."/p".scope = "project"\n',
    b'projects."/p" = {}\n',
    b"[projects]\n",
    b'[projects]\n"/p" = { scope = "project" }\n',
    b'[projects."/p"]\nclients = ["claude-code"]\n',
    b'targets = { scope = "user" }\n',
    b'targets.scope = "user"\nprojects."/a" = {}\n',
    b'[projects."/a"]\nscope = "local"\n[targets]\nscope = "user"\n[projects."/b"]\nscope = "local"\n',
]


@pytest.mark.parametrize("raw", LAYOUTS)
@pytest.mark.parametrize("project", ["/p", None])
def test_a_choice_is_remembered_in_any_layout(raw: bytes, project: str | None) -> None:
    known = load(raw, "")
    choice = LOCAL if project else Choice(("claude-code",), Scope.USER)
    after = load(remember(raw, choice, project, here="/p"), "")
    if project:
        assert after.projects["/p"].scope is Scope.LOCAL
        assert after.everywhere == known.everywhere
    else:
        assert after.everywhere == choice
        assert "/p" not in after.projects
    others = {name: one for name, one in known.projects.items() if name != "/p"}
    assert {name: one for name, one in after.projects.items() if name != "/p"} == others
    assert b"# mine" in remember(raw, choice, project, here="/p") or b"# mine" not in raw


def test_what_the_editor_can_not_take_is_written_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: str) -> None:
        raise AssertionError(text)

    raw = b'[projects."/a"]\nclients = ["claude-code"]\n'
    monkeypatch.setattr("tomlkit.parse", broken)
    for choice, project in ((LOCAL, "/p"), (Choice(("claude-desktop",)), None)):
        written = remember(raw, choice, project, here="/p")
        assert tomllib.loads(written.decode())["projects"]["/a"] == {"clients": ["claude-code"]}
        assert load(written, "") != load(raw, "")
    assert remember(b"", Choice(), None, here="/p") == b""


def test_an_inline_table_of_projects_takes_a_local_scope(mcpconf: World) -> None:
    root = mcpconf.project("p")
    path = mcpconf.home / ".config/mcpconf/config.toml"
    path.parent.mkdir(parents=True)
    path.write_text("projects = {}\n")
    mcpconf("switch", "minimal", "--scope", "local")
    assert tomllib.loads(path.read_text())["projects"][str(root)] == {"scope": "local"}
