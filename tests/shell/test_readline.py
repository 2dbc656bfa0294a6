"""Bash with a keyboard: what a TAB puts on the line, and what the command is then given."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import time
from pathlib import Path

import pytest

from tests.real.programs import unavailable
from tests.shell.shells import BASH, SHELL

LOADER = Path("/usr/share/bash-completion/bash_completion")


def typed(home: Path, cwd: Path, out: Path, *lines: str, before: str = "") -> list[list[str]]:
    """What `mcpconf` was given by each of these lines, typed with their TABs."""
    setup = home / "setup.bash"
    setup.write_text(
        f'{before}\n. {SHELL}/mcpconf.bash\nPS1=\nmcpconf() {{ printf "%s\\0" "$@" "" >>"{out}"; }}\n'
        f'bind "set bell-style none"\nunset PROMPT_COMMAND\nprintf "\\0" >>"{out}"\n'
    )
    out.write_bytes(b"")
    terminal, inner = pty.openpty()
    env = {"HOME": str(home), "PATH": os.environ["PATH"], "TERM": "dumb", "LC_ALL": "C.UTF-8"}
    shell = subprocess.Popen(
        [BASH, "--noprofile", "--rcfile", setup, "-i"],
        env=env,
        cwd=cwd,
        stdin=inner,
        stdout=inner,
        stderr=inner,
        start_new_session=True,
    )
    os.close(inner)
    os.set_blocking(terminal, False)
    try:
        for count, line in enumerate(("", *lines)):
            os.write(terminal, f"{line}\n".encode() if line else b"")
            deadline = time.monotonic() + 20
            while out.read_bytes().count(b"\0\0") + out.read_bytes().startswith(b"\0") < count + 1:
                assert time.monotonic() < deadline, (line, out.read_bytes())
                with contextlib.suppress(OSError):
                    os.read(terminal, 65536)
                time.sleep(0.002)
        found = out.read_bytes().decode().removeprefix("\0").split("\0\0")[:-1]
        return [one.split("\0") for one in found]
    finally:
        shell.kill()
        shell.wait()
        os.close(terminal)


@pytest.mark.parametrize("before", ["", f". {LOADER}", "shopt -s failglob; set -f"])
def test_a_tab_writes_a_word_that_the_command_is_given_as_it_is(home: Path, tmp_path: Path, before: str) -> None:
    if str(LOADER) in before and not LOADER.exists():
        unavailable("bash-completion is missing (./shell/test.sh installs it where it can)")
    work = tmp_path / "work"
    (work / "odd $(touch PWNED) dir").mkdir()
    lines = (
        "mcpconf swi\tmini\t--dry\t",
        "mcpconf init --client=claude-d\t",
        "mcpconf --config-dir od\t st\t",
        "mcpconf zz\t",
    )
    given = typed(home, work, tmp_path / "given", *lines, before=before)
    assert given[:2] == [["switch", "minimal", "--dry-run"], ["init", "--client=claude-desktop"]]
    assert given[2][:2] == ["--config-dir", "odd $(touch PWNED) dir/"] or before.endswith("set -f")
    assert given[3] == ["zz"]
    assert not list(tmp_path.rglob("PWNED"))
