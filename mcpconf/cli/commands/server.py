"""`mcpconf server add|rm|ls|show|enable|disable|test`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mcpconf.cli import console, options
from mcpconf.cli.catalogue import new_app
from mcpconf.cli.edit_profile import pairs, save_and_apply, warn_of_secrets, words_after_dashes
from mcpconf.cli.render.probe import probe_lines
from mcpconf.cli.render.profiles import profile_lines, server_rows
from mcpconf.errors import McpconfError, UsageError
from mcpconf.workflow import own_profile
from mcpconf.workflow.app import App
from mcpconf.workflow.profiles import load_profile
from mcpconf.workflow.report import profile_report
from mcpconf.workflow.status import current
from mcpconf.workflow.switch import Wish

app = new_app("Add, remove, list and test servers of your own profile.")
Name = Annotated[str, typer.Argument(metavar="NAME", help="The server's name.")]
ProfileName = Annotated[
    str | None,
    typer.Option("--profile", metavar="PROFILE", help="Which profile of yours; the active one, else 'default'."),
]
NoApply = Annotated[bool, typer.Option("--no-apply", help="Change the profile only, not the clients.")]
Variables = Annotated[
    list[str] | None, typer.Option("-e", metavar="NAME=VALUE", help="A variable for the server; may be repeated.")
]
Headers = Annotated[
    list[str] | None, typer.Option("--header", metavar="NAME=VALUE", help="A header for --url; may be repeated.")
]
Image = Annotated[str | None, typer.Option("--image", metavar="IMAGE", help="A container image to run.")]
Url = Annotated[str | None, typer.Option("--url", metavar="URL", help="A remote server's address.")]
Package = Annotated[
    str | None, typer.Option("--package", metavar="PACKAGE", help="pypi:NAME==VERSION or npm:NAME@VERSION.")
]
Toolkit = Annotated[str | None, typer.Option("--toolkit", metavar="NAME", help="Its name in Docker's MCP catalog.")]
Cwd = Annotated[str | None, typer.Option("--cwd", metavar="DIR", help="The directory it starts in.")]
Command = Annotated[
    list[str] | None, typer.Argument(metavar="-- COMMAND ARGS", help="After --: the command and its arguments.")
]
Seconds = Annotated[float, typer.Option("--timeout", metavar="SECONDS", help="Seconds to wait for the server.")]


@app.command("add")
def add(
    name: Name,
    command: Command = None,
    e: Variables = None,
    header: Headers = None,
    image: Image = None,
    url: Url = None,
    package: Package = None,
    toolkit: Toolkit = None,
    cwd: Cwd = None,
    client: options.Client = None,
    scope: options.ScopeOption = None,
    route: options.Route = None,
    profile: ProfileName = None,
    replace: Annotated[bool, typer.Option("--replace", help="Take the place of a server of that name.")] = False,
    adopt: options.Adopt = False,
    keep: options.Keep = False,
    no_apply: NoApply = False,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
    json: options.Json = False,
) -> int:
    """Add a server to your own profile, and apply it.

    mcpconf server add NAME [-e K=V]... -- COMMAND ARGS...
    """
    world = console.app()
    words = words_after_dashes(command, f"mcpconf server add {name}")
    table = {
        "command": words[0] if words else None,
        "args": words[1:] or None,
        "env": pairs(e, "-e") or None,
        "cwd": cwd,
        "image": image,
        "url": url,
        "headers": pairs(header, "--header") or None,
        "package": package,
        "toolkit": toolkit,
        "routes": [str(chosen)] if (chosen := options.route(route)) else None,
        "clients": list(client) if client and profile is None and no_apply else None,
    }
    if not any(table[key] for key in ("command", "image", "url", "package", "toolkit")):
        raise UsageError(
            "nothing says how to reach the server",
            hint=f"mcpconf server add {name} -- COMMAND ARGS..., or --url, --package, --image, --toolkit",
        )
    if words and package and not table["args"]:
        table["command"], table["args"] = None, words
    warn_of_secrets(pairs(e, "-e"), f"mcpconf server add {name}")
    edit = own_profile.plan_add(world, name, table, profile=profile, over=replace)
    wish = Wish(
        profile=edit.name,
        clients=tuple(client or ()),
        scope=options.scope(scope),
        foreign=options.foreign(adopt, keep),
    )
    return save_and_apply(
        world, edit, wish, f"server add {name}", no_apply=no_apply, yes=yes, dry_run=dry_run, json=json
    )


@app.command("rm")
def rm(
    name: Name,
    profile: ProfileName = None,
    no_apply: NoApply = False,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
    json: options.Json = False,
) -> int:
    """Remove a server from your own profile, and apply that."""
    world = console.app()
    edit = own_profile.plan_remove(world, name, profile=profile)
    wish = Wish(profile=edit.name)
    return save_and_apply(
        world, edit, wish, f"server rm {name}", no_apply=no_apply, yes=yes, dry_run=dry_run, json=json
    )


@app.command("enable")
def enable(name: Name, profile: ProfileName = None, no_apply: NoApply = False, json: options.Json = False) -> int:
    """Use a disabled server again."""
    return _set_disabled(name, False, profile, no_apply, json)


@app.command("disable")
def disable(name: Name, profile: ProfileName = None, no_apply: NoApply = False, json: options.Json = False) -> int:
    """Keep a server without using it; also one that is inherited."""
    return _set_disabled(name, True, profile, no_apply, json)


def _set_disabled(name: str, disabled: bool, profile: str | None, no_apply: bool, json: bool) -> int:
    world = console.app()
    own, text = own_profile.editable(world, profile)
    known = [server.name for server in load_profile(world, current(world) or own).servers]
    if name not in known and (text is None or name not in text):
        raise McpconfError(f"the profile has no server {name!r}", hint="mcpconf server ls")
    edit = own_profile.plan_disable(world, name, disabled, profile=profile)
    verb = "disable" if disabled else "enable"
    wish = Wish(profile=edit.name)
    return save_and_apply(
        world, edit, wish, f"server {verb} {name}", no_apply=no_apply, yes=True, dry_run=False, json=json
    )


def _chosen(world: App, profile: str | None) -> str:
    name = (
        profile or current(world) or (own_profile.DEFAULT if own_profile.read_own(world, own_profile.DEFAULT) else None)
    )
    if name is None:
        raise UsageError("no profile is active", hint="--profile NAME, or: mcpconf init")
    return name


@app.command("ls")
def ls(profile: ProfileName = None, json: options.Json = False) -> int:
    """List the servers of a profile."""
    world = console.app()
    loaded = load_profile(world, _chosen(world, profile), untrusted=True)
    if json:
        console.as_json("servers", profile_report(loaded, world.system.home))
        return 0
    for line in server_rows(loaded):
        console.data(line)
    return 0


@app.command("show")
def show(name: Name, profile: ProfileName = None, json: options.Json = False) -> int:
    """Show one server of a profile, without secrets."""
    world = console.app()
    loaded = load_profile(world, _chosen(world, profile), untrusted=True)
    one = own_profile.only(loaded, name)
    if json:
        console.as_json("server", profile_report(one, world.system.home)["servers"][0])
        return 0
    for line in profile_lines(one, world.system.home)[1:]:
        console.data(line)
    return 0


@app.command("test")
def try_(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A server of a profile; or any name for the command after --.")
    ] = None,
    command: Command = None,
    e: Variables = None,
    url: Url = None,
    package: Package = None,
    profile: ProfileName = None,
    timeout: Seconds = 30.0,
    json: options.Json = False,
) -> int:
    """Start a server: its version and tools, or its last words.

    Saves nothing.

    mcpconf server test NAME, or: mcpconf server test NAME -- COMMAND ARGS...
    """
    from mcpconf.serve.trial import probe_report, try_server

    world = console.app()
    table: dict[str, Any] = {"url": url, "package": package, "env": pairs(e, "-e") or None}
    words = words_after_dashes(command, f"mcpconf server test {name}")
    table |= {"args": words or None} if package else {"command": words[0] if words else None, "args": words[1:] or None}
    if any(table[key] for key in ("url", "package", "command")):
        server = own_profile.unsaved(name or "test", {k: v for k, v in table.items() if v is not None})
    elif name is None:
        raise UsageError("name a server, or give a command", hint="mcpconf server test NAME")
    else:
        server = own_profile.only(load_profile(world, _chosen(world, profile)), name).servers[0]
    result = try_server(world, server, timeout=timeout)
    if json:
        console.as_json("probe", probe_report(result))
    for line in [] if json else probe_lines(server.name, result):
        console.data(line)
    return 0 if result.error is None else 1
