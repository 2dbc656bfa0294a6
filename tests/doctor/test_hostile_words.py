"""What a stranger's project says can neither hang the doctor nor become a part of a command to copy."""

from __future__ import annotations

import json
import shlex
import time

from mcpconf.cli.main import main
from mcpconf.doctor.expansion import expanded
from mcpconf.workflow.diff import tilde_command
from tests.cli.conftest import World

EVIL = "X;touch $(id -un)"


def test_references_without_an_end_are_no_work() -> None:
    text = "${A}" + "${" * 500_000
    begun = time.monotonic()
    assert expanded(text, {"A": "b"}) == ("b" + "${" * 500_000, ())
    assert time.monotonic() - begun < 2.0


def test_a_name_is_one_word_of_the_command_that_is_told(mcpconf: World) -> None:
    mcpconf.claude.write_text(json.dumps({"mcpServers": {"a": {"command": "${" + EVIL + "}"}}}))
    assert _mends(mcpconf, "entries", "MC313") == [f"export {shlex.quote(EVIL)}=...; then restart Claude Code"]


def test_a_files_name_is_one_word_of_the_command_that_is_told(mcpconf: World) -> None:
    mcpconf.claude.write_text("{}")
    mcpconf.claude.with_name(f".claude.json.corrupted.{EVIL}").write_text("{")
    (told,) = _mends(mcpconf, "files", "MC213")
    words = shlex.split(told)
    assert len(words) == 3
    assert words[1].endswith(f".corrupted.{EVIL}")


def _mends(world: World, group: str, check: str) -> list[str]:
    world.capture.readouterr()
    assert main(["doctor", "--json", "--only", group]) in (0, 1)
    found = json.loads(world.capture.readouterr().out)["findings"]
    return [one["mend"]["command"] for one in found if one["id"] == check and one["mend"]]


def test_a_shell_fills_in_the_home_of_a_command_that_is_shown() -> None:
    assert tilde_command("chmod 600 '/home/u/a b'", "/home/u") == "chmod 600 ~/'a b'"
    assert tilde_command("chmod 600 /home/u/a", "/home/u") == "chmod 600 ~/a"
