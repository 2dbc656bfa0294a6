"""`mcpconf trust [NAME]`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcpconf.cli import ask, console, options
from mcpconf.cli.catalogue import new_app
from mcpconf.cli.render.table import columns, one_line, plain
from mcpconf.errors import Refused
from mcpconf.model import Layer
from mcpconf.workflow import trusting
from mcpconf.workflow.app import App
from mcpconf.workflow.diff import tilde
from mcpconf.workflow.profiles import list_profiles

app = new_app()


@app.command()
def trust(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME|PATH", help="A project's profile; if left out, list them.")
    ] = None,
    revoke: Annotated[bool, typer.Option("--revoke", help="Trust it no more.")] = False,
    json: options.Json = False,
) -> int:
    """Allow a project's own profile (.mcpconf/NAME.toml) to be used.

    Shows what it would run, then asks. Trust is bound to the file's path and content: any edit revokes it. Without a
    terminal nothing is ever trusted.
    """
    world = console.app()
    if name is None:
        return _list(world, json)
    chosen = trusting.candidate(world, name)
    if revoke:
        trusting.revoke(world, chosen)
        console.tell(f"{one_line(chosen.path)} is not trusted any more")
        return 0
    path = one_line(tilde(chosen.path, world.system.home))
    console.tell(f"{console.paint(path, 'bold')} may then do this:")
    for line in chosen.lines:
        console.tell("  " + line)
    if chosen.trusted:
        console.tell("it is trusted already")
        return 0
    if not console.interactive():
        raise Refused("trust is given by a person on a terminal; nothing was changed", hint=f"mcpconf trust {name}")
    ask.sure("Trust it, until it is edited?", default=False)
    trusting.trust(world, chosen)
    console.tell(f"trusted; now: mcpconf switch {chosen.profile.name}")
    return 0


def _list(world: App, json: bool) -> int:
    found = [one for one in list_profiles(world) if one.layer is Layer.PROJECT]
    if json:
        report = [
            {"name": one.name, "path": tilde(one.path, world.system.home), "trusted": one.trusted} for one in found
        ]
        console.as_json("trust", {"profiles": report})
        return 0
    rows = [
        [
            plain("trusted" if one.trusted else "not trusted", "green" if one.trusted else "yellow"),
            plain(one.name, "bold"),
            plain(tilde(one.path, world.system.home), "dim"),
        ]
        for one in found
    ]
    for line in columns(rows, ""):
        console.data(line)
    if not found:
        console.tell("this project brings no profiles (.mcpconf/NAME.toml); others need no trust")
    for one in found:
        if not one.trusted:
            console.tell(console.hint(f"mcpconf trust {one.name}"))
    return 0
