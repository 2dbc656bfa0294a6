"""The options that `switch` and `init` have in common, written once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from mcpconf.cli import options
from mcpconf.record import dataclass
from mcpconf.workflow.settings import parse_scope
from mcpconf.workflow.switch import Wish


@dataclass(frozen=True, slots=True)
class Asked:
    """What the options of a switch say: a wish without a profile, and which of them were given at all."""

    wish: Wish
    said: frozenset[str]


def asking(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command the options of every switch, in the place of its parameter `asked`."""

    def run(**given: Any) -> int:
        return command(asked=_asked(**{name: given.pop(name) for name in shared}), **given)

    shared = inspect.signature(_asked, eval_str=True).parameters
    own = inspect.signature(command, eval_str=True).parameters
    found = [one for name, each in own.items() for one in (shared.values() if name == "asked" else (each,))]
    # Keywords all of them, so that those without a default may follow those with one; typer reads the signature.
    parameters = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in found]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    run.__name__, run.__doc__ = command.__name__, command.__doc__
    return run


def _asked(
    client: options.Client = None,
    scope: options.ScopeOption = None,
    route: options.Route = None,
    portable: options.Portable = False,
    adopt: options.Adopt = False,
    keep: options.Keep = False,
    force: options.Force = False,
    approve: options.Approve = False,
) -> Asked:
    wish = Wish(
        profile="",
        clients=tuple(client or ()),
        scope=parse_scope(scope),
        route=options.parse_route(route),
        portable=portable,
        foreign=options.parse_foreign(adopt, keep),
        force=force,
        approve=approve,
    )
    given = {"client": client, "scope": scope, "route": route}
    return Asked(wish, frozenset(name for name, value in given.items() if value))
