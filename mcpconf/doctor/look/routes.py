"""Look at the routes of the active profiles' servers, and at the entries and files that came of them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from mcpconf.commit.artifacts import SCRIPT, data_path
from mcpconf.doctor.look.actives import ActiveHere
from mcpconf.doctor.seen.routes import ActiveSeen, Behind, Lacks, Routes, Served
from mcpconf.errors import McpconfError
from mcpconf.ledger import Owned, digest
from mcpconf.model import RouteName
from mcpconf.record import replace
from mcpconf.route.broker import SHARED, SHIM
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
            client=part.spec.title,
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
    """The files that are gone, each once. Of those that all entries of the broker share only the one that entries name:
    the others, and what is out of date, are told of where the broker is."""
    told: set[str] = set()
    for part in prepared.parts:
        for one in part.routed:
            needed = one.launch.files if one.launch else ()
            for path in (file for need in needed for file in _needed(app, need)):
                if path not in told and not app.system.exists(path):
                    yield Behind(path, one.server.name, prepared.profile.name, scope)
                told.add(path)


def _needed(app: App, path: str) -> tuple[str, ...]:
    """The files behind one that an entry needs: of the wrapper its script, the link to it, and the data."""
    directory, name = os.path.split(path)
    if directory == app.dirs.wrapper:
        return (os.path.join(directory, SCRIPT), path, data_path(path))
    return () if name in SHARED and name != SHIM else (path,)


def _lacks(app: App, prepared: Prepared, server: str | None) -> Iterator[Lacks]:
    """On the direct route the client fills its variables in, which is told of where entries are looked at."""
    routed = {one.server.name: one for part in prepared.parts for one in part.routed if one.route is not None}
    for name, one in routed.items():
        if one.route is not RouteName.DIRECT and server in (None, name):
            for note in notes.missing(app, [one]):
                yield Lacks(name, note.text.removeprefix(f"{name}: "), note.hint)
