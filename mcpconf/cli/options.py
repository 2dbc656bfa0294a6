"""Options that several commands share, with one wording."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from mcpconf.errors import UsageError
from mcpconf.model import RouteName
from mcpconf.plan import Foreign
from mcpconf.record import dataclass
from mcpconf.workflow.settings import parse_scope
from mcpconf.workflow.switch import Wish

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; take the defaults.")]
DryRun = Annotated[bool, typer.Option("--dry-run", "-n", help="Show what would be done, and do nothing.")]
Check = Annotated[bool, typer.Option("--check", help="Do nothing; exit 3 if something would change.")]
Client = Annotated[
    list[str] | None, typer.Option("--client", metavar="CLIENT", help="Which client; may be repeated. Remembered.")
]
OnlyClient = Annotated[
    list[str] | None, typer.Option("--client", metavar="CLIENT", help="Which client; may be repeated.")
]
OnlyScope = Annotated[str | None, typer.Option("--scope", metavar="SCOPE", help="user, local or project.")]
ScopeOption = Annotated[
    str | None,
    typer.Option(
        "--scope", metavar="SCOPE", help="user, local or project. Remembered (the latter two for this directory)."
    ),
]
Route = Annotated[
    str | None, typer.Option("--route", metavar="ROUTE", help="toolkit, wrapper, direct or auto, for every server.")
]
Portable = Annotated[
    bool, typer.Option("--portable", help="Write entries that are right wherever this home is mounted.")
]
Adopt = Annotated[bool, typer.Option("--adopt", help="Take over entries of the same name that others wrote.")]
Keep = Annotated[bool, typer.Option("--keep", help="Leave entries of the same name that others wrote.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite entries of ours that were edited by hand.")]
Approve = Annotated[
    bool, typer.Option("--approve", help="Project scope: approve the servers in .claude/settings.local.json.")
]


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
    client: Client = None,
    scope: ScopeOption = None,
    route: Route = None,
    portable: Portable = False,
    adopt: Adopt = False,
    keep: Keep = False,
    force: Force = False,
    approve: Approve = False,
) -> Asked:
    wish = Wish(
        profile="",
        clients=tuple(client or ()),
        scope=parse_scope(scope),
        route=parse_route(route),
        portable=portable,
        foreign=parse_foreign(adopt, keep),
        force=force,
        approve=approve,
    )
    given = {"client": client, "scope": scope, "route": route}
    return Asked(wish, frozenset(name for name, value in given.items() if value))


def parse_route(text: str | None) -> RouteName | None:
    """The route that was named; None for auto. Raises `UsageError`."""
    if text is None or text == "auto":
        return None
    try:
        return RouteName(text)
    except ValueError:
        known = ", ".join(RouteName)
        raise UsageError(f"there is no route {text!r}", hint=f"--route auto, {known}") from None


def parse_foreign(adopt: bool, keep: bool) -> Foreign:
    """What to do with other people's entries. Raises `UsageError` for both."""
    if adopt and keep:
        raise UsageError("--adopt and --keep exclude each other")
    return Foreign.ADOPT if adopt else Foreign.KEEP if keep else Foreign.REFUSE
