"""Look at the routes of the active profiles' servers, and at the entries and files that came of them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence

from mcpconf.commit.artifacts import data_path
from mcpconf.doctor.look.actives import ActiveHere
from mcpconf.doctor.seen.routes import ActiveSeen, Behind, Lacks, Routes, Served
from mcpconf.errors import McpconfError
from mcpconf.ledger import Owned, digest
from mcpconf.model import RouteName
from mcpconf.record import replace
from mcpconf.route.broker import SHARED
from mcpconf.route.launch import Routed
from mcpconf.workflow import notes
from mcpconf.workflow.app import App
from mcpconf.workflow.parts import ClientPart
from mcpconf.workflow.prepare import Prepared, prepare
from mcpconf.workflow.status import OUTDATED, target_status


def look(app: App, actives: Sequence[ActiveHere], *, server: str | None = None, inside: bool = False) -> Routes:
    """What MC4xx judge. `inside`: this is a container, where the lack of an engine is told of by another group."""
    return Routes(tuple(_active(app, one, server, inside) for one in actives))


def _active(app: App, here: ActiveHere, server: str | None, inside: bool) -> ActiveSeen:
    scope = here.context.partition(":")[0]
    seen = ActiveSeen(profile=here.profile, scope=scope, trouble=here.trouble, because=here.because, hint=here.hint)
    if here.prepared is None:
        return seen
    as_before = AsBefore(app, here.prepared)
    servers = tuple(one for part in here.prepared.parts for one in _part(app, here.prepared, part, inside, as_before))
    files = _files(app, here.prepared, scope)
    return replace(
        seen,
        servers=tuple(one for one in servers if server in (None, one.name)),
        files=tuple(one for one in files if server in (None, one.server)),
        lacks=tuple(_lacks(app, here.prepared, server)),
    )


def _part(app: App, prepared: Prepared, part: ClientPart, inside: bool, as_before: AsBefore) -> Iterator[Served]:
    status = target_status(app, part, prepared.plan)
    record = prepared.base.files.get(part.target.path)
    ours = record.members.get(part.target.pointer, {}) if record else {}
    routed = {one.server.name: one for one in part.routed}
    for entry in status.entries:
        one = routed.get(entry.name)
        called = one.entry if one is not None else entry.name
        owned = ours.get(called)
        seen = Served(
            name=entry.name,
            entry=called,
            client=status.client,
            scope=status.scope,
            path=status.path,
            profile=prepared.profile.name,
            state=entry.state,
            route=entry.route,
            because=entry.because,
            hint=entry.hint,
            written=None if owned is None else owned.route,
            elsewhere="" if one is None else _elsewhere(one, inside),
        )
        yield as_before(seen, part, owned) if entry.state == OUTDATED and owned is not None else seen


def _elsewhere(one: Routed, inside: bool) -> str:
    """Which group tells why a server has no route."""
    if one.server.toolkit:
        return "toolkit"
    others = one.server.command or one.server.package or one.server.url or one.server.endpoint
    return "containers" if inside and one.server.image and not others else ""


class AsBefore:
    """What an entry's own route would give now: `--route` and `--portable` are not remembered, and who has said so
    once has meant it."""

    def __init__(self, app: App, prepared: Prepared) -> None:
        self._app = app
        self._prepared = prepared
        self._made: dict[tuple[RouteName, bool], tuple[ClientPart, ...]] = {}

    def __call__(self, seen: Served, part: ClientPart, owned: Owned) -> Served:
        """The same, with what has come of the route that it was written with."""
        if owned.route not in list(RouteName):
            return seen
        for portable in (False, True):
            again = next(
                (one for one in self._parts(RouteName(owned.route), portable) if one.target == part.target), None
            )
            if again is None:
                continue
            refused = next((one.because for one in again.routed if one.entry == seen.entry and one.route is None), "")
            if refused and not portable:
                return replace(seen, refused=refused)
            if seen.entry in again.entries and digest(again.entries[seen.entry]) == owned.digest:
                return replace(seen, still=True)
        return seen

    def _parts(self, route: RouteName, portable: bool) -> tuple[ClientPart, ...]:
        if (route, portable) not in self._made:
            try:
                made = prepare(self._app, replace(self._prepared.wish, route=route, portable=portable)).parts
            except McpconfError:
                made = ()
            self._made[route, portable] = made
        return self._made[route, portable]


def _files(app: App, prepared: Prepared, scope: str) -> Iterator[Behind]:
    """The files of single servers that are not as they have to be. One that an entry itself names is told of where
    entries are looked at, and what all entries share where the broker is."""
    for path, (server, data, named) in _behind(prepared).items():
        link = os.path.dirname(path) == app.dirs.wrapper
        standing = app.system.read(data_path(path) if link else path)
        if standing == data or (named and not app.system.exists(path)):
            continue
        yield Behind(data_path(path) if link else path, server, prepared.profile.name, scope, standing is None)


def _behind(prepared: Prepared) -> Mapping[str, tuple[str, bytes, bool]]:
    """The files by path: whose they are, what has to be in them, and whether the entry names them."""
    found = {}
    for part in prepared.parts:
        for one in part.routed:
            entry = part.entries.get(one.entry, {})
            words = {str(word) for word in (entry.get("command"), *entry.get("args", ()))}
            for path, data in (one.launch.files if one.launch else {}).items():
                if os.path.basename(path) not in SHARED:
                    found[path] = (one.server.name, data, path in words)
    return found


def _lacks(app: App, prepared: Prepared, server: str | None) -> Iterator[Lacks]:
    """On the direct route the client fills its variables in, which is told of where entries are looked at."""
    routed = [one for part in prepared.parts for one in part.routed]
    wanted = [one for one in routed if one.route not in (None, RouteName.DIRECT) and server in (None, one.server.name)]
    for note in dict.fromkeys(notes.missing(app, wanted)):
        yield Lacks(note.text, note.hint)
