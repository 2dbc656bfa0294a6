"""`run` and `switch --shell`: what the command sees, how it ends, and that no client's file was touched."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import signal
import stat
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mcpconf.workflow import isolated
from tests.cli.conftest import Process
from tests.scenarios.conftest import World, tree

CLAUDE = '#!/bin/sh\nfor word; do printf "%s\\n" "$word"; done\nenv >"$HOME/../env"\n'
SECRET = '[servers.x]\ncommand = "myserver"\nenv = { TOKEN = "secret:TOKEN", PLACE = "${HOME}" }\n'


class Became(Exception):
    """What the process would have become."""


@pytest.fixture
def became(monkeypatch: pytest.MonkeyPatch) -> None:
    def execve(path: str, argv: list[str], env: Mapping[str, str]) -> None:
        raise Became(path, argv, env)

    monkeypatch.setattr(os, "execve", execve)
    monkeypatch.setattr(signal, "signal", lambda *_: None)


@pytest.fixture
def claude(programs: Path) -> Path:
    path = programs / "claude"
    path.write_text(CLAUDE)
    path.chmod(0o755)
    return path


def start(*argv: str) -> tuple[str, list[str], dict[str, str]]:
    """What a command line becomes."""
    from mcpconf.cli import run as module
    from mcpconf.cli.parse import parse

    with pytest.raises(Became) as found:
        parse(module.console.take_globals(list(argv)))
    path, words, env = found.value.args
    return path, words, env


def read(path: str | Path) -> Any:
    return json.loads(Path(path).read_bytes())


@pytest.mark.usefixtures("became")
def test_claude_is_given_the_profile_by_a_private_file_and_nothing_else_changes(mcpconf: World, claude: Path) -> None:
    mcpconf.profile("mine", SECRET)
    mcpconf("switch", "minimal")
    mcpconf("secret", "set", "TOKEN", stdin="hunter2-hunter2")
    before = {name: one for name, one in tree(mcpconf.home).items() if not name.startswith(".local")}
    wrapped = tree(mcpconf.home / ".local/share/mcpconf")
    active = (mcpconf.state / "active").read_bytes()
    path, words, env = start("run", "-p", "mine", "--", "claude", "-p", "a b", "--verbose")
    file = Path(words[2])
    assert (path, words) == (str(claude), ["claude", "--mcp-config", str(file), "--strict-mcp-config", *words[4:]])
    assert words[4:] == ["-p", "a b", "--verbose"]
    assert (stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(file.parent.stat().st_mode)) == (0o600, 0o700)
    entry = read(file)["mcpServers"]["x"]
    assert os.access(entry["command"], os.X_OK)
    assert (env["MCPCONF_PROFILE"], env["MCPCONF_SHELL"]) == ("mine", "run")
    assert "CLAUDE_CONFIG_DIR" not in env
    assert "hunter2" not in file.read_text() + " ".join(words) + " ".join(env.values())
    assert {name: one for name, one in tree(mcpconf.home).items() if not name.startswith(".local")} == before
    after = tree(mcpconf.home / ".local/share/mcpconf")
    assert {name: after[name] for name in wrapped} == wrapped
    assert (mcpconf.state / "active").read_bytes() == active
    assert mcpconf("status").code == 0


@pytest.mark.usefixtures("became", "claude")
def test_a_second_run_of_the_same_profile_writes_nothing(mcpconf: World) -> None:
    mcpconf.profile("mine", SECRET)
    first = start("run", "-p", "mine", "--", "claude")[1]
    before = tree(mcpconf.home)
    assert start("run", "-p", "mine", "--", "claude")[1] == first
    assert tree(mcpconf.home) == before


@pytest.mark.usefixtures("became", "claude")
def test_another_definition_of_the_same_server_is_another_file(mcpconf: World) -> None:
    mcpconf.profile("mine", SECRET)
    mcpconf("switch", "mine")
    theirs = mcpconf.servers()["x"]["command"]
    standing = Path(theirs).parent.joinpath("data", "mcp-x").read_bytes()
    mcpconf.profile("mine", SECRET.replace("PLACE", "OTHER"))
    ours = read(start("run", "-p", "mine", "--", "claude")[1][2])["mcpServers"]["x"]["command"]
    assert ours != theirs
    assert Path(theirs).parent.joinpath("data", "mcp-x").read_bytes() == standing


@pytest.mark.usefixtures("became", "claude")
def test_what_was_not_used_for_a_week_goes_when_another_one_is_made(mcpconf: World) -> None:
    mcpconf.profile("mine", SECRET)
    old = Path(start("run", "-p", "mine", "--", "claude")[1][2])
    link = Path(read(old)["mcpServers"]["x"]["command"])
    past = time.time() - isolated.KEPT - 60
    os.utime(old, (past, past))
    new = Path(start("run", "-p", "minimal", "--", "claude")[1][2])
    assert (new.exists(), old.exists(), link.exists()) == (True, False, False)


@pytest.mark.usefixtures("became", "claude")
def test_uninstall_leaves_nothing_of_it(mcpconf: World) -> None:
    mcpconf.profile("mine", SECRET)
    before = tree(mcpconf.home)
    start("run", "-p", "mine", "--isolated", "--", "claude")
    mcpconf("uninstall", "--purge", "--yes")
    assert not mcpconf.state.exists()
    assert set(tree(mcpconf.home)) <= set(before)


@pytest.mark.usefixtures("became")
def test_anything_else_gets_a_directory_in_which_all_but_the_servers_is_the_users(mcpconf: World) -> None:
    theirs = mcpconf.home / ".claude"
    (theirs / "projects").mkdir(parents=True)
    (theirs / "settings.json").write_text('{"model": "x"}')
    (theirs / ".credentials.json").write_text("{}")
    said = {
        "oauthAccount": {"a": 1},
        "mcpServers": {"old": {"command": "x"}},
        "projects": {"/p": {"mcpServers": {"y": {}}}},
    }
    mcpconf.claude.write_text(json.dumps(said))
    before = tree(mcpconf.home)
    _, words, env = start("run", "-p", "minimal", "--", "myserver", "--flag")
    assert words == ["myserver", "--flag"]
    own = Path(env["CLAUDE_CONFIG_DIR"])
    assert env["CLAUDE_SECURESTORAGE_CONFIG_DIR"] == str(theirs)
    assert {path.name for path in own.iterdir()} == {"projects", "settings.json", ".claude.json"}
    assert (own / "settings.json").readlink() == theirs / "settings.json"
    found = read(own / ".claude.json")
    assert set(found.pop("mcpServers")) == {"mcpconf"}
    assert found == {"oauthAccount": {"a": 1}, "projects": {"/p": {}}}
    assert stat.S_IMODE((own / ".claude.json").stat().st_mode) == 0o600
    assert {name: one for name, one in tree(mcpconf.home).items() if name in before} == before


@pytest.mark.usefixtures("became")
def test_what_claude_noted_down_there_is_kept_and_a_file_of_its_own_is_said(mcpconf: World) -> None:
    (mcpconf.home / ".claude").mkdir()
    (mcpconf.home / ".claude/settings.json").write_text("{}")
    own = Path(start("run", "-p", "minimal", "--", "myserver")[2]["CLAUDE_CONFIG_DIR"])
    (own / ".claude.json").write_text('{"numStartups": 3, "mcpServers": {}}')
    (own / "settings.json").unlink()
    (own / "settings.json").write_text('{"model": "y"}')
    mcpconf.capture.readouterr()
    start("run", "-p", "minimal", "--", "myserver")
    assert "settings.json of this profile's own directory is no link" in mcpconf.capture.readouterr().err
    assert read(own / ".claude.json")["numStartups"] == 3
    assert set(read(own / ".claude.json")["mcpServers"]) == {"mcpconf"}
    assert (own / "settings.json").read_text() == '{"model": "y"}'


@pytest.mark.usefixtures("became")
def test_a_shell_with_a_profile_is_the_users_own_and_holds_no_second_one(mcpconf: World) -> None:
    mcpconf.patch.setenv("SHELL", "/bin/sh")
    mcpconf.patch.setenv("CLAUDE_CONFIG_DIR", str(mcpconf.home / "elsewhere"))
    assert "no previous profile" in mcpconf("switch", "--shell", "-", code=2).err
    path, words, env = start("switch", "--shell", "minimal")
    assert (path, words, env["MCPCONF_SHELL"]) == ("/bin/sh", ["/bin/sh"], "shell")
    assert not (mcpconf.home / "elsewhere").exists()
    for name in ("MCPCONF_SHELL", "MCPCONF_PROFILE", "CLAUDE_CONFIG_DIR", "MCPCONF_OUTER_CONFIG_DIR"):
        mcpconf.patch.setenv(name, env[name])
    assert "leave it first" in mcpconf("switch", "--shell", "minimal", code=4).err
    assert mcpconf("current").out == "minimal\n"
    mcpconf("switch", "essentials")  # mcpconf works on the user's own files, there as everywhere
    assert "filesystem" in read(mcpconf.home / "elsewhere/.claude.json")["mcpServers"]
    assert set(read(Path(env["CLAUDE_CONFIG_DIR"]) / ".claude.json")["mcpServers"]) == {"mcpconf"}


def test_mistakes_start_nothing_and_say_so(mcpconf: World) -> None:
    assert "nothing was started" in mcpconf("run", "-p", "minimal", "--", "nonesuch", code=127).err
    assert "mcpconf run -p NAME" in mcpconf("run", "-p", "minimal", code=2).err
    assert "behind --" in mcpconf("run", "-p", "minimal", "myserver", "--verbose", code=2).err
    assert "no profile named" in mcpconf("run", "-p", "nope", "--", "myserver", code=1).err
    assert "stands alone" in mcpconf("switch", "--shell", "minimal", "--check", code=2).err
    project = mcpconf.project("p")
    mcpconf.profile("its", SECRET, project / ".mcpconf")
    assert "is not trusted" in mcpconf("run", "-p", "its", "--", "myserver", code=4).err
    mcpconf.claude.write_text("{ broken")
    assert ".claude.json" in mcpconf("run", "-p", "minimal", "--isolated", "--", "myserver", code=4).err
    assert mcpconf.claude.read_text() == "{ broken"


@pytest.mark.usefixtures("became", "claude")
def test_servers_that_are_not_to_be_had_are_named(mcpconf: World) -> None:
    mcpconf.profile("half", 'extends = "minimal"\n[servers.lost]\ntoolkit = "x"\n')
    for words in (("run", "-p", "half", "--", "claude"), ("switch", "--shell", "half")):
        start(*words)
        told = mcpconf.capture.readouterr().err
        assert "half: 1 of 2 servers here, without lost\n" in told
        assert "mcpconf switch half --dry-run" in told


def test_a_real_command_ends_as_if_it_was_started_directly(process: Process, home: Path) -> None:
    def run(script: str) -> subprocess.CompletedProcess[bytes]:
        return process("-q", "run", "-p", "minimal", "--", "bash", "-c", script)

    done = run("echo out; echo err >&2; exit 7")
    assert (done.returncode, done.stdout, done.stderr) == (7, b"out\n", b"err\n")
    assert run("kill -TERM $$").returncode == -signal.SIGTERM
    assert run("yes | head -1 >/dev/null; echo ${PIPESTATUS[0]}").stdout == b"141\n"  # SIGPIPE is not ignored


def test_the_terminal_is_the_commands_own(home: Path) -> None:
    """^C reaches it, and the size of the window."""
    terminal, inner = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 77, 0, 0))
    begin = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
    script = 'trap "echo caught; exit 9" INT; stty size; echo ready; while :; do read -r _; done'
    line = [sys.executable, "-m", "mcpconf", "-q", "run", "-p", "minimal", "--", "bash", "-c", script]
    env = {"HOME": str(home), "PATH": os.environ["PATH"], "MCPCONF_ENV": "host"}
    with subprocess.Popen(
        [sys.executable, "-c", begin, *line],
        env=env,
        stdin=inner,
        stdout=inner,
        stderr=inner,
        start_new_session=True,
    ) as started:
        os.close(inner)
        seen, deadline = b"", time.monotonic() + 30
        while b"ready" not in seen:
            assert time.monotonic() < deadline, seen
            seen += os.read(terminal, 1024)
        # Again and again: one that comes just before bash begins to read is kept by it until a line comes.
        while started.poll() is None:
            assert time.monotonic() < deadline, seen
            os.write(terminal, b"\x03")
            with contextlib.suppress(subprocess.TimeoutExpired):
                started.wait(0.2)
        assert started.returncode == 9
    os.close(terminal)
    assert b"33 77" in seen


def test_completion_prints_what_ships(mcpconf: World) -> None:
    root = Path(__file__).resolve().parents[2] / "shell"
    for shell, file in (("bash", "mcpconf.bash"), ("fish", "mcpconf.fish"), ("direnv", "mcpconf-direnv.sh")):
        assert mcpconf("completion", shell).out == (root / file).read_text()
    assert "powershell" in mcpconf("completion", "tcsh", code=2).err
