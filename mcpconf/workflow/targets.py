"""Which files a command is about: what was asked for, what was remembered, what is there."""

from __future__ import annotations

import os
from collections.abc import Sequence

from mcpconf.client.project import find_project
from mcpconf.client.spec import ClientSpec, Place, Target
from mcpconf.client.table import CLIENTS, client
from mcpconf.environment.facts import Facts
from mcpconf.errors import Refused, UsageError
from mcpconf.model import Note, Scope
from mcpconf.record import dataclass
from mcpconf.workflow.settings import Choice, Settings


@dataclass(frozen=True, slots=True)
class Targets:
    """The chosen targets, in the table's order, with the choice that led to them."""

    chosen: tuple[tuple[ClientSpec, Target], ...]
    scope: Scope
    notes: tuple[Note, ...] = ()

    @property
    def clients(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(spec.id for spec, _ in self.chosen))


def detected(place: Place, facts: Facts) -> tuple[ClientSpec, ...]:
    """The clients that are, or were, used here."""
    return tuple(spec for spec in CLIENTS if spec.present(place, spec.command in facts.which))


def every_target(place: Place, specs: Sequence[ClientSpec] = CLIENTS) -> tuple[tuple[ClientSpec, Target], ...]:
    """Each place where one of these clients reads entries, seen from the current directory."""
    return tuple((spec, target) for spec in specs for scope in spec.scopes for target in spec.targets(place, scope))


def choose_targets(
    place: Place, facts: Facts, settings: Settings, clients: Sequence[str] = (), scope: Scope | None = None
) -> Targets:
    """The targets of a command. Raises `UsageError` where no chosen client knows the chosen scope."""
    remembered: Choice = settings.at(find_project(place).root)
    if scope not in (None, remembered.scope or Scope.USER):
        remembered = settings.everywhere  # a directory's own clients are for its own scope
    scope = scope or remembered.scope or Scope.USER
    names = tuple(clients) or remembered.clients
    notes: tuple[Note, ...] = ()
    if names:
        specs = tuple(client(name) for name in dict.fromkeys(names))
    else:
        specs = detected(place, facts)
        if not specs:
            specs = (CLIENTS[0],)
            notes = (Note("no client was found here; assuming Claude Code, which may come later"),)
    chosen = tuple((spec, target) for spec in specs for target in spec.targets(place, scope))
    if not chosen:
        titles = " and ".join(spec.title for spec in specs)
        raise UsageError(f"{titles} has no {scope} scope", hint="--scope user, or --client claude-code")
    _refuse_odd(tuple(target for _, target in chosen if scope is not Scope.USER))
    return Targets(chosen, scope, notes)


def _refuse_odd(targets: Sequence[Target]) -> None:
    """Raise `Refused` for a project's directory whose name is no text: JSON and TOML, which are to name it, can't."""
    for project in (target.project or "" for target in targets):
        if any("\ud800" <= char <= "\udfff" for char in project):
            raise Refused(
                f"{os.fsencode(project)!r} is no directory that a client's file can name; nothing was changed",
                hint="give it a name in UTF-8, or --scope user",
            )
