"""`mcpconf broker key new|ls|revoke`."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Annotated

import typer

from mcpconf.broker.door.keys import keys_directory, list_keys, new_key, revoke_key
from mcpconf.cli import console, options
from mcpconf.cli.catalogue import new_app
from mcpconf.cli.render.table import columns, plain
from mcpconf.errors import McpconfError
from mcpconf.workflow import brokers
from mcpconf.workflow.app import App

app = new_app("Keys of clients that come by TCP.")
Id = Annotated[str, typer.Argument(metavar="ID", help="A name for it: a-z, 0-9 and -.")]


@app.command("new")
def new(name: Id) -> int:
    """Make a key for a client, and print the path of its file."""
    world = console.app()
    directory = keys_directory(world.dirs.data)
    new_key(directory, name)
    path = os.path.join(directory, name)
    console.data(path)
    console.tell(f"copy it to where the client runs, and set MCPCONF_BROKER_KEY to its path there: {name}")
    _tell_broker(world)
    return 0


@app.command("ls")
def ls(json: options.Json = False) -> int:
    """List the keys, never one of them."""
    found = list_keys(keys_directory(console.app().dirs.data))
    if json:
        keys = [{"id": one.id, "created": one.created, "problem": one.problem} for one in found]
        console.as_json("keys", {"keys": keys})
        return 0
    rows = [[plain(one.id, "bold"), plain(_day(one.created), "dim"), plain(one.problem or "", "red")] for one in found]
    for line in columns(rows, ""):
        console.data(line)
    return 0


@app.command("revoke")
def revoke(name: Id) -> int:
    """Take a key away from the client that has it."""
    world = console.app()
    revoke_key(keys_directory(world.dirs.data), name)
    if _tell_broker(world):
        console.tell(f"revoked {name}; the broker has closed the connections of whoever came by it")
    else:
        console.tell(f"revoked {name}")
    return 0


def _tell_broker(world: App) -> bool:
    """Have it read its keys again; whether one runs. What goes wrong is said: it then goes by the old ones."""
    try:
        if brokers.status(world) is None:
            return False
        brokers.reload(world)
    except McpconfError as error:
        raise McpconfError(
            f"the key files are changed, but the broker could not be told: {error}", hint="mcpconf broker reload"
        ) from None
    return True


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
