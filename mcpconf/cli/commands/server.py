"""`mcpconf server add|rm|ls|show|enable|disable|pull|test`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mcpconf.cli import console, options
from mcpconf.cli.catalogue import new_app
from mcpconf.cli.edit_profile import pairs, save_and_apply, warn_of_secrets
from mcpconf.cli.ending import end_cleanly
from mcpconf.cli.render.plan import note_lines
from mcpconf.cli.render.probe import probe_lines
from mcpconf.cli.render.profiles import profile_lines, server_rows
from mcpconf.cli.server_options import (
    Command,
    CommandAfterDashes,
    Cwd,
    Headers,
    Image,
    Name,
    Network,
    NoApply,
    Package,
    ProfileName,
    Seconds,
    Toolkit,
    Url,
    Variables,
    Ways,
)
from mcpconf.errors import UsageError
from mcpconf.workflow import own_profile, own_servers
from mcpconf.workflow.app import App
from mcpconf.workflow.here import current
from mcpconf.workflow.own_profile import ProfileEdit
from mcpconf.workflow.profiles import load_profile
from mcpconf.workflow.report import profile_report
from mcpconf.workflow.settings import parse_scope
from mcpconf.workflow.switch import Wish

if TYPE_CHECKING:
    from mcpconf.workflow.images import Pull

app = new_app("Add, remove, list and test servers of your own profile.")


@app.command("add", cls=CommandAfterDashes)
def add(
    name: Name,
    command: Command = None,
    e: Variables = None,
    header: Headers = None,
    image: Image = None,
    network: Network = None,
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
    line = f"server add {name}"
    variables = pairs(e, "-e")
    ways = Ways(tuple(command or ()), variables, url, package, image, network, toolkit, pairs(header, "--header"), cwd)
    only = tuple(client) if client and profile is None and no_apply else ()
    table = ways.table(route=options.parse_route(route), clients=only)
    if not ways:
        raise UsageError(
            "nothing says how to reach the server",
            hint=f"mcpconf {line} -- COMMAND ARGS..., or --url, --package, --image, --toolkit",
        )
    warn_of_secrets(variables, f"mcpconf {line}")
    foreign = options.parse_foreign(adopt, keep)
    wish = Wish(profile="", clients=tuple(client or ()), scope=parse_scope(scope), foreign=foreign)

    def plan() -> ProfileEdit:
        return own_servers.plan_add(world, name, table, profile=profile, over=replace)

    return save_and_apply(world, plan, wish, line, no_apply=no_apply, yes=yes, dry_run=dry_run, json=json)


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

    def plan() -> ProfileEdit:
        return own_servers.plan_remove(world, name, profile=profile)

    line = f"server rm {name}"
    return save_and_apply(world, plan, Wish(profile=""), line, no_apply=no_apply, yes=yes, dry_run=dry_run, json=json)


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

    def plan() -> ProfileEdit:
        return own_servers.plan_disable(world, name, disabled, profile=profile)

    line = f"server {'disable' if disabled else 'enable'} {name}"
    return save_and_apply(world, plan, Wish(profile=""), line, no_apply=no_apply, yes=True, json=json)


def _chosen(world: App, profile: str | None) -> str:
    name = profile or current(world)
    if name is None and own_profile.read_own(world, own_servers.DEFAULT):
        name = own_servers.DEFAULT
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
    one = own_servers.only(loaded, name)
    if json:
        console.as_json("server", profile_report(one, world.system.home)["servers"][0])
        return 0
    for line in profile_lines(one, world.system.home)[1:]:
        console.data(line)
    return 0


@app.command("pull")
def pull(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME...", help="Which servers; all, if none.")] = None,
    profile: ProfileName = None,
) -> int:
    """Get the images of servers that run in containers.

    Nothing else pulls one. Exit 1 where one could not be had.
    """
    from mcpconf.workflow import images

    world = console.app()
    planned = images.plan_pulls(world, load_profile(world, _chosen(world, profile)), names or ())
    for line in note_lines(planned.notes):
        console.tell(line)
    if not planned.images and not planned.notes:
        console.tell("none of the servers has an image")
    failed = [one for one in planned.images if not _pulled(planned.engine, one)]
    return 1 if failed else 0


def _pulled(engine: str, one: Pull) -> bool:
    from mcpconf.workflow import images

    console.tell(f"{', '.join(one.servers)}: {one.image}")
    done = images.pull(engine, one.image, quiet=console.settings.quiet)
    if not done:
        console.complain(f"{one.image} could not be pulled")
    return done


@app.command("test", cls=CommandAfterDashes)
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
    from mcpconf.use.trial import probe_report, try_server

    end_cleanly()
    world = console.app()
    ways = Ways(tuple(command or ()), pairs(e, "-e"), url, package)
    if ways:
        server = own_servers.unsaved(name or "test", ways.table())
    elif name is None:
        raise UsageError("name a server, or give a command", hint="mcpconf server test NAME")
    else:
        server = own_servers.only(load_profile(world, _chosen(world, profile)), name).servers[0]
    result = try_server(world, server, timeout=timeout)
    if json:
        console.as_json("probe", probe_report(result))
    for line in [] if json else probe_lines(server.name, result):
        console.data(line)
    return 0 if result.error is None else 1
