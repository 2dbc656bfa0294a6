"""Look at clients' files: read each once, and say what is odd about it."""

from __future__ import annotations

import glob
import json
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from mcpconf.client import claude_code
from mcpconf.client.spec import ClientSpec, Target
from mcpconf.commit import journal
from mcpconf.commit.snapshot import Snapshot, read_snapshot
from mcpconf.doctor.seen.files import ClientFile, Files, Ignored, Lock, Spot
from mcpconf.document.encoding import BOM
from mcpconf.document.fault import Fault, line_column
from mcpconf.document.scan import Object, scan, scan_object
from mcpconf.document.walk import Dialect
from mcpconf.environment.mounts import Mount, parse_mountinfo
from mcpconf.errors import Located
from mcpconf.plan import decode_file
from mcpconf.workflow.app import App

# Characters that take no room, or look like a space and are none.
INVISIBLE = "\u00a0\u00ad\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"
COPIES = 5


def look(app: App, targets: Sequence[tuple[ClientSpec, Target]]) -> Files:
    """What MC2xx judge: the files of these targets, and those that a person may have taken for one."""
    paths = dict.fromkeys(target.path for _, target in targets)
    mounts = parse_mountinfo((app.system.read("/proc/self/mountinfo") or b"").decode("utf-8", "replace"))
    torn = journal.unfinished(app.state.journals)
    known = tuple(_file(app, path, [two for two in targets if two[1].path == path], mounts, torn) for path in paths)
    return Files(known, tuple(_ignored(app, paths)), app.system.home)


def _file(
    app: App, path: str, targets: Sequence[tuple[ClientSpec, Target]], mounts: Sequence[Mount], torn: Iterable[str]
) -> ClientFile:
    clients = tuple(dict.fromkeys(spec.id for spec, _ in targets))
    lock = next((_lock(app, target.lock) for _, target in targets if target.lock), None)
    corrupted = _corrupted(path)
    try:
        seen = read_snapshot(path)
    except Located as error:
        stale = "stale bind mount" in error.reason
        reason = error.reason.replace("; nothing was changed", "")
        return ClientFile(
            path=path, clients=clients, exists=True, problem=reason, mend=error.hint, stale=stale, lock=lock,
            corrupted=corrupted,
        )  # fmt: skip
    if seen.raw is None or seen.status is None:
        return ClientFile(path=path, clients=clients, exists=False, lock=lock, corrupted=corrupted)
    mount = next((one for one in reversed(mounts) if one.point == seen.real), None)
    return ClientFile(
        path=path,
        clients=clients,
        exists=True,
        real=seen.real,
        hops=_hops(path),
        mode=stat.S_IMODE(seen.status.st_mode),
        owner=seen.status.st_uid,
        ours=app.system.uid < 0 or seen.status.st_uid == app.system.uid,
        writable=os.access(seen.real, os.W_OK),
        names=seen.status.st_nlink,
        size=len(seen.raw),
        mounted=mount is not None,
        read_only=_is_read_only(seen.real),
        bom=seen.raw.startswith(BOM),
        resets=any(target.lock for _, target in targets),
        lock=lock,
        corrupted=corrupted,
        torn=seen.real in torn,
        **_text(seen, targets[0][1].dialect),
    )


def _text(seen: Snapshot, dialect: Dialect) -> dict[str, Any]:
    """What is wrong with the text, by the names of `ClientFile`."""
    try:
        text = decode_file(seen.path, seen.raw).text
    except Located as error:
        return {"fault": Spot(error.reason.replace("; nothing was changed", ""), error.line, error.column, error.hint)}
    try:
        root = scan(text, dialect)
    except Fault as fault:
        return {"fault": Spot(fault.message, *line_column(text, fault.position), fault.hint)}
    if root is None:
        return {}
    return {"repeated": tuple(_repeated(text, root, dialect)), "invisible": tuple(_invisible(text, root))}


def _repeated(text: str, root: Object, dialect: Dialect) -> Iterator[Spot]:
    """Names that stand twice at the top, or among the servers."""
    places = [("", root)]
    for member in root.named("mcpServers"):
        if text[member.value] == "{":
            places.append(("the server ", scan_object(text, member.value, dialect)))
    for what, one in places:
        told: set[str] = set()
        for member in one.members:
            named = one.named(member.name)
            if len(named) > 1 and member.name not in told:
                told.add(member.name)
                lines = " and ".join(str(line_column(text, other.start)[0]) for other in named[:4])
                spot = line_column(text, named[1].start)
                said = f"{what}{json.dumps(member.name)} stands {len(named)} times, in lines {lines}"
                yield Spot(said, *spot, "merge them by hand into one")


def _invisible(text: str, root: Object) -> Iterator[Spot]:
    for member in root.named("mcpServers"):
        part = text[member.value : member.end]
        if part.isascii():
            continue
        for at, char in enumerate(part):
            if char in INVISIBLE:
                said = f"an entry has the character U+{ord(char):04X}, which can't be seen"
                yield Spot(said, *line_column(text, member.value + at))
                break


def _hops(path: str) -> tuple[str, ...]:
    found: list[str] = []
    while os.path.islink(path) and len(found) < 40:
        path = os.path.normpath(os.path.join(os.path.dirname(path), os.readlink(path)))
        found.append(path)
    return tuple(found)


def _is_read_only(path: str) -> bool:
    try:
        return bool(os.statvfs(path).f_flag & getattr(os, "ST_RDONLY", 1))
    except (OSError, AttributeError):
        return False


def _lock(app: App, path: str) -> Lock | None:
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return Lock(path, stat.S_ISDIR(status.st_mode), max(app.system.now() - status.st_mtime, 0.0))


def _corrupted(path: str) -> tuple[str, ...]:
    """Copies of what Claude Code could not read; it keeps them beside the file, or in `backups`."""
    directory, name = os.path.split(path)
    patterns = (f"{path}.corrupted.*", *(os.path.join(directory, sub, f"{name}.corrupted.*") for sub in BACKUPS))
    found = [one for pattern in patterns for one in glob.glob(glob.escape(pattern[: -len("*")]) + "*")]
    return tuple(sorted(found, key=_stamp, reverse=True)[:COPIES])


BACKUPS = ("backups", os.path.join(".claude", "backups"))


def _stamp(path: str) -> int:
    last = path.rpartition(".")[2]
    return int(last) if last.isdigit() else 0


def _ignored(app: App, known: Iterable[str]) -> Iterator[Ignored]:
    """Files with servers in them that nobody reads."""
    place = app.place
    user, project = claude_code.config_file(place), claude_code.project_file(place)
    directory = claude_code.config_directory(place) or os.path.join(app.system.home, ".claude")
    wrong = [(os.path.join(directory, name), user) for name in ("settings.json", "settings.local.json", "mcp.json")]
    root = os.path.dirname(project)
    names = (".claude/settings.json", ".claude/settings.local.json", ".claude/mcp.json", "mcp.json")
    wrong += [(os.path.join(root, name), project) for name in names]
    for path, instead in dict(wrong).items():
        names_there = _servers(app.system.read(path)) if path not in known else ()
        if names_there:
            yield Ignored(path, names_there, instead)


def _servers(raw: bytes | None) -> tuple[str, ...]:
    try:
        data = json.loads(raw or b"")
    except (ValueError, RecursionError):
        return ()
    found = data.get("mcpServers") if isinstance(data, dict) else None
    return tuple(map(str, found)) if isinstance(found, dict) else ()
