"""Do what findings say mends them: planned first, so that it can be shown, then as changes that `undo` knows.

Modes, locks and byte order marks are one change together, each switch is one of its own. What Docker has removed is
the only thing here that can't come back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from mcpconf.client.spec import Target
from mcpconf.commit.steps import Mode, Step, gone_step, mode_step
from mcpconf.doctor.finding import Finding
from mcpconf.errors import McpconfError, Refused
from mcpconf.model import Scope
from mcpconf.record import dataclass
from mcpconf.workflow.app import App
from mcpconf.workflow.diff import unified
from mcpconf.workflow.mend import mend, without_bom
from mcpconf.workflow.switch import Wish, apply, prepare
from mcpconf.workflow.targets import every_target

COMMAND = "doctor --fix"
DOCKER = 20.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A mend as it could be done now. `ids` are the checks that ask for it, `command` is what does the same by hand.

    `trouble` says why it can't be done; then nothing else is known.
    """

    action: str
    arguments: tuple[str, ...]
    ids: tuple[str, ...]
    command: str
    safe: bool
    diff: str = ""
    trouble: str | None = None
    step: Step | None = None
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mend. `error`: why it was not done; None where it was."""

    planned: Planned
    error: str | None = None


Plan = Callable[[App, tuple[str, ...]], Mapping[str, object]]


def plan_mends(app: App, findings: Iterable[Finding]) -> tuple[Planned, ...]:
    """Every mend that can be done for somebody, once, in the order of the findings. Reads only."""
    asked: dict[tuple[str, tuple[str, ...]], list[Finding]] = {}
    for one in findings:
        if one.mend is not None and one.mend.action:
            asked.setdefault((one.mend.action, one.mend.arguments), []).append(one)
    found = (_planned(app, *key, mine) for key, mine in asked.items())
    return tuple(one for one in found if one is not None)


def _planned(app: App, action: str, arguments: tuple[str, ...], asking: Sequence[Finding]) -> Planned | None:
    """None where it is done already, or somebody did it meanwhile."""
    first = asking[0].mend
    assert first is not None  # noqa: S101  only those with a mend ask
    ids = tuple(dict.fromkeys(one.id for one in asking))
    base = {"action": action, "arguments": arguments, "ids": ids, "command": first.command, "safe": first.safe}
    try:
        more = ACTIONS[action](app, arguments)
    except McpconfError as error:
        more = {"trouble": str(error)}
    return Planned(**base, **more) if more else None  # type: ignore[arg-type]


def _chmod(_app: App, arguments: tuple[str, ...]) -> Mapping[str, object]:
    step = mode_step(arguments[0], int(arguments[1], 8))
    return {"step": step} if step else {}


def _rmdir(app: App, arguments: tuple[str, ...]) -> Mapping[str, object]:
    step = gone_step(arguments[0], app.system.now())
    return {"step": step} if step else {}


def _bom(app: App, arguments: tuple[str, ...]) -> Mapping[str, object]:
    target = next(one for _, one in every_target(app.place) if one.path == arguments[0])
    plan = without_bom(app.read([target.path]), (target,), app.state.ledger())
    return {"target": target, "diff": unified(plan, app.system.home)} if plan.files else {}


def _switch(app: App, arguments: tuple[str, ...]) -> Mapping[str, object]:
    prepared = prepare(app, _wish(arguments))
    if prepared.plan.blocked:
        names = ", ".join(conflict.name for conflict in prepared.plan.blocked)
        raise Refused(f"entries that mcpconf did not write are in the way ({names}): --adopt or --keep decides that")
    return {"diff": unified(prepared.plan, app.system.home), "trouble": None}


def _remove_containers(_app: App, arguments: tuple[str, ...]) -> Mapping[str, object]:
    return {"trouble": None} if arguments else {}


ACTIONS: Mapping[str, Plan] = {
    "chmod": _chmod,  # path, mode in octal digits
    "rmdir": _rmdir,  # a lock directory
    "bom": _bom,  # a client's file
    "switch": _switch,  # profile, and the scope where it is not the usual one
    "remove-containers": _remove_containers,  # ids; only ours go, and only without an owner
}


def _wish(arguments: tuple[str, ...]) -> Wish:
    scope = Scope(arguments[1]) if len(arguments) > 1 else None
    return Wish(profile=arguments[0], scope=scope, remember=False)


def carry_out(app: App, planned: Sequence[Planned]) -> tuple[Outcome, ...]:
    """Do them; what became of each. One that fails stops no other."""
    errors: dict[Planned, str] = {one: one.trouble for one in planned if one.trouble is not None}
    able = [one for one in planned if one not in errors]
    errors |= _mend_files(app, [one for one in able if one.step or one.target])
    for one in able:
        try:
            if one.action == "switch":
                apply(app, prepare(app, _wish(one.arguments)), f"{COMMAND}: switch {one.arguments[0]}")
            elif one.action == "remove-containers":
                _remove(app, one.arguments)
        except McpconfError as error:
            errors[one] = str(error)
    return tuple(Outcome(one, errors.get(one)) for one in planned)


def _mend_files(app: App, planned: Sequence[Planned]) -> dict[Planned, str]:
    """One change of all steps and texts; why some were not done."""
    if not planned:
        return {}
    steps = [one.step for one in planned if one.step is not None]
    targets = [one.target for one in planned if one.target is not None]
    try:
        failed = mend(app, steps, targets, COMMAND).failed
    except McpconfError as error:
        return dict.fromkeys(planned, str(error))
    return {one: failed[one.step] for one in planned if one.step is not None and one.step in failed}


def _remove(app: App, ids: tuple[str, ...]) -> None:
    """Remove containers, of these only those that are ours, and whose owner is gone still. Raises `McpconfError`."""
    from subprocess import SubprocessError

    from mcpconf.broker.upstream.image import abandoned

    docker = app.system.which("docker") or "docker"
    try:
        gone = [one for one in abandoned(docker, app.system.env, DOCKER) if one in ids]
    except (OSError, SubprocessError) as error:
        raise McpconfError(f"Docker can't be asked for them: {error}", hint="docker ps") from None
    done = app.system.run([docker, "rm", "-f", *gone], timeout=DOCKER) if gone else None
    if gone and (done is None or done.code != 0):
        said = done.err.strip() if done is not None else f"no answer within {DOCKER:g} s"
        raise McpconfError(f"Docker did not remove them: {said}", hint=f"docker rm -f {' '.join(gone)}")


def words(one: Planned) -> str:
    """What a mend does, in a few words for people."""
    if isinstance(one.step, Mode):
        return f"{one.step.path}: mode {one.step.before:o} becomes {one.step.after:o}"
    if one.step is not None:
        return f"{one.step.path} goes"
    if one.target is not None:
        return f"{one.target.path}: the byte order mark goes"
    return f"what this does: {one.command}"
