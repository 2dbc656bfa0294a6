"""Links and modes, taken one by one: one that can't be hinders no other."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

from mcpconf.commit.state import State
from mcpconf.commit.steps import Step, do, mode_step, stands, undo_all
from mcpconf.commit.transaction import Request
from mcpconf.errors import McpconfError
from mcpconf.record import replace
from mcpconf.workflow import besides
from mcpconf.workflow.app import App


def take(steps: Sequence[Step], modes: Mapping[str, int], refused: dict[str, McpconfError]) -> tuple[Step, ...]:
    """Take each step that can be taken; those that were."""
    done: list[Step] = []
    mask = os.umask(0o077)
    os.umask(mask)
    for step in steps:
        _take_one(lambda step=step: step, done, refused)  # type: ignore[misc]
    for path, mode in modes.items():
        _take_one(lambda path=path, mode=mode: mode_step(path, mode & ~mask), done, refused)  # type: ignore[misc]
    return tuple(done)


def _take_one(make: Callable[[], Step | None], done: list[Step], refused: dict[str, McpconfError]) -> None:
    step = None
    try:
        step = make()
        if step is not None and not stands(step):  # another mcpconf may have been here since
            do(step)
            done.append(step)
    except McpconfError as error:
        if step is not None:
            refused[step.path] = error


def keep(
    app: App,
    state: State,
    request: Request,
    number: int | None,
    before: besides.Besides,
    done: tuple[Step, ...],
    *,
    more: bool = False,
) -> int | None:
    """Write down what was taken beside its generation, or take it back where that fails; the generation's number.

    `number` is None where no text changed; `more`: something else did.
    """
    try:
        if number is None and (done or more):
            number = besides.new_generation(state, request, app.system.now())
        besides.save(state, number, replace(before, steps=done))
    except BaseException:
        undo_all(done)
        raise
    return number
