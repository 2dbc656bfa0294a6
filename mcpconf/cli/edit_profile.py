"""An edit of a profile of the user's: what the command line says of it, and how it is shown, saved and applied."""

from __future__ import annotations

from mcpconf.cli import ask, console
from mcpconf.cli.carry_out import carry_out
from mcpconf.cli.render.table import symbol
from mcpconf.errors import McpconfError, UsageError
from mcpconf.profile.redact import sensitive
from mcpconf.profile.variables import Literal, parse
from mcpconf.workflow import own_profile
from mcpconf.workflow.app import App
from mcpconf.workflow.diff import tilde
from mcpconf.workflow.own_profile import ProfileEdit
from mcpconf.workflow.switch import Wish, prepare


def words_after_dashes(command: list[str] | None, start: str) -> list[str]:
    """The command after `--`. Without that, options of the command's own would have been taken for ours."""
    if command and not console.settings.dashes:
        raise UsageError("a command stands after --; nothing was changed", hint=f"{start} -- {command[0]} ARGS...")
    return command or []


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


def save_and_apply(
    world: App, edit: ProfileEdit, wish: Wish, command: str, *, no_apply: bool, yes: bool, dry_run: bool, json: bool
) -> int:
    """Show the edit, ask where somebody can be asked, save and apply. A failed apply puts the profile back."""
    home = world.system.home
    for line in own_profile.diff(edit, home) if not json else ():
        console.tell(line)
    if console.interactive() and not (yes or dry_run or json):
        ask.sure(f"Write {tilde(edit.path, home)}{'' if no_apply else ' and apply it'}?")
    if not dry_run:
        own_profile.save(world, edit)
    if dry_run or no_apply:
        return _tell_edit(edit, home, written=not dry_run, json=json)
    try:
        return carry_out(world, prepare(world, wish), command, check=False, dry_run=False, json=json)
    except (McpconfError, KeyboardInterrupt):
        own_profile.restore(world, edit)
        raise


def _tell_edit(edit: ProfileEdit, home: str, *, written: bool, json: bool) -> int:
    path = tilde(edit.path, home)
    if json:
        diff = "".join(line + "\n" for line in own_profile.diff(edit, home))
        report = {"profile": edit.name, "path": path, "changed": edit.changed, "written": written, "diff": diff}
        console.as_json("edit", report)
    elif written:
        console.tell(f"wrote {path}; to apply it: mcpconf switch {edit.name}")
    return 0
