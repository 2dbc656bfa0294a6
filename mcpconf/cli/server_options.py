"""The options of `mcpconf server`: what they are called, and what they say together."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from mcpconf.errors import UsageError
from mcpconf.model import NOTHING, Json, RouteName
from mcpconf.record import dataclass

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
Network = Annotated[
    str | None, typer.Option("--network", metavar="NETWORK", help="A network for --image; none, if not given.")
]
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


@dataclass(frozen=True, slots=True)
class Ways:
    """How a server is to be reached, as it was said. False where nothing says it."""

    words: tuple[str, ...] = ()
    env: Mapping[str, str] = NOTHING
    url: str | None = None
    package: str | None = None
    image: str | None = None
    network: str | None = None
    toolkit: str | None = None
    headers: Mapping[str, str] = NOTHING
    cwd: str | None = None

    def __bool__(self) -> bool:
        return any((self.words, self.url, self.package, self.image, self.toolkit))

    def table(self, *, route: RouteName | None = None, clients: Sequence[str] = ()) -> dict[str, Json]:
        """A profile's table for it. The words after `--` are a package's arguments, where one is named."""
        command, args = (self.words[:1], self.words[1:]) if not self.package else ((), self.words)
        said = {
            "command": command[0] if command else None,
            "args": list(args),
            "env": dict(self.env),
            "cwd": self.cwd,
            "image": self.image,
            "container": {"network": self.network} if self.network else {},
            "url": self.url,
            "headers": dict(self.headers),
            "package": self.package,
            "toolkit": self.toolkit,
            "routes": [str(route)] if route else [],
            "clients": list(clients),
        }
        return {key: value for key, value in said.items() if value not in (None, [], {})}


class CommandAfterDashes(TyperCommand):
    """A command that takes another one after `--`. Without that, its options would be taken for ours: say so."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        at = next(iter(self._second_word(args)), None) if "--" not in args else None
        if at is not None:
            meant = shlex.join([*ctx.command_path.split(), *args[:at], "--", *args[at:]])
            raise UsageError("a command stands after --; nothing was changed", hint=meant)
        return super().parse_args(ctx, args)

    def _second_word(self, args: Sequence[str]) -> Iterator[int]:
        """Where the words begin that follow the server's name; nothing where an option stands before that we lack."""
        options = {name: param for param in self.params for name in param.opts if name.startswith("-")}
        words = iter(range(len(args)))
        named = False
        for at in words:
            option = options.get(args[at].partition("=")[0], options.get(args[at][:2]))
            if not args[at].startswith("-"):
                if named:
                    yield at
                named = True
            elif option is None:
                return
            elif args[at] in options and not getattr(option, "is_flag", False):
                next(words, None)  # its value
