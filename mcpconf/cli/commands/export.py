"""`mcpconf export devcontainer [PATH]` and `mcpconf export --template chezmoi`."""

from __future__ import annotations

from typing import Annotated

import typer

from mcpconf.cli import console, options
from mcpconf.cli.catalogue import new_app
from mcpconf.cli.render.export import export_lines
from mcpconf.cli.render.plan import diff_lines
from mcpconf.environment.devcontainer import Wanted
from mcpconf.errors import Refused, UsageError
from mcpconf.model import Note
from mcpconf.workflow import devcontainer as workflow
from mcpconf.workflow.devcontainer_report import export_report

app = new_app()
PENDING = 3
SOMETHING = "devcontainer"


@app.command()
def export(
    what: Annotated[str | None, typer.Argument(metavar="devcontainer", help="What to write.")] = None,
    path: Annotated[
        str | None, typer.Argument(metavar="PATH", help="The devcontainer.json, or a directory; the project's own.")
    ] = None,
    template: Annotated[
        str | None, typer.Option("--template", metavar="MANAGER", help="Print a dotfiles manager's script: chezmoi.")
    ] = None,
    of: Annotated[
        str,
        typer.Option("--for", metavar="FILE", help="With --template: claude-code, claude-desktop, bash, zsh, apply."),
    ] = "claude-code",
    profile: Annotated[
        str | None, typer.Option("--profile", metavar="PROFILE", help="Which profile the container activates.")
    ] = None,
    mount_broker: Annotated[
        bool, typer.Option("--mount-broker/--no-mount-broker", help="Give the container this machine's broker.")
    ] = True,
    by: Annotated[str | None, typer.Option("--by", metavar="WAY", help="How: mount or tcp.")] = None,
    feature: Annotated[
        str | None, typer.Option("--feature", metavar="ID", help="Add mcpconf's Feature, by the id it has for you.")
    ] = None,
    volume: Annotated[
        bool, typer.Option("--volume/--no-volume", help="Keep what mcpconf remembers over a rebuild.")
    ] = True,
    start_broker: Annotated[
        bool, typer.Option("--start-broker", help="Start a broker in the container, each time that it starts.")
    ] = False,
    image: Annotated[str | None, typer.Option("--image", metavar="IMAGE", help="For a file that names none.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take out what mcpconf has put in.")] = False,
    print_: Annotated[bool, typer.Option("--print", help="Print the whole file, and write nothing.")] = False,
    dry_run: options.DryRun = False,
    check: options.Check = False,
    force: options.Force = False,
    json: options.Json = False,
) -> int:
    """Write what another tool needs to bring your servers along.

    `devcontainer` merges the lines that a container needs into a devcontainer.json; comments and layout stay as they
    are. --template prints a script for a dotfiles manager.
    """
    if template is not None:
        return _template(template, of, profile)
    if what != SOMETHING:
        raise UsageError(
            "what is to be exported?" if what is None else f"{what!r} can't be exported",
            hint="mcpconf export devcontainer, mcpconf export --template chezmoi",
        )
    world = console.app()
    _check_profile(profile)
    file = workflow.find(world, path)
    wanted: Wanted | None = None
    notes: tuple[Note, ...] = ()
    if not remove:
        grant, notes = workflow.way_to_broker(world, by) if mount_broker else (None, ())
        wanted = Wanted(
            grant=grant, profile=profile, feature=feature, volume=volume, start_broker=start_broker, image=image
        )
    if check or dry_run or print_:
        done = workflow.prepare(world, file, wanted, force=force)
    else:
        command = "export devcontainer --remove" if remove else "export devcontainer"
        done = workflow.carry_out(world, file, wanted, command, force=force)
    home = world.system.home
    if json:
        console.as_json("export", export_report(done, notes, home))
    elif print_:
        console.document((done.raw or b"").decode("utf-8"))
    elif dry_run or check:
        for line in diff_lines(done.plan, home, "lines of ours"):
            console.data(line)
    for line in () if json else export_lines(done, notes, home, planned=check or dry_run or print_):
        console.tell(line)
    if done.plan.conflicts:
        return Refused.exit_code
    return PENDING if check and done.plan.files else 0


def _check_profile(profile: str | None) -> None:
    from mcpconf.profile.names import check_profile_name

    fault = None if profile is None else check_profile_name(profile)
    if fault is not None:
        raise UsageError(fault, hint="mcpconf profile ls")


def _template(manager: str, of: str, profile: str | None) -> int:
    from mcpconf.workflow.chezmoi import script

    if manager != "chezmoi":
        raise UsageError(f"there is no template for {manager!r}", hint="--template chezmoi")
    _check_profile(profile)
    made = script(of, profile)
    console.document(made.text)
    console.tell(f"keep it as {made.name} in chezmoi's source directory ({made.why})")
    return 0
