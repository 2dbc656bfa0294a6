"""A secret's value stands in the secrets file and nowhere else."""

from __future__ import annotations

import json
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.scenarios.conftest import World

VALUE = "correct-horse-battery-staple-4711"
PROFILE = """
[servers.direct]
command = "myserver"
env = { API_TOKEN = "secret:API_TOKEN" }
[servers.argument]
command = "myserver"
args = ["--api-key", "secret:API_TOKEN"]
[servers.remote]
url = "https://example.com/mcp"
headers = { Authorization = "Bearer ${secret:API_TOKEN}" }
"""


def holders(world: World) -> set[str]:
    """Every file that has the value in it."""
    found = [path for path in [*world.home.rglob("*"), *world.work.rglob("*")] if path.is_file()]
    return {str(path.relative_to(world.home)) for path in found if VALUE.encode() in path.read_bytes()}


def files(world: World) -> dict[str, bytes]:
    """Every file of the home."""
    return {path: data for path, (kind, _, data) in world.tree().items() if kind != "directory"}


def test_set_list_and_forget(mcpconf: World) -> None:
    mcpconf("secret", "set", "B", stdin="two\n")
    mcpconf("secret", "set", "A", stdin="one\r\n")
    path = mcpconf.home / ".local/share/mcpconf/secrets"
    assert path.read_bytes() == b"B=two\0A=one\0"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert mcpconf("secret", "ls").out == "A  file\nB  file\n"
    listed = mcpconf("secret", "ls", "--json").json
    assert (listed["names"], listed["places"]) == (["A", "B"], {"A": "file", "B": "file"})
    mcpconf("secret", "rm", "B")
    assert path.read_bytes() == b"A=one\0"
    mcpconf("secret", "rm", "B", code=1)


@pytest.mark.parametrize(("name", "value"), [("a-b", "x"), ("1A", "x"), ("A", ""), ("A", "x\0y"), ("", "x")])
def test_what_cannot_be_a_secret_is_refused_and_nothing_is_written(mcpconf: World, name: str, value: str) -> None:
    mcpconf("secret", "set", name, code=1, stdin=value)
    assert not (mcpconf.home / ".local/share/mcpconf/secrets").exists()


def test_the_value_is_never_an_argument(mcpconf: World) -> None:
    mcpconf("secret", "set", "A", VALUE, code=2)
    assert mcpconf.tree() == {}


def test_the_value_is_in_no_other_file_and_in_no_output(mcpconf: World) -> None:
    mcpconf.desktop.parent.mkdir(parents=True)
    mcpconf.claude.write_text("{}")
    said = [mcpconf("secret", "set", "API_TOKEN", stdin=VALUE + "\n")]
    mcpconf.profile("s", PROFILE)
    for line in (
        "switch s",
        "status",
        "status --json",
        "diff s",
        "diff minimal",
        "switch s --dry-run --route direct",
        "switch s --json",
        "profile show s",
        "profile show s --json",
        "server show argument",
        "server ls",
        "switch minimal",
        "switch -",
        "history --json",
        "secret ls",
        "env --json",
        "undo",
        "undo --dry-run",
        "uninstall --dry-run",
        "switch s",
    ):
        said.append(mcpconf(*line.split()))
    assert holders(mcpconf) == {".local/share/mcpconf/secrets"}
    mcpconf("uninstall")
    assert holders(mcpconf) == {".local/share/mcpconf/secrets"}
    assert all(VALUE not in one.out + one.err for one in said)


def test_both_clients_start_the_wrapper_where_a_secret_must_be_filled_in(mcpconf: World) -> None:
    mcpconf.profile("s", PROFILE)
    mcpconf("switch", "s", "--client", "claude-code", "--client", "claude-desktop")
    wrapper = str(mcpconf.home / ".local/share/mcpconf/wrapper/")
    for name in ("direct", "argument"):
        assert mcpconf.servers()[name] == {"type": "stdio", "command": f"{wrapper}/mcp-{name}", "args": []}
        assert mcpconf.servers(mcpconf.desktop)[name]["command"].startswith(wrapper)
    assert mcpconf.servers()["remote"]["headers"] == {"Authorization": "Bearer ${API_TOKEN}"}
    assert "${" not in mcpconf.desktop.read_text()


def test_the_wrapper_hands_the_value_to_the_server(mcpconf: World, programs: Path, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    server = programs / "myserver"
    server.write_text(f'#!/bin/bash\nprintf "%s|%s" "$API_TOKEN" "$*" >{seen}\n')
    mcpconf("secret", "set", "API_TOKEN", stdin=VALUE)
    mcpconf.profile("s", PROFILE)
    mcpconf("switch", "s")
    for name, expected in (("direct", f"{VALUE}|"), ("argument", f"|--api-key {VALUE}")):
        done = subprocess.run(
            [mcpconf.servers()[name]["command"]],
            env={"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(mcpconf.home)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert seen.read_text() == expected
        assert VALUE not in done.stdout + done.stderr


IMPORTED = {
    "mcpServers": {
        "hub": {"command": "myserver", "env": {"HUB_TOKEN": VALUE, "MODE": "fast"}},
        "web": {"type": "http", "url": "https://example.com/mcp", "headers": {"Authorization": f"Bearer {VALUE}"}},
        "cli": {"command": "myserver", "args": ["--api-key", VALUE, f"--token={VALUE}", "plain"]},
        "odd": {"command": "myserver", "surprise": 1},
    }
}


def test_import_moves_literal_secrets_out_of_the_profile(mcpconf: World) -> None:
    mcpconf.claude.write_text(json.dumps(IMPORTED))
    before = mcpconf.claude.read_bytes()
    told = mcpconf("import", "--profile", "mine")
    assert VALUE not in told.out + told.err
    assert "odd stays where it is: a profile has no place for surprise" in told.err
    assert mcpconf.claude.read_bytes() == before
    text = (mcpconf.home / ".config/mcpconf/profiles/mine.toml").read_text()
    assert VALUE not in text
    assert "secret:HUB_TOKEN" in text
    assert 'MODE = "fast"' in text
    assert holders(mcpconf) == {".claude.json", ".local/share/mcpconf/secrets"}


def test_import_adopt_takes_the_secret_out_of_the_clients_file_and_uninstall_gives_it_back(mcpconf: World) -> None:
    mcpconf.claude.write_text(json.dumps(IMPORTED))
    before = mcpconf.claude.read_bytes()
    told = mcpconf("import", "--profile", "mine", "--adopt")
    assert VALUE not in told.out + told.err
    assert VALUE not in mcpconf.claude.read_text()
    assert mcpconf.servers()["odd"] == IMPORTED["mcpServers"]["odd"]
    assert mcpconf("current").out == "mine\n"
    mcpconf("uninstall")
    assert mcpconf.claude.read_bytes() == before


def test_import_does_not_overwrite_a_secret_of_the_same_name(mcpconf: World) -> None:
    mcpconf("secret", "set", "HUB_TOKEN", stdin="another one")
    mcpconf.claude.write_text(json.dumps(IMPORTED))
    mcpconf("import", "--profile", "mine")
    raw = (mcpconf.home / ".local/share/mcpconf/secrets").read_bytes()
    assert b"HUB_TOKEN=another one\0" in raw
    assert f"HUB_HUB_TOKEN={VALUE}\0".encode() in raw
    assert "secret:HUB_HUB_TOKEN" in (mcpconf.home / ".config/mcpconf/profiles/mine.toml").read_text()


def test_import_dry_run_writes_nothing(mcpconf: World) -> None:
    mcpconf.claude.write_text(json.dumps(IMPORTED))
    before = mcpconf.tree()
    told = mcpconf("import", "--dry-run")
    assert VALUE not in told.out + told.err
    assert mcpconf.tree() == before


def test_import_into_a_profile_that_is_there_must_be_allowed(mcpconf: World) -> None:
    path = mcpconf.profile("mine", '# mine\n[servers.a]\ncommand = "myserver"\n')
    mcpconf.claude.write_text(json.dumps(IMPORTED))
    mcpconf("import", "--profile", "mine", code=2)
    mcpconf("import", "--profile", "mine", "--yes")
    assert path.read_text().startswith('# mine\n[servers.a]\ncommand = "myserver"\n')
    assert "[servers.hub]" in path.read_text()


def test_import_of_a_malformed_file_changes_nothing(mcpconf: World) -> None:
    mcpconf.claude.write_text('{"mcpServers": {"a": {"command": "x"}} // c\n}')
    before = mcpconf.tree()
    assert f"{mcpconf.claude}:1:" in mcpconf("import", code=4).err
    assert mcpconf.tree() == before


def test_portable_entries_name_no_home_and_the_wrapper_for_every_server(mcpconf: World) -> None:
    mcpconf("switch", "essentials", "--portable")
    for name, entry in mcpconf.servers().items():
        if name != "mcpconf":
            assert entry["command"] == "${HOME}/.local/share/mcpconf/wrapper/mcp-" + name
    mcpconf("uninstall", "--purge", "--yes")
    assert mcpconf.tree() == {}


def test_a_wrapper_that_cannot_be_linked_leaves_everything_as_it_was(mcpconf: World) -> None:
    mcpconf.profile("s", PROFILE)
    mcpconf("switch", "minimal")
    before = files(mcpconf)

    def refuse(target: str, path: str) -> None:
        raise PermissionError(1, "Operation not permitted")

    mcpconf.patch.setattr("os.symlink", refuse)
    assert "the system does not permit it" in mcpconf("switch", "s", code=1).err
    assert files(mcpconf) == before


ODD = {
    "no-object": ["x"],
    "no-command": {"args": ["x"]},
    "number": {"command": 7},
    "stray": {"command": "x", "args": ["${not a reference}"]},
    "args": {"command": "x", "args": "one"},
    "env": {"command": "x", "env": ["A=1"]},
    "env-number": {"command": "x", "env": {"A": 1}},
    "transport": {"type": "carrier-pigeon", "url": "https://example.com"},
    "a name with spaces": {"command": "x"},
    "timeout": {"command": "x", "timeout": "soon"},
}


@pytest.mark.parametrize("name", ODD)
def test_an_entry_that_a_profile_cannot_say_stays_where_it_is_and_is_named(mcpconf: World, name: str) -> None:
    mcpconf.claude.write_text(json.dumps({"mcpServers": {"good": {"command": "myserver"}, name: ODD[name]}}))
    told = mcpconf("import", "--profile", "mine").err
    assert f"claude-code (user): {name} stays where it is: " in told
    assert mcpconf("server", "ls", "--profile", "mine", "--json").json["servers"][0]["name"] == "good"


def test_what_may_be_a_secret_and_has_no_name_is_told_of(mcpconf: World) -> None:
    entries = {
        "remote": {"type": "http", "url": f"https://example.com/mcp?key={VALUE}"},
        "local": {"command": "myserver", "args": [f"postgres://me:{VALUE}@db/x", ""], "env": {"EMPTY_TOKEN": ""}},
    }
    mcpconf.claude.write_text(json.dumps({"mcpServers": entries}))
    told = mcpconf("import", "--profile", "mine")
    for name in entries:
        assert f"{name}: what may be a secret stands in the profile as it was" in told.err
    assert VALUE not in told.out + told.err


@pytest.mark.parametrize(
    ("args", "after"),
    [
        (["--api-key", VALUE], ["--api-key", "secret:S_API_KEY"]),
        ([f"--token={VALUE}"], ["--token=${secret:S_TOKEN}"]),
        (["-e", f"HUB_TOKEN={VALUE}"], ["-e", "HUB_TOKEN=${secret:S_HUB_TOKEN}"]),
        ([f"--env=HUB_TOKEN={VALUE}"], ["--env=HUB_TOKEN=${secret:S_HUB_TOKEN}"]),
        (["-H", f"Authorization: {VALUE}"], ["-H", "Authorization: ${secret:S_AUTHORIZATION}"]),
        (["--api-key", "${API_KEY}"], ["--api-key", "${API_KEY}"]),
        (["--key", VALUE, "--key", VALUE + "2"], ["--key", "secret:S_KEY", "--key", "secret:S_KEY_2"]),
        (["--verbose", "plain"], ["--verbose", "plain"]),
    ],
)
def test_secrets_in_arguments_are_moved_by_the_name_beside_them(
    mcpconf: World, args: list[str], after: list[str]
) -> None:
    mcpconf.claude.write_text(json.dumps({"mcpServers": {"s": {"command": "myserver", "args": args}}}))
    mcpconf("import", "--profile", "mine")
    text = (mcpconf.home / ".config/mcpconf/profiles/mine.toml").read_text()
    assert tomllib.loads(text)["servers"]["s"]["args"] == after
    assert holders(mcpconf) <= {".claude.json", ".local/share/mcpconf/secrets"}


NEEDY = """
[servers.one]
command = "myserver"
env = { API_TOKEN = "secret:API_TOKEN", AREA = "${AREA}", PLACE = "${PLACE:-here}" }
[servers.two]
command = "myserver"
args = ["${secret:API_TOKEN}"]
[servers.off]
command = "myserver"
args = ["${secret:OTHER}"]
disabled = true
"""


def needed(world: World, *argv: str) -> dict[str, str]:
    """What a switch says is not set, and what sets it."""
    notes = world("switch", "n", "--json", *argv).json["notes"]
    return {note["text"]: note["hint"] for note in notes if "not set" in note["text"]}


def test_switch_says_which_server_needs_what_is_set_nowhere_and_what_sets_it(mcpconf: World) -> None:
    mcpconf.profile("n", NEEDY)
    assert needed(mcpconf) == {
        "one, two: secret:API_TOKEN is not set": "mcpconf secret set API_TOKEN",
        "one: ${AREA} is not set": "export AREA before the client starts, or give it a default, as in ${AREA:-}",
    }
    told = mcpconf("switch", "n", "--dry-run").err
    assert "one, two: secret:API_TOKEN is not set\n    try: mcpconf secret set API_TOKEN\n" in told


@pytest.mark.parametrize("where", ["environment", "file", "keyring"])
def test_switch_says_nothing_of_what_is_set(mcpconf: World, where: str) -> None:
    mcpconf.profile("n", NEEDY)
    mcpconf.patch.setenv("AREA", "")
    if where == "environment":
        mcpconf.patch.setenv("API_TOKEN", VALUE)
    elif where == "file":
        mcpconf("secret", "set", "API_TOKEN", stdin=VALUE)
    else:
        index = mcpconf.home / ".local/share/mcpconf/keyring"
        index.parent.mkdir(parents=True)
        index.write_bytes(b"run=/usr/bin/mcpconf\0name=API_TOKEN\0")
    assert needed(mcpconf) == {}


def test_an_empty_variable_is_no_secret_and_switch_says_so(mcpconf: World) -> None:
    mcpconf.profile("n", NEEDY)
    mcpconf.patch.setenv("API_TOKEN", "")
    assert "one, two: secret:API_TOKEN is not set" in needed(mcpconf)


def test_a_damaged_secrets_file_does_not_stop_a_switch(mcpconf: World) -> None:
    mcpconf.profile("n", NEEDY)
    path = mcpconf.home / ".local/share/mcpconf/secrets"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no record")
    assert "the secrets file is damaged" in mcpconf("switch", "n").err
    assert set(mcpconf.servers()) == {"one", "two"}


@pytest.mark.parametrize("content", [b"name=A", b"what=A\0", b"name=a-b\0", b"A\0"])
def test_a_damaged_list_of_what_is_in_the_keyring_is_told(mcpconf: World, content: bytes) -> None:
    path = mcpconf.home / ".local/share/mcpconf/keyring"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert "the list of the secrets in the keyring is damaged" in mcpconf("secret", "ls", code=1).err
