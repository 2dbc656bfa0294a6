"""Look at the broker: ask the one that runs, and read what lies around it. None is started."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Iterator, Mapping

from mcpconf import __version__
from mcpconf.broker import start as starting
from mcpconf.broker.control import BrokerUnreachable
from mcpconf.broker.door.keys import KeyProblem, keys_directory, list_keys
from mcpconf.broker.place import is_locked
from mcpconf.broker.upstream.catalogue import Catalogue
from mcpconf.commit import artifacts
from mcpconf.doctor.look.client_log import end_of
from mcpconf.doctor.seen.broker import BrokerSeen, Directory, Drift, Kept, Running
from mcpconf.errors import McpconfError
from mcpconf.ledger import Ledger
from mcpconf.model import Json, RouteName
from mcpconf.redact import redact
from mcpconf.route.broker import SERVERS
from mcpconf.workflow import active, brokers
from mcpconf.workflow.app import App
from mcpconf.workflow.here import contexts_here
from mcpconf.workflow.parts import up_to_date
from mcpconf.workflow.profiles import load_profile

LARGE = 20_000_000  # bytes; a log of the broker's ends at one million, and there is one before it
WORDS = 3


def look(app: App, *, server: str | None = None) -> BrokerSeen:
    """What MC6xx judge. With `server`, of the servers that one alone."""
    if app.system.platform == "windows":
        return BrokerSeen(usable=False)
    paths = brokers.paths(app)
    running, hung = _asked(app, server)
    return BrokerSeen(
        wanted=tuple(dict.fromkeys((*_that_want_it(app), *_with_entries(app)))),
        elsewhere=bool(app.system.env.get("MCPCONF_BROKER")),
        startable=app.system.env.get("MCPCONF_BROKER_START") != "0",
        running=running,
        hung=hung,
        hung_pid=starting.pid_of(paths) if hung else None,
        left=starting.pid_of(paths) if running is None and not is_locked(paths.lock) else None,
        state_file=paths.state,
        version=__version__,
        directory=_directory(app),
        keys=_keys(app),
        damaged=tuple(_damaged(app)),
        shared=tuple(_shared(app)),
        stray=tuple(_stray(app)),
        logs=tuple(_large(app)),
    )


def _asked(app: App, server: str | None) -> tuple[Running | None, bool]:
    try:
        said = brokers.status(app)
    except BrokerUnreachable:
        return None, True
    except McpconfError:
        return None, True
    if said is None:
        return None, False
    servers = [one for one in said.get("servers", ()) if server in (None, one.get("name"))]
    running = Running(
        pid=int(said.get("pid") or 0),
        version=str(said.get("version")),
        listeners=tuple(map(str, said.get("listeners", ()))),
        plain=tuple(map(str, said.get("plain", ()))),
        servers=tuple(_kept(app, one) for one in servers),
        clients=len(said.get("clients", ())),
    )
    return running, False


def _kept(app: App, said: Mapping[str, Json]) -> Kept:
    name, error = str(said.get("name")), said.get("error")
    return Kept(
        name=name,
        state=str(said.get("state")),
        error=None if error is None else redact(str(error)),
        restarts=int(said.get("restarts") or 0),
        requests=int(said.get("requests") or 0),
        p50=said.get("p50"),
        p99=said.get("p99"),
        words=_words(app, name) if error else (),
    )


def _words(app: App, name: str) -> tuple[str, ...]:
    """The end of its log, which has no secrets in it that the broker knows of."""
    path = next(iter(brokers.logs(app, name)), None)
    lines = end_of(path).decode("utf-8", "replace").splitlines() if path is not None else []
    return tuple(redact(line) for line in lines[-WORDS:])


def _directory(app: App) -> Directory:
    path = brokers.paths(app).directory
    try:
        status = os.lstat(path)
    except OSError:
        return Directory(path)
    ours = app.system.uid < 0 or status.st_uid == app.system.uid
    return Directory(path, True, stat.S_IMODE(status.st_mode), ours, stat.S_ISLNK(status.st_mode))


def _with_entries(app: App) -> Iterator[str]:
    """Profiles with entries that lead to the broker."""
    try:
        ledger = app.state.ledger()
    except McpconfError:
        ledger = Ledger()  # MC107 tells of it
    for record in ledger.files.values():
        for members in record.members.values():
            yield from (owned.profile for owned in members.values() if owned.route == RouteName.BROKER)


def _that_want_it(app: App) -> Iterator[str]:
    """The active profiles that want a broker."""
    known = active.load(app.state.read(active.FILE))
    for context in contexts_here(app):
        profile = known[context].current if context in known else None
        if profile is not None:
            with contextlib.suppress(McpconfError):  # the group `routes` tells of it
                yield from [profile] if load_profile(app, profile).autostart else ()


def _shared(app: App) -> Iterator[Drift]:
    """The shim and the wrapper's script, where they are not those of this version."""
    names = ("shim.py", "mcpconf_shim.py", "shim.conf")
    standing = {os.path.join(app.dirs.broker, name): b"" for name in names}
    needed = any(app.system.exists(path) for path in standing)
    for path, data in up_to_date(app, standing).items() if needed else ():
        there = app.system.read(path)
        if there != data and not (
            there is None and os.path.basename(path) == names[0]
        ):  # its entries tell that it is gone
            yield Drift(path, there is not None)
    script = os.path.join(app.dirs.wrapper, artifacts.SCRIPT)
    there = app.system.read(script)
    if there is not None and there != artifacts.script():
        yield Drift(script)


def _damaged(app: App) -> Iterator[tuple[str, str, str]]:
    catalogue = Catalogue(os.path.join(app.dirs.broker, SERVERS))
    for name in catalogue.names():
        try:
            catalogue.get(name)
        except McpconfError as error:
            yield name, str(error), error.hint or "mcpconf switch NAME"


def _stray(app: App) -> Iterator[str]:
    """Definitions that no context of ours has noted down: somebody copied them here, or a record was lost."""
    noted = {path for paths in _record(app).values() for path in paths if isinstance(path, str)}
    directory = os.path.join(app.dirs.broker, SERVERS)
    for name in app.system.listdir(directory):
        path = os.path.join(directory, name)
        if name.endswith(".json") and path not in noted:
            yield path


def _record(app: App) -> Mapping[str, list[Json]]:
    try:
        found = json.loads(app.state.read(artifacts.RECORD) or b"{}")
    except (McpconfError, ValueError, RecursionError):
        return {}
    return {key: value for key, value in found.items() if isinstance(value, list)} if isinstance(found, dict) else {}


def _keys(app: App) -> tuple[str, ...]:
    """The keys that a broker takes; the group `security` tells of the others."""
    try:
        return tuple(one.id for one in list_keys(keys_directory(app.dirs.data)) if one.problem is None)
    except KeyProblem:
        return ()


def _large(app: App) -> Iterator[tuple[str, int]]:
    root = app.dirs.broker_logs
    for directory in (root, os.path.join(root, "logs")):
        for name in app.system.listdir(directory):
            path = os.path.join(directory, name)
            try:
                status = os.lstat(path)
            except OSError:
                continue
            if stat.S_ISREG(status.st_mode) and status.st_size > LARGE:
                yield path, status.st_size
