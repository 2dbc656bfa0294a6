"""The whole command line as lines that a shell can read: a word, what it is, and its short help.

The second field says what the word is: `command` and `flag`, else it is an option (or, as `@`, an argument in its
place) that takes a value of that kind. A list of values has `value` there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mcpconf.cli.index import COMMANDS
from mcpconf.record import dataclass

MANY = "..."  # behind the kind of an argument that may be repeated
HELP = ("-h", "--help")

# What stands for a value in the help, where it says what a value is whatever the command.
_KINDS = {
    "CLIENT": "client",
    "MANAGER": "manager",
    "devcontainer": "export",
    "systemd|launchd|task|container": "service",
    "DIR": "directory",
    "DIR|URL": "directory",
    "FILE": "file",
    "GROUP": "group",
    "PATH": "file",
    "PROFILE": "profile",
    "ROUTE": "route",
    "SCOPE": "scope",
    "SERVER": "server",
    "SHELL": "shell",
    "SOURCE": "profile",
    "TOOL": "tool",
    "WAY": "way",
    "ENGINE": "engine",
    "ID": "",
}
# A NAME is one of these, by the first word of the command.
_NAMES = {"switch": "profile", "profile": "profile", "server": "server", "secret": "secret", "trust": "own"}
_NEW = {"server add", "profile new", "secret set"}  # a name that is not there yet
_SPECIAL = {
    ("doctor", "--explain"): "check",
    ("doctor", "--server"): "server",
    ("export", "--for"): "script",
    ("server add", "--toolkit"): "",
    ("profile copy", "name"): "",
    ("profile validate", "names"): "profile",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One word that may stand there; `kind` as the module says."""

    word: str
    kind: str
    text: str


Tree = Mapping[str, tuple[Line, ...]]  # by the command's words; lists of values by `=` and their kind


def tree() -> Tree:
    """Every command, sub-command and option of today, and the values that are known beforehand."""
    from mcpconf.cli.catalogue import load

    found: dict[str, tuple[Line, ...]] = {"": (*(Line(name, "command", text) for name, text in COMMANDS), *_globals())}
    for name, _ in COMMANDS:
        found.update(_commands(load(name), name))
    return found | {f"={kind}": lines for kind, lines in _values().items()}


def _globals() -> Iterator[Line]:
    yield Line("--color", "color", "When to use colours")
    yield Line("--config-dir", "directory", "Keep mcpconf's own files there")
    yield Line("--env", "env", "What this place is, if mcpconf gets it wrong")
    yield Line("--no-input", "flag", "Never ask")
    yield Line("--quiet", "flag", "Only data and errors")
    yield Line("--verbose", "flag", "Where an error came from")
    yield Line("--version", "flag", "The version")
    yield Line("--help", "flag", "Show the help")


def _commands(command: Any, path: str) -> Iterator[tuple[str, tuple[Line, ...]]]:
    inner = getattr(command, "commands", {})
    shown = {name: one for name, one in inner.items() if not one.hidden}
    subs = tuple(Line(name, "command", _short(one.get_short_help_str(200))) for name, one in shown.items())
    yield path, (*subs, *_parameters(command, path))
    for name, one in shown.items():
        yield from _commands(one, f"{path} {name}")


def _parameters(command: Any, path: str) -> Iterator[Line]:
    for param in command.params:
        if getattr(param, "hidden", False):
            continue
        if param.param_type_name == "argument":
            yield Line("@", _kind(path, param.name, param) + (MANY if param.nargs == -1 else ""), "")
            continue
        for name in (*param.opts, *param.secondary_opts):
            if name not in HELP:
                kind = "flag" if getattr(param, "is_flag", False) else _kind(path, name, param)
                yield Line(name, kind, _short(param.help or ""))


def _kind(path: str, name: str, param: Any) -> str:
    if (path, name) in _SPECIAL:
        return _SPECIAL[path, name] or "none"
    word = (param.metavar or "").removesuffix("...")
    if word.startswith("-- "):
        return "none"
    if word.split("|")[0] == "NAME" and path not in _NEW:
        return _NAMES.get(path.split(" ")[0], "none")
    return _KINDS.get(word, "") or "none"


def _short(text: str) -> str:
    """A help text on one line, without what ends it."""
    return " ".join(text.split()).removesuffix(".")


def _values() -> dict[str, tuple[Line, ...]]:
    from mcpconf.client.table import CLIENTS
    from mcpconf.doctor.catalogue import CHECKS
    from mcpconf.model import Kind, RouteName, Scope
    from mcpconf.workflow.chezmoi import APPLY, FILES, RC_FILES
    from mcpconf.workflow.service_setup import KINDS

    groups = dict.fromkeys(str(check.group) for check in CHECKS)
    return {
        "check": tuple(Line(check.id, "value", _short(check.title)) for check in CHECKS),
        "client": tuple(Line(spec.id, "value", spec.title) for spec in CLIENTS),
        "color": _plain("auto", "always", "never"),
        "engine": _plain("docker", "podman"),
        "env": _plain("auto", *(str(kind) for kind in Kind if kind in (Kind.HOST, Kind.CONTAINER))),
        "export": _plain("devcontainer"),
        "group": _plain(*groups),
        "manager": _plain("chezmoi"),
        "profile": _shipped_profiles(),
        "route": _plain("auto", *map(str, RouteName)),
        "scope": _plain(*map(str, Scope)),
        "script": _plain(*FILES, *RC_FILES, APPLY),
        "service": _plain(*KINDS),
        "shell": _plain("bash", "zsh", "fish", "powershell", "direnv"),
        "way": _plain("mount", "tcp"),
    }


def _plain(*words: str) -> tuple[Line, ...]:
    return tuple(Line(word, "value", "") for word in words)


def _shipped_profiles() -> tuple[Line, ...]:
    import os
    import tomllib

    from mcpconf.dirs import shipped

    found = []
    for file in sorted(os.listdir(shipped("profiles"))):
        name, suffix = os.path.splitext(file)
        if suffix == ".toml":
            with open(os.path.join(shipped("profiles"), file), "rb") as stream:
                found.append(Line(name, "value", _short(tomllib.load(stream).get("description", ""))))
    return tuple(found)
