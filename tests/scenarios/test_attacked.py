"""What an attack on the whole command found, each kept from coming back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mcpconf.commit import exchange
from mcpconf.workflow.diff import tilde
from tests.commit.stage import replacing
from tests.scenarios.conftest import World


def test_parallel_adds_lose_nothing_that_was_reported(home: Path, mcpconf: World) -> None:
    mcpconf("server", "add", "s0", "-q", "--", "/bin/true")
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "mcpconf", "server", "add", f"s{i}", "-q", "--", "/bin/true"],
            stderr=subprocess.DEVNULL,
        )
        for i in range(1, 7)
    ]
    done = [i for i, process in enumerate(running, 1) if process.wait(timeout=60) == 0]

    assert done
    text = (home / ".config/mcpconf/profiles/default.toml").read_text()
    entries = json.loads((home / ".claude.json").read_text())["mcpServers"]
    for i in done:
        assert f"[servers.s{i}]" in text
        assert f"s{i}" in entries


def test_uninstall_takes_out_what_a_killed_first_run_had_written(home: Path, mcpconf: World) -> None:
    mcpconf("init", "--yes")
    state = home / ".local/state/mcpconf"
    files = json.loads((state / "ledger.json").read_text())["files"]
    (state / "pending.json").write_text(json.dumps({"mark": "0123456789ab", "files": files}))
    (state / "ledger.json").unlink()

    mcpconf("uninstall")

    assert not (home / ".claude.json").exists()


@pytest.mark.parametrize("words", [["status"], ["--config-dir", "x", "status"], ["profile", "validate", "x.toml"]])
def test_a_directory_that_is_gone_is_said_to_be(tmp_path: Path, home: Path, words: list[str]) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    program = f"import os, sys; os.rmdir(os.getcwd()); from mcpconf.cli.main import main; sys.exit(main({words}))"
    done = subprocess.run([sys.executable, "-c", program], cwd=gone, capture_output=True, text=True, check=False)

    assert done.returncode in (1, 4)
    assert "the current directory does not exist any more" in done.stderr
    assert not list(home.iterdir())


def test_what_lost_against_a_third_program_is_kept_and_named(mcpconf: World) -> None:
    mcpconf("switch", "minimal")
    real = exchange.exchange
    writes = iter([b'{"theirs": 1}', b'{"mcpServers": {}, "later": 2}'])

    def meanwhile(first: str, second: str) -> bool:
        raw = next(writes, None)
        if raw is not None:
            replacing(mcpconf.claude, raw)
        return real(first, second)

    mcpconf.patch.setattr(exchange, "exchange", meanwhile)
    told = mcpconf("switch", "essentials").err
    (kept,) = (mcpconf.home / ".local/state/mcpconf/rescued").iterdir()
    assert kept.read_bytes() == b'{"theirs": 1}'
    assert f"the version that lost is kept: ~/.local/state/mcpconf/rescued/{kept.name}" in told.replace("\n  ", " ")
    assert b'"later": 2' in mcpconf.claude.read_bytes()


@pytest.mark.parametrize("spelled", ["{}/", "{}/.", "{}//../home"])
def test_a_home_is_the_same_however_it_is_spelled(
    mcpconf: World, monkeypatch: pytest.MonkeyPatch, spelled: str
) -> None:
    mcpconf.profile("minimal", '[servers.mine]\ncommand = "myserver"\n', mcpconf.home / ".mcpconf")
    mcpconf("switch", "minimal")
    before = mcpconf.tree()
    monkeypatch.setenv("HOME", spelled.format(mcpconf.home))
    monkeypatch.chdir(mcpconf.home)
    assert "every file is in step" in mcpconf("switch", "minimal").err
    assert mcpconf.tree() == before
    assert "--- ~/.claude.json\n" in mcpconf("uninstall", "--dry-run").out


@pytest.mark.parametrize(
    ("path", "home", "shown"),
    [
        ("/home/u/x", "/home/u", "~/x"),
        ("/home/u", "/home/u", "~"),
        ("/home/user/x", "/home/u", "/home/user/x"),
        ("/srv/x", "/", "~/srv/x"),
    ],
)
def test_a_path_below_the_home_is_shown_from_there(path: str, home: str, shown: str) -> None:
    assert tilde(path, home) == shown


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every name is text")
@pytest.mark.parametrize("scope", ["local", "project"])
def test_a_project_whose_path_is_no_text_is_refused(
    mcpconf: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scope: str
) -> None:
    odd = os.fsencode(tmp_path) + b"/w\xff"
    os.mkdir(odd)
    monkeypatch.chdir(os.fsdecode(odd))
    assert "nothing was changed" in mcpconf("switch", "minimal", "--scope", scope, code=4).err
    assert mcpconf.tree() == {}
    assert os.listdir(odd) == []
    mcpconf("switch", "minimal")
