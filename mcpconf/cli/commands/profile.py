"""`mcpconf profile ls|show|new|edit|copy|rm|validate|schema`."""

from __future__ import annotations

import json as jsonlib
import os
import shlex
import subprocess
from typing import Annotated

import typer

from mcpconf.cli import ask, console, options
from mcpconf.cli.catalogue import new_app
from mcpconf.cli.render.profiles import profile_lines, show_profiles
from mcpconf.errors import McpconfError, Refused, UsageError
from mcpconf.model import Layer
from mcpconf.workflow import own_profile
from mcpconf.workflow.app import App
from mcpconf.workflow.diff import tilde
from mcpconf.workflow.here import current
from mcpconf.workflow.profiles import find, list_profiles, load_profile
from mcpconf.workflow.report import profile_report

app = new_app("List, show, write and check profiles.")
Name = Annotated[str, typer.Argument(metavar="NAME", help="A profile's name.")]


@app.command("ls")
def ls(json: options.Json = False) -> int:
    """List the profiles; '*' marks the active one."""
    return show_profiles(console.app(), json=json)


@app.command("show")
def show(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A profile's name; the active one if left out.")
    ] = None,
    json: options.Json = False,
) -> int:
    """Show a profile with all it inherits, without secrets."""
    world = console.app()
    chosen = name or current(world)
    if chosen is None:
        raise UsageError("no profile is active", hint="mcpconf profile show NAME")
    profile = load_profile(world, chosen, untrusted=True)
    if json:
        console.as_json("profile", profile_report(profile, world.system.home))
        return 0
    for line in profile_lines(profile, world.system.home):
        console.data(line)
    return 0


@app.command("new")
def new(
    name: Name,
    description: Annotated[str, typer.Option("--description", metavar="TEXT", help="One line about it.")] = "",
    extends: Annotated[
        list[str] | None, typer.Option("--extends", metavar="PROFILE", help="A parent; may be repeated.")
    ] = None,
) -> int:
    """Make a profile of your own."""
    world = console.app()
    for parent in extends or ():
        if find(world, parent) is None:
            raise UsageError(f"there is no profile named {parent!r}", hint="mcpconf profile ls")
    made = own_profile.save(world, lambda: own_profile.create(world, name, description, tuple(extends or ())))
    console.tell(f"wrote {tilde(made.path, world.system.home)}; add to it: mcpconf profile edit {name}")
    return 0


@app.command("copy")
def copy(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The profile to copy.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="The new name.")],
) -> int:
    """Copy any profile to one of your own."""
    world = console.app()
    made = own_profile.save(world, lambda: own_profile.copy(world, source, name))
    console.tell(f"wrote {tilde(made.path, world.system.home)}")
    return 0


@app.command("rm")
def rm(name: Name, yes: options.Yes = False) -> int:
    """Remove a profile of your own. What is active stays as it is until you switch."""
    world = console.app()
    if not yes and not console.interactive():
        raise UsageError("nobody can be asked here; nothing was changed", hint=f"mcpconf profile rm {name} --yes")
    if not yes:
        ask.sure(f"Remove your profile {name}?", default=False)
    console.tell(f"removed {tilde(own_profile.remove(world, name), world.system.home)}")
    return 0


@app.command("edit")
def edit(name: Name) -> int:
    """Edit a profile of your own, and check it.

    The editor is $VISUAL, $EDITOR or vi.
    """
    world = console.app()
    text = own_profile.read_own(world, name)
    if text is None:
        raise UsageError(f"you have no profile {name!r} of your own", hint=f"mcpconf profile copy {name} {name}")
    editor = world.system.env.get("VISUAL") or world.system.env.get("EDITOR") or "vi"
    path = own_profile.own_path(world, name)
    try:
        code = subprocess.run([*shlex.split(editor), path], check=False).returncode
    except OSError as error:
        raise McpconfError(
            f"{editor} does not start: {error.strerror}", hint=f"EDITOR=nano mcpconf profile edit {name}"
        ) from None
    if code != 0:
        raise McpconfError(f"{editor} ended with {code}")
    load_profile(world, name)
    console.tell(f"{name} is fine; to apply it: mcpconf switch {name}")
    return 0


@app.command("validate")
def validate(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME|FILE", help="Names or files; all that can be found if left out.")
    ] = None,
) -> int:
    """Check profiles; each fault with file, line and column. Exit 4 where there is one."""
    world = console.app()
    faults = 0
    for name in names or [one.name for one in list_profiles(world) if not one.shadowed]:
        try:
            _validate(world, name)
            console.data(f"{name}: fine")
        except McpconfError as error:
            faults += 1
            console.fail(error)
    return Refused.exit_code if faults else 0


def _validate(world: App, name: str) -> None:
    if os.sep not in name and not name.endswith(".toml"):
        load_profile(world, name, untrusted=True, cache=False)
        return
    from mcpconf.profile.load import Found, resolve

    raw = world.system.read(os.path.join(world.system.cwd, name))
    if raw is None:
        raise McpconfError(f"{name} can't be read")
    base = os.path.basename(name).removesuffix(".toml")
    itself = Found(raw.decode("utf-8", "replace"), name, Layer.PROJECT)

    def look(wanted: str, *, above: Layer | None) -> Found | None:
        return itself if wanted == base and above is None else find(world, wanted, above)

    resolve(base, look, untrusted=True)


@app.command("schema")
def schema() -> int:
    """Print the JSON Schema of a profile, for editors."""
    from mcpconf.profile.schema import json_schema

    console.data(jsonlib.dumps(json_schema(), indent=2))
    return 0
