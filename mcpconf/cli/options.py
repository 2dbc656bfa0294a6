"""Options that several commands share, with one wording."""

from __future__ import annotations

from typing import Annotated

import typer

from mcpconf.errors import UsageError
from mcpconf.model import RouteName
from mcpconf.plan import Foreign

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
    str | None,
    typer.Option("--route", metavar="ROUTE", help="toolkit, broker, wrapper, direct or auto, for every server."),
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
