"""The prompt's functions, the hooks and PATH in each shell, with a marker that wants to be carried out."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from mcpconf.workflow import active
from tests.real.programs import require
from tests.shell.shells import BASH, SHELL, plain

EVIL = ["\x1b]0;x\x07", "$(touch PWNED)", "`touch PWNED`", "\\[x", "%F{red}", "a b", "-n", "x" * 500, "%(1?.y.n)", "!!"]
SHELLS = ("bash", "zsh", "fish")


def run(shell: str, home: Path, cwd: Path, code: str, **more: str) -> tuple[str, str]:
    """What a shell with our file sourced prints of some code: on stdout, on stderr."""
    suffix = {"bash": "bash", "zsh": "zsh", "fish": "fish"}[shell]
    program = BASH if shell == "bash" else require(shell)
    flags = {"bash": ("--norc", "-u"), "zsh": ("-f", "-u"), "fish": ("--no-config",)}[shell]
    line = [program, *flags, "-c", f"source '{SHELL}/mcpconf.{suffix}'\n{code}"]
    done = subprocess.run(
        line, env=plain(home, **more), cwd=cwd, capture_output=True, text=True, timeout=20, check=False
    )
    return done.stdout, done.stderr


def mark(home: Path, *contexts: tuple[str, str]) -> None:
    state = home / ".local/state/mcpconf"
    state.mkdir(parents=True, exist_ok=True)
    (state / active.FILE).write_bytes(active.dump({where: active.Active(name) for where, name in contexts}))


@pytest.mark.parametrize("shell", SHELLS)
def test_the_nearest_profile_counts_and_a_shell_of_its_own_before_it(home: Path, shell: str) -> None:
    project = home / "p $(touch PWNED)/[x]*"
    project.mkdir(parents=True)
    mark(home, ("user", "work"), (f"local:{project.parent}", "here"), (f"project:{project}", "deep"))
    code = f"mcpconf_prompt; cd '{project.parent}'; mcpconf_prompt; cd '{project}'; mcpconf_prompt"
    assert run(shell, home, home, code) == ("workheredeep", "")
    inside = run(shell, home, project, "mcpconf_prompt", MCPCONF_SHELL="shell", MCPCONF_PROFILE="tried")
    assert inside == ("tried", "")
    assert run(shell, home, home, "mcpconf_prompt", XDG_STATE_HOME="relative") == ("work", "")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_marker_that_a_terminal_or_a_prompt_would_act_on_is_a_question_mark(home: Path, shell: str) -> None:
    loop = {
        "bash": "for name; do MCPCONF_PROFILE=$name; mcpconf_prompt; done",
        "zsh": "for name; do MCPCONF_PROFILE=$name; mcpconf_prompt; done",
        "fish": "for name in (string split0 <names); set -gx MCPCONF_PROFILE $name; mcpconf_prompt; end",
    }[shell]
    if shell != "fish":
        loop = (
            'names=(); while IFS= read -r -d "" name; do names+=("$name"); done <names; set -- "${names[@]}"\n' + loop
        )
    (home / "names").write_text("".join(f"{name}\0" for name in EVIL))
    assert run(shell, home, home, loop, MCPCONF_SHELL="shell") == ("?" * len(EVIL), "")
    mark(home, ("user", EVIL[1]))
    assert run(shell, home, home, "mcpconf_prompt") == ("?", "")
    assert not (home / "PWNED").exists()


def test_a_prompt_that_is_expanded_again_carries_nothing_out(home: Path) -> None:
    mark(home, ("user", "$(touch PWNED)"))
    code = r"PS1='$(mcpconf_prompt)>'; echo ${PS1@P}; PS1=\"$(mcpconf_prompt)>\"; echo ${PS1@P}"
    assert run("bash", home, home, code.replace('\\"', '"'))[0] == "?>\n?>\n"
    assert run("zsh", home, home, "setopt prompt_subst; PS1='$(mcpconf_prompt)>'; print -P $PS1")[0] == "?>\n"
    assert not (home / "PWNED").exists()


@pytest.mark.parametrize("shell", SHELLS)
def test_the_hook_is_off_unless_asked_and_then_says_the_command_once(home: Path, shell: str) -> None:
    project = home / "p"
    (project / ".mcpconf").mkdir(parents=True)
    (project / "deep").mkdir()
    (project / ".mcpconf/profile").write_text("team\n")
    mark(home, ("user", "work"))
    turn = "\n" if shell != "bash" else '; eval "${PROMPT_COMMAND-}"; eval "${PROMPT_COMMAND-}"\n'
    code = f"cd '{project}'{turn}cd '{home}'{turn}"
    line = "mcpconf: this directory asks for the profile team; to use it: mcpconf allow\n"
    assert run(shell, home, home, code) == ("", "")
    assert run(shell, home, home, code, MCPCONF_HOOK="1") == ("", line)
    (project / ".mcpconf/profile").write_text("\x1b[31m$(touch PWNED)\n")
    assert run(shell, home, home, code, MCPCONF_HOOK="1") == ("", "")
    mark(home, ("user", "work"), (f"local:{project}", "team"))
    (project / ".mcpconf/profile").write_text("team")
    assert run(shell, home, home, code, MCPCONF_HOOK="1") == ("", "")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("byte", [b"a", b"\0"], ids=["letters", "NULs"])
def test_a_file_of_any_size_does_not_hold_up_the_hook(home: Path, shell: str, byte: bytes) -> None:
    (home / "p/.mcpconf").mkdir(parents=True)
    (home / "p/.mcpconf/profile").write_bytes(byte * 20_000_000)  # which was 4 to 15 s to each of them
    turn = '; eval "${PROMPT_COMMAND-}"' if shell == "bash" else ""
    began = time.monotonic()
    assert run(shell, home, home, f"cd '{home}/p'{turn}", MCPCONF_HOOK="1") == ("", "")
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("shell", SHELLS)
def test_local_bin_comes_last_and_only_where_mcpconf_is(home: Path, shell: str) -> None:
    show = {"fish": "string join : $PATH"}.get(shell, 'echo "$PATH"')
    assert run(shell, home, home, show)[0] == "/nonexistent\n"
    program = home / ".local/bin/mcpconf"
    program.parent.mkdir(parents=True)
    program.write_text("")
    program.chmod(0o755)
    assert run(shell, home, home, show)[0] == f"/nonexistent:{program.parent}\n"
    assert run(shell, home, home, show, PATH=f"{program.parent}:/x")[0] == f"{program.parent}:/x\n"


def test_starship_can_call_it_by_the_plainest_shell(home: Path) -> None:
    mark(home, ("user", "work"))
    line = ["/bin/sh", "-c", f". '{SHELL}/mcpconf-prompt.sh'; mcpconf_prompt"]
    done = subprocess.run(line, env=plain(home), cwd=home, capture_output=True, text=True, timeout=20, check=True)
    assert (done.stdout, done.stderr) == ("work", "")


def test_powershell_is_written_but_was_never_run() -> None:
    text = (SHELL / "mcpconf.ps1").read_text("utf-8")
    assert "It was never run on a real\n# PowerShell" in text
    assert "Register-ArgumentCompleter -Native -CommandName mcpconf" in text
    assert text.isascii()
