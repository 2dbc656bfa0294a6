"""The broker given to this system's service manager, and taken from it: one change, as every other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence

from mcpconf.broker import start as starting
from mcpconf.broker.place import is_locked
from mcpconf.broker.service.told import NAME
from mcpconf.commit.steps import Link, Step, all_done, link_step, stands
from mcpconf.commit.transaction import Request, commit
from mcpconf.errors import McpconfError, Refused
from mcpconf.ledger import Ledger
from mcpconf.model import Note
from mcpconf.plan import FileEdit, Plan
from mcpconf.record import dataclass, replace
from mcpconf.workflow import active, besides, brokers, service_manager, service_record
from mcpconf.workflow.app import App
from mcpconf.workflow.service_record import Ours
from mcpconf.workflow.service_setup import Setup, agent

Edits = Callable[[Mapping[str, bytes | None]], tuple[FileEdit, ...]]
NATIVE = {"systemd": "linux", "launchd": "darwin", "task": "linux"}


@dataclass(frozen=True, slots=True)
class Done:
    """What was written, or would be; `steps` are the links. `notes` say what remains to do, and what was done of it."""

    plan: Plan
    steps: tuple[Step, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def changed(self) -> bool:
        return bool(self.plan.files or self.steps)


def preview(app: App, made: Setup) -> Done:
    """What `install` would write. Raises `Refused` as it does."""
    ours = service_record.read(app.state)
    return Done(_plan(app.read(made.files, texts=made.files), _put(made, ours)), _links(made))


def install(app: App, made: Setup) -> Done:
    """Write a set-up, and have the service manager take it up where it answers.

    Raises `Refused` where something of that name is not ours; then nothing is changed.
    """
    if NATIVE.get(made.kind) != app.system.platform:
        raise McpconfError(
            f"no {made.kind} runs here; nothing was changed", hint="--print shows what it would be given"
        )
    planned = preview(app, made)
    if planned.changed:
        _commit(app, tuple(made.files), lambda ours: _put(made, ours), lambda _: _links(made), made, "broker install")
    return replace(planned, notes=_begin(app, made))


def _put(made: Setup, ours: Ours) -> Edits:
    for path in made.files:
        if os.path.islink(path):
            raise Refused(f"{path} is a link, and not mcpconf's; nothing was changed", hint=f"ls -l {path}")
    return lambda seen: tuple(
        edit for path, data in made.files.items() for edit in service_record.put(ours, path, seen[path], data)
    )


def _links(made: Setup) -> tuple[Link, ...]:
    """The steps that make the links. Raises `Refused` for anything else of such a name."""
    found = [(path, link_step(path, target), Link(path, target, True)) for path, target in made.links.items()]
    for path, step, wanted in found:
        if step is None and not stands(wanted):
            raise Refused(f"{path} is there, and not mcpconf's; nothing was changed", hint=f"ls -l {path}")
    return tuple(step for _, step, _ in found if step is not None)


def _plan(seen: Mapping[str, bytes | None], edits: Edits, ledger: Ledger | None = None) -> Plan:
    return Plan(files=edits(seen), ledger=ledger or Ledger())


def preview_removal(app: App, *, force: bool = False) -> Done:
    """What `uninstall` would do. Raises `Refused` where a file was edited since, unless `force`."""
    ours = service_record.read(app.state)
    seen = app.read(ours.files, texts=ours.files)
    notes = service_record.edited(ours, seen)
    if notes and not force:
        raise Refused(f"{notes[0].text}; nothing was changed", hint="mcpconf broker uninstall --force")
    return Done(_plan(seen, _out(ours, force)), tuple(service_record.unlinked(ours)))


def uninstall(app: App, *, force: bool = False) -> Done:
    """Take it from the service manager: its broker ends, and every file and link of ours goes."""
    planned = preview_removal(app, force=force)
    if not planned.changed:
        return planned
    paths = tuple(service_record.read(app.state).files)
    _commit(app, paths, lambda ours: _out(ours, force), service_record.unlinked, None, "broker uninstall")
    return replace(planned, notes=follow(app, paths))


def _out(ours: Ours, force: bool) -> Edits:
    return lambda seen: service_record.take_out(ours, seen, force=force)


def _commit(
    app: App,
    paths: Sequence[str],
    edits: Callable[[Ours], Edits],
    steps: Callable[[Ours], Iterable[Step]],
    made: Setup | None,
    command: str,
) -> None:
    """Write files and links as one change. What is about to be ours is noted down first."""
    with app.writing() as state:
        ours = service_record.read(state)
        known = active.load(state.read(active.FILE))
        plan = edits(ours)
        todo: tuple[Step, ...] = tuple(steps(ours))
        if made is not None:
            for path, data in made.files.items():
                ours = ours.wrote(path, data)
            links = {one.path: one for one in todo if isinstance(one, Link)}
            service_record.write(state, replace(ours, links={**ours.links, **links}))

        def note(number: int | None) -> int | None:
            with all_done(todo):
                if number is None:
                    number = besides.new_generation(state, request, app.system.now())
                besides.save(state, number, besides.Besides(active=known, steps=todo))
            return number

        request = Request(
            paths=paths,
            texts=paths,
            plan=lambda seen, ledger: _plan(seen, plan, ledger),
            command=command,
            context=active.USER,
            profile=None,
            previous=None,
            note=note,
        )
        commit(request, state, app.system)


def _begin(app: App, made: Setup) -> tuple[Note, ...]:
    """What remains to do, when what can be done is done."""
    if made.kind == "launchd":
        return (Note("launchd takes it up when you log in, or now:", hint=agent(app)),)
    if made.kind == "task":
        return (Note("Windows has to be told of it, from WSL:", hint=_schtasks(made)),)
    stays = _stays(app)
    if not service_manager.answers(app):
        return (Note("systemd's manager of this user does not answer: it takes the units up when you log in"), *stays)
    if not service_manager.look_again(app):
        where = service_manager.units(app)
        text = f"systemd's manager of this user has other units of that name, or does not read {where}"
        return (Note(text, hint=f"systemctl --user cat {NAME}.socket"), *stays)
    if is_locked(brokers.paths(app).lock):
        pid = starting.pid_of(brokers.paths(app))
        text = f"the broker that runs, pid {pid}, keeps its clients; systemd takes over at your next login, or now:"
        return (Note(text, hint="mcpconf broker restart"), *stays)
    if not service_manager.open_socket(app):
        return (Note("systemd does not open the socket", hint=f"journalctl --user -u {NAME}.socket -n 20"), *stays)
    return stays


def _stays(app: App) -> tuple[Note, ...]:
    if service_manager.lingers(app) is not False:
        return ()
    return (Note("the broker ends with your last session; where it is to stay:", hint="loginctl enable-linger"),)


def _schtasks(made: Setup) -> str:
    (path,) = made.files
    return f'schtasks.exe /Create /TN {NAME} /XML "$(wslpath -w {path})"'


def follow(app: App, paths: Sequence[str]) -> tuple[Note, ...]:
    """Have the service manager see that these files are gone, or there again; what is to be said of it."""
    if not paths:
        return ()
    gone = not any(map(app.system.exists, paths))
    if any(path.endswith(".plist") for path in paths):
        bootout = f"launchctl bootout gui/{app.system.uid}/{NAME}"
        return (Note("launchd has to be told, too:", hint=bootout if gone else agent(app)),)
    if any(path.endswith(".xml") for path in paths):
        return (Note("Windows has to be told, too:", hint=f"schtasks.exe /Delete /TN {NAME} /F"),) if gone else ()
    if not service_manager.answers(app):
        return ()
    if gone:
        service_manager.close(app)
    if service_manager.look_again(app) and not gone and not is_locked(brokers.paths(app).lock):
        service_manager.open_socket(app)
    return ()
