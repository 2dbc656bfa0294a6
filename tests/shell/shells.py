"""Real shells at work: what each of them would offer at a TAB, asked in its own way."""

from __future__ import annotations

import contextlib
import os
import pty
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.real.programs import require

SHELL = Path(__file__).resolve().parents[2] / "shell"
BASH = shutil.which("bash") or "bash"
NOWHERE = "/nonexistent"  # a PATH on which there is no program: whatever is started is a failure

BASH_WORDS = r"""
. "$1"; shift
COMP_WORDS=(mcpconf "$@") COMP_CWORD=$# COMP_TYPE=${COMP_TYPE-9}
_mcpconf
[ ${#COMPREPLY[@]} -eq 0 ] || printf '%s\0' "${COMPREPLY[@]}"
"""


def plain(home: Path, **more: str) -> dict[str, str]:
    """An environment with nothing of the caller's."""
    return {"HOME": str(home), "PATH": NOWHERE, "LC_ALL": "C.UTF-8", "TERM": "dumb", **more}


def _words(env: dict[str, str], cwd: Path, *argv: str) -> str:
    done = subprocess.run(argv, env=env, cwd=cwd, capture_output=True, text=True, timeout=20, check=True)
    assert done.stderr == ""
    return done.stdout


class Bash:
    """bash, by what readline gives a completion function."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def offers(self, cwd: Path, *words: str, **more: str) -> list[str]:
        # Readline cuts words at the equals sign.
        cut = [part for word in words for part in (word.replace("=", "\0=\0").split("\0") if "=" in word else [word])]
        cut = cut[:-1] if len(cut) > 1 and cut[-1] == "" and words[-1] != "" else cut
        argv = (BASH, "--norc", "-u", "-c", BASH_WORDS, "_", str(SHELL / "mcpconf.bash"), *cut)
        return _words(plain(self.home, **more), cwd, *argv).split("\0")[:-1]


class Fish:
    """fish, by `complete -C`."""

    def __init__(self, home: Path) -> None:
        self.home, self.program = home, require("fish")

    def offers(self, cwd: Path, *words: str, **more: str) -> list[str]:
        code = "source $argv[1]; complete -C $argv[2]"
        argv = (self.program, "--no-config", "-c", code, str(SHELL / "mcpconf.fish"), " ".join(["mcpconf", *words]))
        lines = _words(plain(self.home, **more), cwd, *argv).splitlines()
        found = [line.split("\t")[0] for line in lines]
        return [word.split("=", 1)[1] if "=" in words[-1] else word for word in found]


_ZSH = r"""
PS1= RPS1=; unsetopt beep; autoload -Uz compinit; compinit -u -D; source "$SCRIPT"
compadd() {
  local -a hits
  if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)\ * ]]; then
    builtin compadd -A hits "$@"; print -rN -- $hits >>$OUT
  fi
  builtin compadd "$@"
}
asked() { print -rN -- END >>$OUT; BUFFER= }
zle -N asked; bindkey '^I' complete-word; bindkey '^G' asked; print -rN -- END >>$OUT
"""


class Zsh:
    """zsh on a terminal of its own, with compinit; what it adds to its list of matches goes to a file as well."""

    def __init__(self, home: Path, cwd: Path, out: Path, **more: str) -> None:
        self.program, self.out = require("zsh"), out
        (out.parent / "setup.zsh").write_text(_ZSH)
        self.out.write_bytes(b"")
        self.terminal, inner = pty.openpty()
        env = plain(home, OUT=str(out), SCRIPT=str(SHELL / "mcpconf.zsh"), **more)
        self.process = subprocess.Popen(
            [self.program, "-f", "-i"],
            env=env,
            cwd=cwd,
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
        )
        os.close(inner)
        self.type(f". {out.parent}/setup.zsh\n")
        self.answer()

    def type(self, text: str) -> None:
        os.write(self.terminal, text.encode())

    def answer(self) -> list[str]:
        """What was added until the end was marked."""
        deadline = time.monotonic() + 20
        while not (raw := self.out.read_bytes()).endswith(b"END\0"):
            assert time.monotonic() < deadline, raw
            with contextlib.suppress(OSError):
                os.set_blocking(self.terminal, False)
                os.read(self.terminal, 65536)  # else its output fills up
            time.sleep(0.002)
        self.out.write_bytes(b"")
        return [word for word in raw.decode().split("\0")[:-2] if word]

    def offers(self, cwd: Path, *words: str) -> list[str]:
        self.type(" ".join(["mcpconf", *words]) + "\t\x07")
        return self.answer()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)


@contextlib.contextmanager
def zsh(home: Path, cwd: Path, out: Path, **more: str) -> Iterator[Zsh]:
    """One that is gone at the end."""
    one = Zsh(home, cwd, out, **more)
    try:
        yield one
    finally:
        one.close()


def joined(words: Sequence[str]) -> str:
    return " ".join(sorted(words))
