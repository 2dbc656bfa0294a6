"""Active profiles whose servers are not where the profile says. Name -> what makes it so, and what says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mcpconf.cli import console
from mcpconf.workflow.trusting import candidate, trust
from tests.cli.conftest import World
from tests.doctor import good

ONE = '[servers.one]\ncommand = "good"\n'
TWO = ONE + '[servers.two]\ncommand = "good"\nargs = ["2"]\n'


def active(world: World, text: str = ONE, *options: str) -> None:
    """A profile that was switched to; `good` is a server that answers."""
    good.program(world, "good")
    world.profile("work", text)
    world("switch", "work", *options)


def edit(world: World, change: Callable[[dict[str, Any]], object]) -> None:
    """Somebody edits the client's entries."""
    data = json.loads(world.claude.read_text())
    change(data["mcpServers"])
    world.claude.write_text(json.dumps(data, indent=2) + "\n")


def profile_gone(home: Path, world: World) -> None:
    active(world)
    (home / ".config/mcpconf/profiles/work.toml").unlink()


def profile_no_toml(home: Path, world: World) -> None:
    active(world)
    world.profile("work", "[servers.one\n")


def profile_invalid(home: Path, world: World) -> None:
    active(world)
    world.profile("work", "[servers.one]\ncommand = 7\n[servers.two]\n")


def parent_gone(home: Path, world: World) -> None:
    world.profile("base", TWO)
    active(world, 'extends = "base"\n')
    (home / ".config/mcpconf/profiles/base.toml").unlink()


def profile_not_utf8(home: Path, world: World) -> None:
    active(world)
    (home / ".config/mcpconf/profiles/work.toml").write_bytes(b"description = '\xff'\n")


def untrusted(home: Path, world: World) -> None:
    project = world.project("p")
    good.program(world, "good")
    path = world.profile("own", ONE, project / ".mcpconf")
    trust(console.app(), candidate(console.app(), "own"))
    world("switch", "own")
    path.write_text(TWO)


def not_on_path(home: Path, world: World) -> None:
    active(world, TWO.replace('"good"\nargs', '"gone"\nargs'))


def no_runner(home: Path, world: World) -> None:
    (home.parent / "bin/npx").unlink()  # an installation may bring uvx along, never npx
    active(world, ONE + '[servers.notes]\npackage = "npm:mcp-notes@1.0.0"\n')


def taken_out(home: Path, world: World) -> None:
    active(world, TWO)
    edit(world, lambda servers: servers.pop("one"))


def all_taken_out(home: Path, world: World) -> None:
    active(world)
    world.claude.write_text("{}\n")


def never_applied(home: Path, world: World) -> None:
    active(world)
    world.profile("work", TWO)


def profile_edited(home: Path, world: World) -> None:
    active(world)
    world.profile("work", ONE + 'args = ["--new"]\n')


def program_moved(home: Path, world: World) -> None:
    active(world)
    new = home / "new"
    new.mkdir()
    (home.parent / "bin/good").rename(new / "good")
    (home.parent / "bin/good").symlink_to(new / "good")
    world.patch.setenv("PATH", f"{new}:{home.parent / 'bin'}")


def edited(home: Path, world: World) -> None:
    active(world)
    edit(world, lambda servers: servers["one"].update(args=["mine"]))


def anothers(home: Path, world: World) -> None:
    mine = good.program(world, "mine")
    world.claude.write_text(json.dumps({"mcpServers": {"one": {"command": str(mine)}}}))
    world.claude.chmod(0o600)
    active(world, ONE, "--keep")


def left_over(home: Path, world: World) -> None:
    active(world, TWO)
    edit(world, lambda servers: servers["two"].update(args=["mine"]))
    world.profile("work", ONE)
    world("switch", "work")


def wrapped(world: World) -> Path:
    """A server behind the wrapper; the directory of its data."""
    world.patch.setenv("TOKEN", "set")
    active(world, ONE + 'env = { A = "secret:TOKEN" }\n')
    return world.home / ".local/share/mcpconf/wrapper/data"


def wrapper_data_gone(home: Path, world: World) -> None:
    (wrapped(world) / "mcp-one").unlink()


def wrapper_link_gone(home: Path, world: World) -> None:
    (wrapped(world).parent / "mcp-one").unlink()


def wrapper_script_gone(home: Path, world: World) -> None:
    (wrapped(world).parent / "mcpconf-wrapper.bash").unlink()


def secret_unset(home: Path, world: World) -> None:
    wrapped(world)
    world.patch.delenv("TOKEN")


def told_its_route(home: Path, world: World) -> None:
    """A switch with a route of its own is meant."""
    active(world, ONE, "--route", "wrapper")


BROKEN = {
    "the profile's file is gone": (profile_gone, "MC402"),
    "the profile is no TOML": (profile_no_toml, "MC402"),
    "the profile has faults": (profile_invalid, "MC402"),
    "the profile's parent is gone": (parent_gone, "MC402"),
    "the profile is not UTF-8": (profile_not_utf8, "MC402"),
    "the project's profile was edited since it was trusted": (untrusted, "MC402"),
    "a program is not on PATH": (not_on_path, "MC403"),
    "nothing runs its package": (no_runner, "MC403"),
    "an entry was taken out": (taken_out, "MC404"),
    "the client has dropped all": (all_taken_out, "MC404"),
    "a server was added to the profile": (never_applied, "MC404"),
    "a server was changed in the profile": (profile_edited, "MC405"),
    "its program is found elsewhere now": (program_moved, "MC405"),
    "another route was asked for": (told_its_route, "MC406"),
    "an entry was edited by hand": (edited, "MC407"),
    "somebody else's entry has the name": (anothers, "MC408"),
    "an earlier profile's entry was edited": (left_over, "MC409"),
    "the wrapper's data are gone": (wrapper_data_gone, "MC410"),
    "the wrapper's link is gone": (wrapper_link_gone, "MC410"),
    "the wrapper itself is gone": (wrapper_script_gone, "MC410"),
    "a secret is set nowhere": (secret_unset, "MC411"),
}


def nothing_active(home: Path, world: World) -> None:
    pass


def active_and_right(home: Path, world: World) -> None:
    active(world, TWO)


def behind_the_wrapper(home: Path, world: World) -> None:
    wrapped(world)


def portable(home: Path, world: World) -> None:
    active(world, ONE, "--portable")


def switched_off(home: Path, world: World) -> None:
    active(world, ONE + '[servers.off]\ncommand = "gone"\ndisabled = true\n')


def local(home: Path, world: World) -> None:
    world.project("p")
    active(world, ONE, "--scope", "local")


HEALTHY = {
    "no profile is active": nothing_active,
    "a profile is active": active_and_right,
    "a server behind the wrapper": behind_the_wrapper,
    "portable entries": portable,
    "a server that is switched off": switched_off,
    "a profile for one directory": local,
}
