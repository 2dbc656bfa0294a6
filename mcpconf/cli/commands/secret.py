"""`mcpconf secret set|ls|rm`, and what the wrapper calls for a secret of the keyring."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from mcpconf.cli import ask, console, options
from mcpconf.cli.catalogue import new_app
from mcpconf.cli.render.plan import note_lines
from mcpconf.cli.render.table import columns, plain
from mcpconf.errors import McpconfError, UsageError
from mcpconf.workflow import secrets, vault

app = new_app("Keep secrets out of config files: a profile names them as secret:NAME.")
Name = Annotated[str, typer.Argument(metavar="NAME", help="Letters, digits and underscores, as in secret:NAME.")]
Keyring = Annotated[bool, typer.Option("--keyring", help="In the system's keyring, not in a file.")]


@app.command("set")
def set_(name: Name, keyring: Keyring = False) -> int:
    """Keep a secret. Its value is asked for on a terminal, else read from standard input; it is never an argument."""
    world = console.app()
    if keyring:
        vault.get(name)  # whether it can be used at all, before somebody types the value
    value = _value(name)
    if keyring:
        secrets.store_in_keyring(world, name, value)
    notes = () if keyring else secrets.store(world, name, value)
    console.tell(f"kept {name}{' in the keyring' if keyring else ''}; a profile names it as secret:{name}")
    for line in note_lines(notes):
        console.tell(line)
    return 0


def _value(name: str) -> str:
    if console.interactive():
        return ask.secret(f"Value of {name}:")
    if sys.stdin.isatty():
        raise UsageError("the value is read from standard input", hint=f"mcpconf secret set {name} < FILE")
    return sys.stdin.read().removesuffix("\n").removesuffix("\r")


@app.command("ls")
def ls(json: options.Json = False) -> int:
    """List the secrets that are kept and where each is, never a value."""
    places = secrets.places(console.app())
    if json:
        console.as_json("secrets", {"names": list(places), "places": places})
        return 0
    for line in columns([[plain(name), plain(place, "dim")] for name, place in places.items()], ""):
        console.data(line)
    return 0


@app.command("print", hidden=True)
def print_(name: Name) -> int:
    """Print a secret of the keyring's, for the wrapper that starts a server. Never to a terminal."""
    if sys.stdout is None or sys.stdout.isatty():
        raise UsageError("a secret is not printed to a terminal", hint="mcpconf secret ls")
    value = vault.get(name)
    if value is None:
        raise McpconfError(f"the keyring has no secret named {name}", hint=f"mcpconf secret set {name} --keyring")
    sys.stdout.buffer.write(value.encode())
    sys.stdout.flush()
    return 0


@app.command("rm")
def rm(name: Name) -> int:
    """Forget a secret."""
    secrets.forget(console.app(), name)
    console.tell(f"forgot {name}")
    return 0
