"""Which files a shell reads at its start, and the block that they get: it names no machine's path, since repositories
track such files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from mcpconf.document.block import SHELL, marked
from mcpconf.record import dataclass

_POSIX = '"${XDG_DATA_HOME:-$HOME/.local/share}/mcpconf/shell/mcpconf.%s"'
_FISH = """\
set -q XDG_DATA_HOME[1]; and set -l mcpconf_data $XDG_DATA_HOME; or set -l mcpconf_data $HOME/.local/share
if test -r $mcpconf_data/mcpconf/shell/mcpconf.fish; source $mcpconf_data/mcpconf/shell/mcpconf.fish; end"""
_POWERSHELL = """\
$mcpconf = if ($env:XDG_DATA_HOME) { $env:XDG_DATA_HOME } else { Join-Path $HOME '.local/share' }
if (Test-Path "$mcpconf/mcpconf/shell/mcpconf.ps1") { . "$mcpconf/mcpconf/shell/mcpconf.ps1" }"""
SHELLS = ("bash", "zsh", "fish", "powershell")


@dataclass(frozen=True, slots=True)
class Rc:
    """A file that a shell reads. `name` is how a repository calls it; `made`: it is made where it is not there."""

    shell: str
    path: str
    name: str
    made: bool = False


def body(shell: str) -> str:
    """What stands between the marks."""
    if shell == "fish":
        return _FISH
    if shell == "powershell":
        return _POWERSHELL
    script = _POSIX % shell
    return f"if [ -r {script} ]; then . {script}; fi"


def block(shell: str) -> bytes:
    """The block with its marks."""
    return marked(body(shell), SHELL)


def rc_files(
    platform: str, home: str, env: Mapping[str, str], login: str, exists: Callable[[str], bool]
) -> tuple[Rc, ...]:
    """The files that get a block: those that are there, and that of the login shell (`login`: its program)."""
    shell = login.rstrip("/").rpartition("/")[2]
    config = env.get("XDG_CONFIG_HOME", "")
    config = config if config.startswith("/") else f"{home}/.config"
    found = (*_posix(platform, home, env, shell, exists), *_others(platform, home, config, shell, exists))
    return tuple(one for one in found if one.made or exists(one.path))


def _posix(platform: str, home: str, env: Mapping[str, str], shell: str, exists: Callable[[str], bool]) -> Iterator[Rc]:
    if platform == "windows":
        return
    # A terminal on macOS starts login shells, which read .bash_profile alone; that one often reads .bashrc.
    profile = platform == "darwin" and (exists(f"{home}/.bash_profile") or not exists(f"{home}/.bashrc"))
    name = ".bash_profile" if profile else ".bashrc"
    yield Rc("bash", f"{home}/{name}", name, shell == "bash")
    zdotdir = env.get("ZDOTDIR", "")
    yield Rc("zsh", f"{zdotdir.rstrip('/') if zdotdir.startswith('/') else home}/.zshrc", ".zshrc", shell == "zsh")


def _others(platform: str, home: str, config: str, shell: str, exists: Callable[[str], bool]) -> Iterator[Rc]:
    if platform != "windows":
        wanted = shell == "fish" or exists(f"{config}/fish")
        yield Rc("fish", f"{config}/fish/conf.d/mcpconf.fish", "mcpconf.fish", wanted)
    directory = f"{home}/Documents/PowerShell" if platform == "windows" else f"{config}/powershell"
    name = "Microsoft.PowerShell_profile.ps1"
    yield Rc("powershell", f"{directory}/{name}", name)
