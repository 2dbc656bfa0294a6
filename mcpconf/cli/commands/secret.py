"""`mcpconf secret set|ls|rm`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from mcpconf.cli import ask, console, options
from mcpconf.cli.catalogue import new_app
from mcpconf.errors import UsageError
from mcpconf.workflow import secrets

app = new_app("Keep secrets out of config files: a profile names them as secret:NAME.")
Name = Annotated[str, typer.Argument(metavar="NAME", help="Letters, digits and underscores, as in secret:NAME.")]


@app.command("set")
def set_(name: Name) -> int:
    """Keep a secret. Its value is asked for on a terminal, else read from standard input; it is never an argument."""
    world = console.app()
    if console.interactive():
        value = ask.secret(f"Value of {name}:")
    elif sys.stdin.isatty():
        raise UsageError("the value is read from standard input", hint=f"mcpconf secret set {name} < FILE")
    else:
        value = sys.stdin.read().removesuffix("\n").removesuffix("\r")
    secrets.store(world, name, value)
    console.tell(f"kept {name}; a profile names it as secret:{name}")
    return 0


@app.command("ls")
def ls(json: options.Json = False) -> int:
    """List the names of the secrets that are kept, never a value."""
    names = secrets.load(console.app()).names()
    if json:
        console.as_json("secrets", {"names": list(names)})
        return 0
    for name in names:
        console.data(name)
    return 0


@app.command("rm")
def rm(name: Name) -> int:
    """Forget a secret."""
    secrets.forget(console.app(), name)
    console.tell(f"forgot {name}")
    return 0
