"""An edit of a profile of the user's: what the command line says of it, and how it is shown, saved and applied."""

from __future__ import annotations

from mcpconf.cli import ask, console
from mcpconf.cli.carry_out import decide, finish
from mcpconf.cli.render.table import symbol
from mcpconf.errors import UsageError
from mcpconf.profile.redact import sensitive
from mcpconf.profile.variables import Literal, parse
from mcpconf.record import replace
from mcpconf.workflow import init, own_profile
from mcpconf.workflow.amend import amend
from mcpconf.workflow.app import App
from mcpconf.workflow.diff import tilde
from mcpconf.workflow.here import current
from mcpconf.workflow.own_profile import ProfileEdit
from mcpconf.workflow.switch import Applied, Blocked, Prepared, Wish, prepare


def pairs(words: list[str] | None, option: str) -> dict[str, str]:
    """NAME=VALUE words as a table. Raises `UsageError` for others."""
    found = {}
    for word in words or ():
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise UsageError(f"{option} takes NAME=VALUE, not {name!r}")
        found[name] = value
    return found


def warn_of_secrets(variables: dict[str, str], start: str) -> None:
    """A literal secret would stand in the profile and in every client's file, and it is in the shell's history."""
    for name, value in variables.items():
        if value and sensitive(name) and all(isinstance(part, Literal) for part in parse(value)):
            console.tell(f"{symbol('warn')} the value of {name} will be readable in the profile and at the clients")
            console.tell(console.hint(f"mcpconf secret set {name}, then {start} -e {name}=secret:{name} ...", "    "))


def own_profile_lines(world: App, prepared: Prepared) -> tuple[str, ...]:
    """What a setup would change in the user's profile."""
    edit = init.edited(world, prepared)
    return () if edit is None else own_profile.diff(edit, world.system.home)


def drop_vain_broker(world: App, prepared: Prepared, *, told: bool) -> Prepared:
    """The same without the wish for a broker that would keep not one server; `told`: the user is to hear of it."""
    if not prepared.wish.autostart or init.is_kept(prepared):
        return prepared
    if told:
        text = f"--broker has no effect: {prepared.profile.name} has no server that a broker would keep here"
        console.tell(f"{symbol('warn')} {console.visible(text)}")
    return prepare(world, replace(prepared.wish, profile=prepared.profile.name, autostart=None))


def save_and_apply(
    world: App,
    plan: own_profile.Plan,
    wish: Wish,
    command: str,
    *,
    no_apply: bool = False,
    yes: bool = False,
    dry_run: bool = False,
    json: bool = False,
) -> int:
    """Show the edit, ask where somebody can be asked, save and apply. A failed apply puts the profile back."""
    home = world.system.home
    edit = plan()
    for line in own_profile.diff(edit, home) if not json else ():
        console.tell(line)
    real = own_profile.lies_at(world, edit.path)
    if real is not None and edit.changed and not json:
        shown = console.visible(f"{tilde(edit.path, home)} is behind a link, and lies at {tilde(real, home)}")
        console.tell(f"{symbol('warn')} {shown}")
    if not (no_apply or json):
        _tell_switch(world, edit)
    if console.interactive() and not (yes or dry_run or json):
        ask.sure(f"Write {tilde(edit.path, home)}{'' if no_apply else ' and apply it'}?")
    if dry_run or no_apply:
        edit = edit if dry_run else own_profile.save(world, plan)
        return _tell_edit(edit, home, written=not dry_run, json=json)
    return finish(world, _amended(world, plan, wish, command), json=json)


def _tell_switch(world: App, edit: ProfileEdit) -> None:
    """The edit is of another profile than the active one, whose servers go."""
    active = current(world)
    if active not in (None, edit.name):
        console.tell(f"{symbol('warn')} this makes {edit.name} the active profile, in the place of {active}")


def _amended(world: App, plan: own_profile.Plan, wish: Wish, command: str) -> Applied:
    """Save and apply; where other people's entries are in the way and somebody can be asked, ask first."""
    try:
        return amend(world, plan, wish, command)
    except Blocked as blocked:
        if not console.interactive():
            raise
        wish = replace(wish, foreign=decide(world, blocked.conflicts))
    return amend(world, plan, wish, command)


def _tell_edit(edit: ProfileEdit, home: str, *, written: bool, json: bool) -> int:
    path = tilde(edit.path, home)
    if json:
        diff = "".join(line + "\n" for line in own_profile.diff(edit, home))
        report = {"profile": edit.name, "path": path, "changed": edit.changed, "written": written, "diff": diff}
        console.as_json("edit", report)
    elif written:
        console.tell(f"wrote {path}; to apply it: mcpconf switch {edit.name}")
    return 0
