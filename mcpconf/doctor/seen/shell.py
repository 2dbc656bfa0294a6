"""What a new shell has of mcpconf: the program, the variables, and what start-up files load."""

from __future__ import annotations

from mcpconf.record import dataclass


@dataclass(frozen=True, slots=True)
class Program:
    """An `mcpconf` on PATH. `real` is the file behind all links; `version` None where it was not asked."""

    path: str
    real: str
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """A line of a shell's start-up file that loads a file of ours which is not there."""

    path: str
    line: int
    what: str


@dataclass(frozen=True, slots=True)
class Block:
    """A block of ours in a start-up file: why it is `torn`, or the file that it loads and that is `gone`."""

    path: str
    line: int
    torn: str | None = None
    gone: str | None = None


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable that is no good: why, what mends it, and whether something fails by it."""

    name: str
    text: str
    mend: str
    fails: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """`link` is where install.sh puts the command, None where it did not; `on_path` whether a shell finds it there.

    `unstartable` names launchers of ours and what each starts, which is gone; `rc` is the shell's start-up file.
    """

    link: str | None = None
    on_path: bool = True
    unstartable: tuple[tuple[str, str], ...] = ()
    programs: tuple[Program, ...] = ()
    loaded: tuple[Loaded, ...] = ()
    blocks: tuple[Block, ...] = ()
    variables: tuple[Variable, ...] = ()
    rc: str = "~/.bashrc"
