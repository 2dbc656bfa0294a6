"""`mcpconf export devcontainer` as a command: what it finds, refuses, prints, and all ways back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import World, mcpconf, programs

__all__ = ["mcpconf", "programs"]

EXPORT = ("export", "devcontainer")
TEXT = """\
// mine
{
  "image": "debian:12", // pinned
  "containerEnv": { "A": "b" },
  "postCreateCommand": "make"
}
"""


@pytest.fixture
def world(mcpconf: World, monkeypatch: pytest.MonkeyPatch) -> World:
    mcpconf.project("p")
    return mcpconf


@pytest.fixture
def file(world: World) -> Path:
    """A devcontainer.json where most have it."""
    path = world.work / "p/.devcontainer/devcontainer.json"
    path.parent.mkdir()
    path.write_text(TEXT)
    return path


def test_it_adds_its_lines_and_names_no_path_of_this_machine(world: World, file: Path) -> None:
    err = world(*EXPORT, "--profile", "container").err

    written = file.read_text()
    assert written.startswith('// mine\n{\n  "image": "debian:12", // pinned\n')
    assert "source=${localEnv:" in written
    assert str(world.home) not in written
    assert "init --yes --no-input --profile container" in written
    assert "postCreateCommand becomes an object" in err
    assert "written; the container has to be rebuilt" in err


def test_remove_undo_and_uninstall_give_every_byte_back(world: World, file: Path) -> None:
    world(*EXPORT)
    written = file.read_text()
    world(*EXPORT, "--remove")
    assert file.read_text() == TEXT
    world("undo")
    assert file.read_text() == written
    world("undo")
    assert file.read_text() == TEXT
    world(*EXPORT)
    world("uninstall")
    assert file.read_text() == TEXT
    world("undo")
    assert file.read_text() == written
    world("uninstall", "--purge", "--yes")
    assert file.read_text() == TEXT
    assert not world.state.exists()


@pytest.mark.parametrize("depth", [300, 900, 5_000, 100_000])
def test_a_file_of_any_depth_is_edited_or_refused(world: World, file: Path, depth: int) -> None:
    text = '{"image": "x", "customizations": {"a": ' + "[" * depth + "]" * depth + "}}"
    file.write_text(text)
    if depth < 1000:
        world(*EXPORT)
        assert "${localEnv:" in file.read_text()
    else:
        assert "nested too deep" in world(*EXPORT, code=4).err
    world(*EXPORT, "--remove", code=0 if depth < 1000 else 4)
    assert file.read_text() == text


def test_a_file_that_it_made_goes_with_its_directory(world: World) -> None:
    world(*EXPORT)
    path = world.work / "p/.devcontainer/devcontainer.json"
    assert json.loads(path.read_text())["image"]
    world(*EXPORT, "--remove")
    assert not path.parent.exists()


def test_a_second_time_writes_nothing_and_other_options_change_only_ours(world: World, file: Path) -> None:
    world(*EXPORT)
    first = file.read_text()
    assert "nothing to change" in world(*EXPORT).err
    assert world(*EXPORT, "--check").code == 0
    world(*EXPORT, "--check", "--no-mount-broker", code=3)
    world(*EXPORT, "--no-mount-broker")
    assert "/run/mcpconf" not in file.read_text()
    assert "initializeCommand" not in file.read_text()
    world(*EXPORT)
    assert {word.strip(",") for word in file.read_text().split()} == {word.strip(",") for word in first.split()}
    world(*EXPORT, "--remove")
    assert file.read_text() == TEXT


def test_what_was_edited_by_hand_stays(world: World, file: Path) -> None:
    world(*EXPORT)
    line = "target=/run/mcpconf,readonly"
    edited = file.read_text().replace(line, "target=/run/mcpconf").replace("init --yes", "init --yes --broker")
    file.write_text(edited)

    assert "was edited by hand, and stays" in world(*EXPORT, code=4).err
    assert file.read_text() == edited
    world(*EXPORT, "--remove", code=4)
    assert "init --yes --broker" in file.read_text()
    assert "target=/run/mcpconf" in file.read_text()
    assert "localEnv" not in file.read_text().replace("source=${localEnv", "")
    world("undo", "--force")


def test_what_the_user_changes_elsewhere_survives_the_removal(world: World, file: Path) -> None:
    world(*EXPORT)
    file.write_text(file.read_text().replace('"make"', '"make all"').replace("// mine", "// ours"))
    world(*EXPORT, "--remove")
    assert file.read_text() == TEXT.replace('"make"', '"make all"').replace("// mine", "// ours")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"image": }', "devcontainer.json:1:11: expected a value"),
        ('{"image": "a", "mounts": {}}', '"mounts" is not an array'),
        ('{"image": "a", "containerEnv": 1, "runArgs": 2}', None),
        ("[]", "the top level is not an object"),
        ('{"image": "a", "mounts": [], "mounts": []}', '"mounts" stands twice'),
    ],
)
def test_what_can_t_be_edited_is_refused_with_its_place(world: World, file: Path, text: str, said: str | None) -> None:
    file.write_text(text)
    if said is None:
        assert "does not fit the published schema, and did not before" in world(*EXPORT).err
        world(*EXPORT, "--remove")
    else:
        err = world(*EXPORT, code=4).err
        assert said in err
        assert "nothing was changed" in err
    assert file.read_text() == text


def test_several_are_not_guessed_among(world: World, file: Path) -> None:
    other = file.parent / "gpu/devcontainer.json"
    other.parent.mkdir()
    other.write_text("{}")

    err = world(*EXPORT, code=2).err
    assert ".devcontainer/devcontainer.json, .devcontainer/gpu/devcontainer.json" in err
    world(*EXPORT, ".devcontainer/gpu/devcontainer.json")
    assert "image" in other.read_text()
    assert file.read_text() == TEXT


def test_a_directory_of_several_names_its_own_file(world: World, file: Path) -> None:
    other = file.parent / "gpu/devcontainer.json"
    other.parent.mkdir()
    other.write_text("{}")

    world(*EXPORT, ".devcontainer/gpu")
    assert "image" in other.read_text()
    assert [path.name for path in other.parent.iterdir()] == [other.name]
    assert file.read_text() == TEXT


def test_a_name_that_no_tool_looks_for_makes_no_file(world: World, file: Path) -> None:
    before = world.tree()
    assert "devcontainer.jsn is not there" in world(*EXPORT, ".devcontainer/devcontainer.jsn", code=2).err
    assert world.tree() == before


@pytest.mark.parametrize("name", [".devcontainer.json", ".devcontainer/gpu/devcontainer.json"])
def test_the_other_places_are_found_too(world: World, name: str) -> None:
    path = world.work / "p" / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(TEXT)
    world(*EXPORT)
    assert path.read_text() != TEXT


def test_dry_run_and_print_write_nothing(world: World, file: Path) -> None:
    before = world.tree()
    assert '+    "main": "make",' in world(*EXPORT, "--dry-run").out
    printed = world(*EXPORT, "--print").out
    assert file.read_text() == TEXT
    assert world.tree() == before
    world(*EXPORT)
    assert file.read_text() == printed


def test_from_inside_a_container_it_says_what_it_does_not_know(
    world: World, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MCPCONF_ENV", "container")
    assert "is not known from here" in world(*EXPORT).err
    assert "source=${localEnv:XDG_RUNTIME_DIR}/mcpconf" in file.read_text()
    assert "needs a look at the machine" in world(*EXPORT, "--by", "tcp", code=1).err


def test_a_directory_that_no_variable_names_is_left_out(world: World, file: Path, tmp_path: Path) -> None:
    err = world("--config-dir", str(tmp_path / "elsewhere"), *EXPORT).err
    assert "a path of this machine is not for this file" in err
    assert str(tmp_path) not in file.read_text()


def test_the_firewall_of_claude_s_own_devcontainer_is_noticed(world: World, file: Path) -> None:
    file.write_text('{"image": "a", "runArgs": ["--cap-add=NET_ADMIN"]}')
    assert "its firewall" not in world(*EXPORT, "--dry-run").err
    (file.parent / "init-firewall.sh").write_text("")
    assert "not PyPI" in world(*EXPORT).err
    assert "its firewall" not in world(*EXPORT, "--remove").err


def test_with_compose_what_docker_run_would_be_told_is_said_for_the_compose_file(world: World, file: Path) -> None:
    file.write_text('{"dockerComposeFile": "c.yml", "service": "app", "workspaceFolder": "/w"}')
    from mcpconf.environment.devcontainer import Wanted, additions
    from mcpconf.environment.exposure import Grant

    found = additions(json.loads(file.read_text()), Wanted(grant=Grant(hosts=("h:host-gateway",))))
    assert found.compose == Grant(hosts=("h:host-gateway",))
    assert not any("runArgs" in pointer[0] for pointer in found.members)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("export",), "what is to be exported?"),
        (("export", "makefile"), "'makefile' can't be exported"),
        ((*EXPORT, "--profile", "a; rm -rf /"), "cannot name a profile"),
        (("export", "--template", "stow"), "there is no template for 'stow'"),
        (("export", "--template", "chezmoi", "--for", "vim"), "there is no script for 'vim'"),
    ],
)
def test_wrong_words_are_told(world: World, words: tuple[str, ...], said: str) -> None:
    assert said in world(*words, code=2).err
