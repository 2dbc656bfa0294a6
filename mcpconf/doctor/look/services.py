"""Look for services of ours: files by their names, and the service manager only where there are some."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
from collections.abc import Iterator

from mcpconf.broker.place import Paths, is_reachable
from mcpconf.broker.service.systemd import ENV
from mcpconf.broker.service.told import NAME
from mcpconf.doctor.seen.services import Services, Unit
from mcpconf.record import replace
from mcpconf.workflow.app import App, launcher
from mcpconf.workflow.service_manager import SYSTEMD, lingers
from mcpconf.workflow.service_manager import units as units_directory
from mcpconf.workflow.service_record import known as read_record

LABEL = NAME  # as a part of an agent's file name
SECONDS = 2.0  # for one question
KINDS = (".service", ".socket")


def look(app: App, *, ask: bool) -> Services:
    """What MC01x judge. With `ask` the service manager and the broker are asked, where there are units."""
    directory = units_directory(app)
    units = [_unit(app, os.path.join(directory, name)) for name in app.system.listdir(directory) if _is_ours(name)]
    units += [_agent(app, path) for path in _agents(app)]
    links = [path for unit in _wanted(app, directory) for path in unit]
    enabled = {os.path.basename(path) for path in links}
    dangling = tuple(path for path in links if not app.system.exists(app.system.realpath(path)))
    units = [replace(one, enabled=one.name in enabled) for one in units]
    if not units:
        return Services(dangling=dangling)
    met = Paths(app.runtime).socket
    manager = app.system.platform == "darwin" or app.system.is_dir(SYSTEMD)
    if ask and manager:
        units = [replace(one, state=_state(app, one.name)) for one in units]
    return Services(
        units=tuple(units),
        dangling=dangling,
        manager=manager,
        met=met,
        lingers=_lingers(app) if manager else None,
        answers=_answers(app)
        if any(one.state == "active" and one.name.endswith(".service") for one in units)
        else None,
    )


def _is_ours(name: str) -> bool:
    return name.startswith(f"{NAME}.") and name.endswith(KINDS)


def _wanted(app: App, directory: str) -> Iterator[list[str]]:
    """The links that enable units of ours, by the target that wants them."""
    for target in app.system.listdir(directory):
        if target.endswith((".wants", ".requires")):
            at = os.path.join(directory, target)
            yield [os.path.join(at, name) for name in app.system.listdir(at) if _is_ours(name)]


def _unit(app: App, path: str) -> Unit:
    raw = app.system.read(path) or b""
    text = raw.decode("utf-8", "replace").replace("\\\n", " ")
    command: tuple[str, ...] = ()
    listens, search = None, ""
    for line in text.splitlines():
        key, _, value = line.partition("=")
        key, value = key.strip(), value.strip().replace("%h", app.system.home)
        if key == "ExecStart" and value and not command:
            command = _words(value.replace("%%", "%"))
            command = tuple(word.replace("$$", "$") for word in command[1:]) if command[:1] == (ENV,) else command
        elif key == "ListenStream" and value.startswith(("/", "%t/")):
            listens = value.replace("%t", _session(app)).replace("%%", "%")
        elif key == "Environment":
            search = next((word[5:] for word in _words(value) if word.startswith("PATH=")), search).replace("%%", "%")
    gone = tuple(one for one in search.split(os.pathsep) if one and not app.system.is_dir(one))
    ours = read_record(app.state).owns(path, raw)
    name = os.path.basename(path)
    return _judged(app, Unit(path=path, name=name, command=command, listens=listens, pathless=gone, ours=ours))


def _session(app: App) -> str:
    """The runtime directory of systemd's manager."""
    return app.system.env.get("XDG_RUNTIME_DIR") or f"/run/user/{app.system.uid}"


def _words(value: str) -> tuple[str, ...]:
    """A command line of systemd's; what stands before the program tells how to start it (systemd.service(5))."""
    with contextlib.suppress(ValueError):
        words = shlex.split(value)
        return (words[0].lstrip("@-:+!|"), *words[1:]) if words else ()
    return ()


def _agents(app: App) -> tuple[str, ...]:
    if app.system.platform != "darwin":
        return ()
    directory = os.path.join(app.system.home, "Library", "LaunchAgents")
    names = (name for name in app.system.listdir(directory) if LABEL in name and name.endswith(".plist"))
    return tuple(os.path.join(directory, name) for name in names)


def _agent(app: App, path: str) -> Unit:
    import plistlib

    raw = app.system.read(path) or b""
    data: object = None
    with contextlib.suppress(Exception):  # whatever plistlib says of a damaged file
        data = plistlib.loads(raw)
    words = data.get("ProgramArguments") if isinstance(data, dict) else None
    command = tuple(map(str, words)) if isinstance(words, list) else ()
    ours = read_record(app.state).owns(path, raw)
    return _judged(app, Unit(path=path, name=os.path.basename(path).removesuffix(".plist"), command=command, ours=ours))


def _judged(app: App, unit: Unit) -> Unit:
    """The same, with what of its command is not there, and whose it is."""
    named = [word for at, word in enumerate(unit.command) if os.path.isabs(word) and (at == 0 or word.endswith(".py"))]
    lost = next((word for word in named if not app.system.exists(app.system.realpath(word))), None) or _uninterpreted(
        app, named[:1]
    )
    return replace(unit, lost=lost, foreign=bool(named) and lost is None and not _runs_us(app, named))


def _uninterpreted(app: App, named: list[str]) -> str | None:
    """What a program's first line names and is not there: the Python of an environment, once its own one has gone."""
    for word in named:
        first = (app.system.read(word) or b"")[:4096].partition(b"\n")[0]
        interpreter = os.fsdecode(first[2:].strip().partition(b" ")[0]) if first.startswith(b"#!") else ""
        if interpreter and not app.system.exists(app.system.realpath(interpreter)):
            return interpreter
    return None


def _runs_us(app: App, named: list[str]) -> bool:
    """Whether one of these is a part of the installation that runs now."""
    ours = {app.system.realpath(launcher(app.system)[0]), os.path.realpath(sys.executable)}
    roots = (os.path.join(sys.prefix, ""), os.path.join(app.dirs.data, ""))
    return any(app.system.realpath(word) in ours or word.startswith(roots) for word in named)


def _state(app: App, name: str) -> str | None:
    if app.system.platform == "darwin":
        return None
    said = app.system.run(["systemctl", "--user", "show", "--property=ActiveState", "--value", name], timeout=SECONDS)
    return said.out.strip() or None if said is not None and said.code == 0 else None


def _lingers(app: App) -> bool | None:
    return lingers(app)


def _answers(app: App) -> bool:
    """Whether the broker does. Only a running service may be asked: to meet a unit's socket would start it."""
    return is_reachable(Paths(app.runtime).socket)
