"""Look at what shells find and load. Start-up files are read, never run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from mcpconf.doctor.look.variables import odd_variables
from mcpconf.doctor.seen.shell import Block, Loaded, Program, Shell
from mcpconf.document.block import SHELL, Torn, find
from mcpconf.dotfiles.rc import rc_files
from mcpconf.workflow.app import App
from mcpconf.workflow.shell_files import directory

SECONDS = 3.0  # for a program to tell its version
MOST = 4  # programs of our name that are asked
RC = (".bashrc", ".bash_profile", ".profile", ".zshrc", ".zprofile", ".config/fish/config.fish")
# `source FILE` or `. FILE` at the beginning of a command.
LOADS = re.compile(r"""(?:^|[;&|({]|\bthen\b)\s*(?:source|\.)\s+(?P<what>"[^"]*"|'[^']*'|[^\s;&|)]+)""")
KNOWN = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
SHEBANG = 256  # bytes: what the kernel reads of it
PROGRAM = "mcpconf"


def look(app: App, *, ask: bool) -> Shell:
    """What MC05x judge. With `ask` each program of our name tells its version, where there are several."""
    link = os.path.join(app.system.home, ".local", "bin", PROGRAM)
    found = _found(app)
    there = app.system.exists(link)
    return Shell(
        link=link if there else None,
        on_path=bool(found) or not there,
        unstartable=tuple(_unstartable(app, [link, *found] if there else found)),
        programs=_programs(app, found, ask=ask),
        loaded=tuple(_loaded(app)),
        blocks=tuple(_blocks(app)),
        variables=tuple(odd_variables(app)),
        rc={"zsh": "~/.zshrc", "fish": "~/.config/fish/config.fish"}.get(_shell(app), "~/.bashrc"),
    )


def _shell(app: App) -> str:
    return os.path.basename(app.system.env.get("SHELL", ""))


def _found(app: App) -> list[str]:
    """Every `mcpconf` on PATH, the first one first; also one that can't be started."""
    directories = dict.fromkeys(one for one in app.system.env.get("PATH", "").split(os.pathsep) if os.path.isabs(one))
    paths = (os.path.join(one, PROGRAM) for one in directories)
    return [path for path in paths if app.system.exists(path) and not app.system.is_dir(path)]


def _programs(app: App, found: list[str], *, ask: bool) -> tuple[Program, ...]:
    real = {path: app.system.realpath(path) for path in found}
    first: dict[str, str] = {}
    for path in found:
        first.setdefault(real[path], path)
    ask = ask and len(first) > 1
    return tuple(Program(path, at, _version(app, path) if ask else None) for at, path in list(first.items())[:MOST])


def _version(app: App, path: str) -> str | None:
    said = app.system.run([path, "--version"], timeout=SECONDS)
    words = said.out.split() if said is not None and said.code == 0 else []
    return words[1] if len(words) == 2 and words[0] == PROGRAM else None


def _unstartable(app: App, paths: list[str]) -> Iterator[tuple[str, str]]:
    """Launchers whose program, or whose program's interpreter, is gone."""
    for path in dict.fromkeys(paths):
        real = app.system.realpath(path)
        if not app.system.exists(real):
            yield path, real
            continue
        raw = (app.system.read(real) or b"")[:SHEBANG]
        words = raw[2:].split(b"\n")[0].decode("utf-8", "replace").split() if raw.startswith(b"#!") else []
        if words and os.path.isabs(words[0]) and not app.system.exists(app.system.realpath(words[0])):
            yield path, words[0]


def _loaded(app: App) -> Iterator[Loaded]:
    """Files of ours that start-up files load, and that are not there."""
    for name in RC:
        path = os.path.join(app.system.home, name)
        raw = app.system.read(path)
        if raw is None or PROGRAM.encode() not in raw:
            continue
        for number, line in enumerate(raw.decode("utf-8", "replace").splitlines(), 1):
            what = _loads(app, line)
            if what is not None and not app.system.exists(app.system.realpath(what)):
                yield Loaded(path, number, what)


def _blocks(app: App) -> Iterator[Block]:
    """Blocks of `dotfiles install` that are torn, or load what is not there."""
    shells = {os.path.join(app.system.home, name): "zsh" if "zsh" in name else "bash" for name in RC}
    rcs = rc_files(app.system.platform, app.system.home, app.system.env, "", app.system.exists)
    for path, shell in {**shells, **{one.path: one.shell for one in rcs}}.items():
        raw = app.system.read(path) or b""
        try:
            found = find(raw, SHELL) if SHELL.begin in raw or SHELL.end in raw else None
        except Torn as torn:
            yield Block(path, torn.line, torn=str(torn))
            continue
        file = os.path.join(directory(app), "mcpconf.ps1" if shell == "powershell" else f"mcpconf.{shell}")
        if found is not None and not app.system.exists(app.system.realpath(file)):
            yield Block(path, found.line, gone=file)


def _loads(app: App, line: str) -> str | None:
    """The file of ours that a line loads in any case: one that looks first whether it is there is careful enough."""
    if line.lstrip().startswith("#") or PROGRAM not in line or re.search(r"\[|\btest\b|\|\|", line):
        return None
    found = LOADS.search(line)
    if found is None:
        return None
    what = found["what"].strip("\"'")
    if what.startswith("~/"):
        what = app.system.home + what[1:]
    what = KNOWN.sub(lambda name: _value(app, name[1] or name[2]), what)
    return what if os.path.isabs(what) and "$" not in what and PROGRAM in what else None


def _value(app: App, name: str) -> str:
    return app.system.home if name == "HOME" else app.system.env.get(name, f"${name}")
