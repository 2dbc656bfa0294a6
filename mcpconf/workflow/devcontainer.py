"""Put what a container needs into a devcontainer.json, and take it out again: owned by the ledger, member by member."""

from __future__ import annotations

import os
from collections.abc import Mapping

from mcpconf.broker.place import MOUNTED
from mcpconf.client.project import find_project
from mcpconf.client.spec import Target
from mcpconf.commit.transaction import Committed, Request, commit
from mcpconf.document.edit import Pointer
from mcpconf.document.fault import Fault
from mcpconf.document.scan import JSONC, scan
from mcpconf.document.values import parse
from mcpconf.environment.devcontainer import Additions, Wanted, additions, firewalled, without
from mcpconf.environment.exposure import Grant
from mcpconf.environment.grants import devcontainer_grant
from mcpconf.errors import Located, McpconfError, Refused, UsageError
from mcpconf.ledger import FileRecord, Ledger
from mcpconf.model import DEVCONTAINER, Json, Kind, Note, Scope
from mcpconf.plan import Foreign, Plan, Policy, Snapshots, Want, decode_file, locate, make_plan
from mcpconf.record import dataclass, replace
from mcpconf.workflow import active, besides, expose
from mcpconf.workflow.app import App
from mcpconf.workflow.devcontainer_schema import fault_of
from mcpconf.workflow.owned import target_for

DIRECTORY = ".devcontainer"
NAME = "devcontainer.json"
MAKE = f"mcpconf export devcontainer DIR, which makes DIR/{DIRECTORY}/{NAME} where there is none"
UNNAMED = (
    "the broker's directory lies in no place that a variable names, and a path of this machine is not for this file"
)


@dataclass(frozen=True, slots=True)
class Export:
    """What is to be done with one file, or was done. `raw` is what it will hold; None: it will not be there."""

    path: str
    plan: Plan
    raw: bytes | None
    notes: tuple[Note, ...] = ()
    compose: Grant | None = None
    committed: Committed | None = None


def find(app: App, path: str | None) -> str:
    """The file that is meant, by the places that the tools know.

    Raises `UsageError` where there are several, or where what was named is not there and no tool would look for it.
    """
    system = app.system
    if path is None:
        return _in(app, find_project(app.place).root)
    given = os.path.normpath(os.path.join(system.cwd, path))
    if system.is_dir(given):
        return _in(app, given)
    if not system.exists(given) and os.path.basename(given) not in (NAME, f".{NAME}"):
        raise UsageError(
            f"{path} is not there, and no tool would look for one of that name; nothing was changed", hint=MAKE
        )
    return given


def _in(app: App, root: str) -> str:
    if os.path.basename(os.path.dirname(root)) == DIRECTORY:  # one of several, by its directory
        return os.path.join(root, NAME)
    base = root if os.path.basename(root) != DIRECTORY else os.path.dirname(root)
    known = (os.path.join(base, DIRECTORY, NAME), os.path.join(base, f".{NAME}"))
    more = app.system.glob(os.path.join(base, DIRECTORY, "*", NAME))
    found = [one for one in (*known, *sorted(more)) if app.system.exists(one)]
    if root != base:  # the directory itself was named
        found = [one for one in found if one.startswith(root + os.sep)]
    if len(found) > 1:
        names = ", ".join(os.path.relpath(one, base) for one in found)
        raise UsageError(
            f"there are several: {names}",
            hint=f"mcpconf export devcontainer {os.path.relpath(found[0], app.system.cwd)}",
        )
    return found[0] if found else known[0]


def way_to_broker(app: App, by: str | None) -> tuple[Grant | None, tuple[Note, ...]]:
    """How the container gets to this machine's broker, in the file's words, and what is left to do or unknown."""
    if app.look()[1].kind is Kind.CONTAINER:
        if by == "tcp":
            raise McpconfError("the way by TCP needs a look at the machine; nothing was changed", hint="run it there")
        note = Note("this is a container: that the machine's broker has its directory there is not known from here")
        return Grant(mounts=(("${localEnv:XDG_RUNTIME_DIR}/mcpconf", MOUNTED),)), (note,)
    exposure = expose.expose(app, by=by)
    way = exposure.way
    if way.trouble:
        raise Refused(f"--by {way.name} is no way in here: {way.trouble}; nothing was changed")
    grant = devcontainer_grant(way.grant, expose.variables(app))
    if grant is None:
        return None, (Note(UNNAMED, "--no-mount-broker says that none is wanted"),)
    left = [step.command for step in way.steps if not step.done]
    return grant, tuple(Note("to be done on this machine once", command) for command in left)


def prepare(app: App, path: str, wanted: Wanted | None, *, force: bool = False) -> Export:
    """What would be done; `wanted` None: take out all that is ours. Reads only. Raises `Located`."""
    snapshots = app.read([path], app.state.ledger().files)
    plan, found = plan_file(path, snapshots, app.state.ledger(), wanted, force)
    return _export(app, path, plan, snapshots[path], found, wanted=wanted is not None)


def carry_out(app: App, path: str, wanted: Wanted | None, command: str, *, force: bool = False) -> Export:
    """Do it, as one change that `undo` takes back. Raises `Refused` where the file would not fit its schema then."""
    prepared = prepare(app, path, wanted, force=force)
    if not prepared.plan.files:
        return prepared
    known = active.load(app.state.read(active.FILE))

    def plan(snapshots: Mapping[str, bytes | None], ledger: Ledger) -> Plan:
        return plan_file(path, snapshots, ledger, wanted, force)[0]

    with app.writing() as state:

        def note(number: int | None) -> int | None:
            besides.save(state, number, besides.Besides(active=known))
            return number

        request = Request(
            paths=(path,), plan=plan, command=command, context=active.USER, profile=None, previous=None, note=note
        )
        committed = commit(request, state, app.system)
    return replace(prepared, plan=committed.plan, committed=committed)


def plan_file(
    path: str, snapshots: Snapshots, ledger: Ledger, wanted: Wanted | None, force: bool = False
) -> tuple[Plan, Additions]:
    """The edit of one file, and what is to be said of it. Raises `Located`, and `Refused` as `carry_out` does."""
    record = ledger.files.get(path, FileRecord())
    before = _value(path, snapshots[path])
    found = Additions({}, [])
    if wanted is not None:
        made = [pointer for pointer, trace in record.traces.items() if trace.created]
        found = additions(without(before, record.members, made), wanted)
    pointers = dict.fromkeys([*found.members, *record.members])
    wants = [Want(_target(path, at), found.members.get(at, {}), "") for at in pointers]
    plan = make_plan(snapshots, wants, ledger, Policy(Foreign.KEEP, force))
    if wanted is not None and plan.files and fault_of(before) is None:
        _check(path, plan.files[0].after)
    return plan, found


def _target(path: str, pointer: Pointer) -> Target:
    return target_for(path, pointer, DEVCONTAINER, Scope.PROJECT)


def _value(path: str, raw: bytes | None) -> Json:
    text = decode_file(path, raw).text
    try:
        scan(text, JSONC)
        return parse(text)
    except Fault as fault:
        raise locate(path, text, fault) from None
    except RecursionError:
        raise Located(path, "is nested too deep to be checked; nothing was changed", hint=f"cat {path}") from None


def _check(path: str, raw: bytes | None) -> None:
    fault = fault_of(_value(path, raw))
    if fault is not None:
        raise Refused(f"{path} would not fit the schema of devcontainer.json any more ({fault}); nothing was changed")


def _export(app: App, path: str, plan: Plan, raw: bytes | None, found: Additions, *, wanted: bool) -> Export:
    after = plan.files[0].after if plan.files else raw
    notes = [*found.notes]
    before = _value(path, raw)
    fault = fault_of(before) if before else None
    if fault is not None:
        notes.append(Note(f"it does not fit the published schema, and did not before: {fault}"))
    beside = [os.path.basename(one) for one in app.system.glob(os.path.join(os.path.dirname(path), "*.sh"))]
    if wanted and firewalled(before, beside):
        notes.append(
            Note(
                "its firewall lets through what Claude Code and npm need, but not PyPI and no remote server; the host's"
                " broker it does not touch (docs/devcontainer.md tells what works)"
            )
        )
    return Export(path, plan, after, tuple(notes), found.compose)
