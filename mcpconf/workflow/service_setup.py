"""What a service manager would be given here: reads only."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping

from mcpconf.broker.place import Paths, in_session
from mcpconf.broker.service import launchd, systemd, task
from mcpconf.broker.service.search import candidates, nvm_bin, nvm_root, search_path
from mcpconf.broker.service.told import NAME, Told
from mcpconf.errors import McpconfError, UsageError
from mcpconf.model import Kind
from mcpconf.record import dataclass, field
from mcpconf.workflow.app import App, launcher
from mcpconf.workflow.service_manager import SYSTEMD, units

KINDS = ("systemd", "launchd", "task", "container")
BY_CUSTOM = {"XDG_CONFIG_HOME": ".config", "XDG_DATA_HOME": ".local/share", "XDG_STATE_HOME": ".local/state"}
# A version's own directory, and the one that leads to the version that is used: Homebrew's, pyenv's, asdf's, mise's.
LASTING = (("Cellar", "opt"), ("versions", "shims"), ("installs", "shims"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Files and links by path, as they have to be. `lines` are for people to put somewhere themselves."""

    kind: str
    files: Mapping[str, bytes] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    lines: tuple[str, ...] = ()


def kind_here(app: App) -> str:
    """Who starts services in this place. Raises `McpconfError` where there is no broker to start."""
    if app.system.platform == "darwin":
        return "launchd"
    if app.system.platform == "windows":
        raise McpconfError("there is no broker for Windows yet", hint="run it in WSL")
    if app.system.is_dir(SYSTEMD) or app.system.is_dir(units(app)):
        return "systemd"
    if app.system.env.get("WSL_DISTRO_NAME"):
        return "task"
    _, environment = app.look()
    has_systemd = app.system.which("systemctl") is not None
    return "systemd" if has_systemd and environment.kind is not Kind.CONTAINER else "container"


def setup(app: App, kind: str | None) -> Setup:
    """What `kind` is given, or whoever there is here. Raises `UsageError`, or `McpconfError` for what won't last."""
    kind = kind or kind_here(app)
    if kind not in KINDS:
        raise UsageError(f"there is no kind {kind!r}", hint=f"--kind {'|'.join(KINDS)}")
    told = tell(app)
    if kind == "systemd":
        directory = units(app)
        return Setup(kind=kind, files=systemd.files(told, directory), links=systemd.links(directory))
    if kind == "launchd":
        return Setup(kind=kind, files=launchd.files(told, os.path.join(app.system.home, "Library", "LaunchAgents")))
    if kind == "task":
        path = os.path.join(app.dirs.data, "services", task.FILE)
        return Setup(kind=kind, files={path: task.data(told, _distribution(app))})
    words = shlex.join([*told.program, "broker", "start", "--if-needed"])
    return Setup(kind=kind, lines=(f'"postStartCommand": {json.dumps(words, ensure_ascii=False)}', words))


def _distribution(app: App) -> str:
    name = app.system.env.get("WSL_DISTRO_NAME", "")
    if not name:
        text = "a task of Windows' starts the broker in a WSL distribution, and this is none"
        raise McpconfError(text, hint="run it in WSL, or name the distribution: WSL_DISTRO_NAME=Ubuntu")
    return name


def tell(app: App) -> Told:
    """What is to be told of the broker. Raises `McpconfError` where the program may be gone tomorrow."""
    name = None if app.system.platform != "linux" else in_session(app.dirs, app.system.env, app.system.uid)
    socket = Paths(app.runtime if name is None else name).socket
    env, home = app.system.env, app.system.home
    moved = {
        variable: env[variable]
        for variable, usual in BY_CUSTOM.items()
        if os.path.isabs(env.get(variable, "")) and env[variable] != os.path.join(home, usual) and not app.dirs.chosen
    }
    words = program(app)
    for text in (*words, socket, *moved.values()):
        if not text.isprintable() and any(ord(letter) < 32 or ord(letter) == 127 for letter in text):
            raise McpconfError(f"{text!r} has a control character, which no service manager can be told")
    log = os.path.join(home, "Library", "Logs")
    return Told(program=words, socket=socket, in_session=name is not None, path=path(app), variables=moved, log=log)


def _caches(app: App) -> tuple[str, ...]:
    """Where uvx, `pipx run` and their kin keep what they may throw away."""
    named = (app.system.env.get(name, "") for name in ("XDG_CACHE_HOME", "UV_CACHE_DIR"))
    usual = (os.path.join(app.system.home, *parts) for parts in ((".cache",), ("Library", "Caches")))
    return tuple(place.rstrip(os.sep) for place in (*named, *usual) if os.path.isabs(place))


def program(app: App) -> tuple[str, ...]:
    """How to start mcpconf, by a path that outlives upgrades of it and of Python."""
    first, *words = launcher(app.system)
    if any(first.startswith(place + os.sep) for place in _caches(app)):
        text = f"{first} lies in a cache and may be gone tomorrow, so no service can start it"
        raise McpconfError(text, hint="uv tool install mcpconf, or pipx install mcpconf, and again from there")
    first = next((path for path in _others(first) if app.system.exists(path)), first)
    return (first, *words, *(["--config-dir", app.dirs.config] if app.dirs.chosen else []))


def _others(path: str) -> list[str]:
    """Names of a program of one version that lead to whichever version is used."""
    parts = path.split(os.sep)
    found = []
    for version, used in LASTING:
        if version in parts[:-2]:
            at = parts.index(version)
            rest = [parts[at + 1], *parts[at + 3 :]] if used == "opt" else [parts[-1]]
            found.append(os.sep.join([*parts[:at], used, *rest]))
    return found


def path(app: App) -> str:
    """PATH for the broker's servers, as it is right for what is on this machine."""
    env, home = app.system.env, app.system.home
    wanted = candidates(home, env)
    root = nvm_root(home, env)
    default = (app.system.read(os.path.join(root, "alias", "default")) or b"").decode("utf-8", "replace")
    node = nvm_bin(root, app.system.listdir(os.path.join(root, "versions", "node")), default)
    wanted = (*([node] if node else []), *wanted)
    current = tuple(filter(None, env.get("PATH", "").split(os.pathsep)))
    there = {one for one in {*wanted, *current} if app.system.is_dir(one)}
    return search_path(there, wanted, current, env.get("VIRTUAL_ENV", ""))


def agent(app: App) -> str:
    """What takes launchd's agent up, as a command."""
    return f"launchctl bootstrap gui/{app.system.uid} {app.system.home}/Library/LaunchAgents/{NAME}.plist"
