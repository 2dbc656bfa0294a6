"""Look at what is to be private: files of ours, profiles, keys."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Iterator, Sequence

from mcpconf.broker.door.keys import keys_directory, load_keys
from mcpconf.client.spec import ClientSpec, Target
from mcpconf.doctor.clear import in_clear
from mcpconf.doctor.look import entries
from mcpconf.doctor.seen.security import OwnFile, ProfileSeen, Security
from mcpconf.environment.verdict import Environment
from mcpconf.errors import McpconfError
from mcpconf.model import Json, Layer
from mcpconf.route.broker import GATEWAY, SERVERS
from mcpconf.workflow.app import App
from mcpconf.workflow.profiles import Listed, list_profiles

OTHERS = 0o077
FILES = 500  # of a directory that are looked at


def look(
    app: App, targets: Sequence[tuple[ClientSpec, Target]], environment: Environment, *, server: str | None = None
) -> Security:
    """What MC9xx judge."""
    return Security(
        entries=entries.look(app, targets, environment, server=server, network=False),
        files=tuple(_open_files(app)),
        profiles=tuple(_profiles(app)),
        keys=tuple(_keys(app)),
    )


def _open_files(app: App) -> Iterator[OwnFile]:
    """Our files that others can read. On Windows modes say nothing."""
    if app.system.platform == "windows":
        return
    for root, path, what in _private(app):
        try:
            status = os.lstat(path)
        except OSError:
            continue
        if stat.S_ISREG(status.st_mode) and status.st_mode & OTHERS and not _kept_out(path, root):
            yield OwnFile(path, what, stat.S_IMODE(status.st_mode))


def _private(app: App) -> Iterator[tuple[str, str, str]]:
    """Each file that may hold a value of the user's: our directory that it lies in, its path, what it is."""
    dirs = app.dirs
    yield dirs.data, dirs.secrets, "your secrets"
    yield dirs.data, os.path.join(dirs.broker, GATEWAY), "the broker's settings"
    for directory, what in ((os.path.join(dirs.wrapper, "data"), "what the wrapper starts"),
                            (os.path.join(dirs.broker, SERVERS), "what the broker starts")):  # fmt: skip
        for name in app.system.listdir(directory)[:FILES]:
            yield dirs.data, os.path.join(directory, name), what
    yield dirs.state, os.path.join(dirs.state, "ledger.json"), "what stood in clients' files before"
    for name in app.system.listdir(os.path.join(dirs.state, "blobs"))[:FILES]:
        yield dirs.state, os.path.join(dirs.state, "blobs", name), "a copy of a client's file"


def _kept_out(path: str, root: str) -> bool:
    """Whether a directory of ours above it lets nobody else in."""
    above = os.path.dirname(path)
    while above.startswith(root):
        try:
            if not os.stat(above).st_mode & OTHERS:
                return True
        except OSError:
            return False
        above = os.path.dirname(above)
    return False


def _keys(app: App) -> Iterator[tuple[str, str]]:
    """The broker's keys that it does not take: each path with the reason."""
    if app.system.platform == "windows":
        return
    directory = keys_directory(app.dirs.data)
    for problem in load_keys(directory).problems:
        path, _, why = problem.partition(" ") if " " not in directory else (directory, "", problem)
        yield path, why


def _profiles(app: App) -> Iterator[ProfileSeen]:
    try:
        listed = list_profiles(app)
    except McpconfError:
        return  # a damaged list of trust is MC107's
    for one in listed:
        if one.layer is not Layer.SHIPPED:
            yield _profile(app, one)


def _profile(app: App, one: Listed) -> ProfileSeen:
    try:
        data: Json = tomllib.loads((app.system.read(one.path) or b"").decode("utf-8-sig"))
    except (ValueError, RecursionError):
        data = {}  # what is wrong with it, `switch` says
    servers = _table(data.get("servers"))
    return ProfileSeen(
        name=one.name,
        path=one.path,
        of_project=one.layer is Layer.PROJECT,
        trusted=one.trusted,
        listen=_listen(data),
        in_clear=tuple(f"{name}: {place}" for name, table in servers.items() for place in in_clear(_table(table))),
    )


def _listen(data: Json) -> str:
    found = _table(_table(data.get("broker")).get("gateway")).get("listen")
    return found if isinstance(found, str) and re.fullmatch(r"tcp:\S+", found) else ""


def _table(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}
