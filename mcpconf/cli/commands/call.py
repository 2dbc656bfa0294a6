"""`mcpconf call`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from mcpconf.cli import console, options
from mcpconf.cli.catalogue import new_app
from mcpconf.cli.ending import end_cleanly
from mcpconf.cli.render.called import Part, parts, text_of
from mcpconf.cli.server_options import ProfileName, Seconds
from mcpconf.cli.tool_options import NoBroker, read_stdin, read_text
from mcpconf.errors import McpconfError, UsageError
from mcpconf.model import Json
from mcpconf.use.arguments import Word, assemble, parse_input, parse_word, refuse_loose
from mcpconf.use.calling import Outcome, call_report, call_tool
from mcpconf.use.manners import Manners
from mcpconf.use.toolbox import Toolbox, keeping
from mcpconf.workflow.app import App
from mcpconf.workflow.in_use import in_use
from mcpconf.workflow.learnt import learn

app = new_app()

LONGEST = 4000  # characters of an error that are shown


@app.command()
def call(
    server: Annotated[str, typer.Argument(metavar="SERVER", help="A server of the active profile.")],
    tool: Annotated[str, typer.Argument(metavar="TOOL", help="One of its tools.")],
    loose: Annotated[list[str] | None, typer.Argument(metavar="--arg NAME=VALUE", hidden=True)] = None,
    arg: Annotated[
        list[str] | None,
        typer.Option(
            "--arg", "-a", metavar="NAME=VALUE", help="An argument; NAME:=JSON as JSON, NAME=@FILE from a file."
        ),
    ] = None,
    input_: Annotated[
        str | None, typer.Option("--input", metavar="JSON", help="All arguments as an object; - or @FILE reads it.")
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Write what it gives there, images too.")
    ] = None,
    profile: ProfileName = None,
    timeout: Seconds = 60.0,
    no_broker: NoBroker = False,
    json: options.Json = False,
) -> int:
    """Call a tool and print what it gives.

    Arguments get their types from the tool's schema, and are checked before anything is sent. Exit 1 where the tool
    fails, 2 where the arguments do not fit. mcpconf tools SERVER TOOL shows what it takes.
    """
    if timeout <= 0:
        raise UsageError("--timeout is a number of seconds above 0")
    refuse_loose(loose or (), server, tool)
    words = [parse_word(word, read_text) for word in arg or ()]
    given = _input(input_)
    end_cleanly()
    world = console.app()
    outcome = _called(world, server, tool, words, given, profile, timeout, broker=not no_broker)
    for note in outcome.notes:
        console.tell(console.visible(note))
    if json:
        console.as_json("call", call_report(server, tool, outcome))
    else:
        _show(outcome, output)
    return 1 if outcome.failed else 0


def _input(text: str | None) -> dict[str, Json]:
    if text is None:
        return {}
    if text == "-":
        return parse_input(read_stdin())
    return parse_input(read_text(text[1:]) if text.startswith("@") else text)


def _called(
    world: App,
    server: str,
    tool: str,
    words: list[Word],
    given: dict[str, Json],
    profile: str | None,
    timeout: float,
    *,
    broker: bool,
) -> Outcome:
    used = in_use(world, profile)
    one = used.server(server)

    def remember(found: Toolbox) -> None:
        learn(world, {found.server: [tool.name for tool in found.tools]})

    return call_tool(
        world,
        one,
        tool,
        lambda found: assemble(words, given, found.input_schema),
        Manners(_say, _say if _watched() else None),
        kept=keeping(world, used, broker=broker).get(one.name),
        timeout=timeout,
        learn=remember,
    )


def _watched() -> bool:
    """Whether a person sees how a call gets on."""
    return sys.stderr is not None and sys.stderr.isatty() and not console.settings.quiet


def _say(text: str) -> None:
    """What a server has to say besides, on a line."""
    console.tell(console.visible(text).replace("\n", " "))


def _show(outcome: Outcome, output: str | None) -> None:
    if outcome.error is not None:
        code, said = outcome.error
        said = said if len(said) <= LONGEST else said[:LONGEST] + "..."
        console.complain(console.visible(f"the server answers with an error: {said} ({code})"))
        return
    found = parts(outcome.result or {})
    if outcome.failed:
        console.complain(console.visible(text_of(found)) or "the tool failed, and does not say why")
    elif output is not None:
        _write(found, output)
    elif found:
        console.document(text_of(found))


def _write(found: tuple[Part, ...], path: str) -> None:
    """Write the first image or the like, else the text; what is left over is shown."""
    data = next((part for part in found if part.data is not None), None)
    rest = tuple(part for part in found if part is not data) if data is not None else ()
    raw = text_of(found).encode("utf-8", "replace") if data is None else data.data or b""
    try:
        with open(path, "wb") as stream:
            stream.write(raw)
    except OSError as error:
        raise McpconfError(f"the tool was called, but {path} can't be written: {error.strerror}") from None
    if rest:
        console.document(text_of(rest))
