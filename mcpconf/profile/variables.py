"""The references that a profile's values may hold.

=================  =====================================================================================
`${VAR}`           the environment variable; unset is an error when a value is made of it
`${VAR:-default}`  the default only when VAR is *unset* (an empty VAR stays empty), up to the first `}`
`secret:NAME`      the whole value is the secret: from the environment if it is there and not empty, else
                   from the secrets file
`${secret:NAME}`   the same inside a longer value, as in `Bearer ${secret:NAME}`
=================  =====================================================================================

The first two are exactly what Claude Code 2.1.330 expands (measured), so that an entry may carry them as they
stand. As there, `$VAR` and `$$` are plain text, nothing nests and nothing escapes; any other `${` stays literal
there, and is refused here, since the next client might expand it. A value that must begin with the word `secret:`
can be written as the default of a variable which is never set.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from mcpconf.errors import McpconfError
from mcpconf.model import Server
from mcpconf.record import dataclass

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_REFERENCE = re.compile(rf"\$\{{(?:secret:(?P<secret>{_NAME})|(?P<name>{_NAME})(?::-(?P<default>[^}}]*))?)\}}")
_WHOLE = re.compile(rf"secret:({_NAME})")


@dataclass(frozen=True, slots=True)
class Literal:
    """Text that stands for itself."""

    text: str


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable, with what to take when it is unset."""

    name: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret, which must never be written into a client's file."""

    name: str


Part = Literal | Variable | Secret


@dataclass(frozen=True, slots=True)
class References:
    """The names that a server's values refer to, each sorted. `optional` variables have a default everywhere."""

    variables: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()


class TemplateError(McpconfError):
    """A value with a `${` or a `secret:` that is no reference; `offset` counts its characters from 0."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message, hint="write ${NAME}, ${NAME:-default} or ${secret:NAME}")
        self.offset = offset


class Unset(McpconfError):
    """Values that cannot be made, since nothing by these names is there."""

    def __init__(self, variables: tuple[str, ...], secrets: tuple[str, ...]) -> None:
        self.variables = variables
        self.secrets = secrets
        missing = [f"${{{name}}}" for name in variables] + [f"secret:{name}" for name in secrets]
        verb = "is" if len(missing) == 1 else "are"
        super().__init__(f"{', '.join(missing)} {verb} not set", hint=self._mend())

    def _mend(self) -> str:
        if self.secrets:
            return f"mcpconf secret set {self.secrets[0]}"
        name = self.variables[0]
        return f"export {name} before the client starts, or give it a default, as in ${{{name}:-}}"


def parse(text: str) -> tuple[Part, ...]:
    """Split a value into what stands for itself and what refers; no parts for an empty value.

    Raises `TemplateError` at the first `${` or leading `secret:` that is not a reference.
    """
    if text.startswith("secret:"):
        return (_whole_secret(text),)
    parts: list[Part] = []
    end = 0
    for match in _REFERENCE.finditer(text):
        parts += _literal(text, end, match.start())
        parts.append(_reference(match))
        end = match.end()
    return (*parts, *_literal(text, end, len(text)))


def _whole_secret(text: str) -> Secret:
    match = _WHOLE.fullmatch(text)
    if match is None:
        raise TemplateError(f"{text!r} names no secret: letters, digits and underscores, no digit first", 0)
    return Secret(match[1])


def _literal(text: str, start: int, end: int) -> Iterator[Literal]:
    stray = text.find("${", start, end)
    if stray >= 0:
        raise TemplateError(f"{_excerpt(text, stray)!r} is not a reference that every client reads alike", stray)
    if start < end:
        yield Literal(text[start:end])


def _excerpt(text: str, start: int) -> str:
    close = text.find("}", start)
    return text[start : min(close + 1 or len(text), start + 40)]


def _reference(match: re.Match[str]) -> Part:
    if match["secret"]:
        return Secret(match["secret"])
    default = match["default"]
    if default is not None and "${" in default:
        # Claude Code ends the default at the first brace, so that a nested reference comes out broken.
        at = match.start("default") + default.index("${")
        raise TemplateError(f"{match[0]!r} has a reference inside a default, and those do not nest", at)
    return Variable(match["name"], default)


def expand(parts: Iterable[Part], env: Mapping[str, str], secrets: Mapping[str, str]) -> str:
    """The value that the parts make. Raises `Unset` naming everything that is missing, at once."""
    parts = tuple(parts)
    values = tuple(_value(part, env, secrets) for part in parts)
    if any(value is None for value in values):
        lost = [part for part, value in zip(parts, values, strict=True) if value is None]
        raise Unset(
            tuple(dict.fromkeys(part.name for part in lost if isinstance(part, Variable))),
            tuple(dict.fromkeys(part.name for part in lost if isinstance(part, Secret))),
        )
    return "".join(value for value in values if value is not None)


def _value(part: Part, env: Mapping[str, str], secrets: Mapping[str, str]) -> str | None:
    if isinstance(part, Literal):
        return part.text
    if isinstance(part, Variable):
        return env.get(part.name, part.default)
    # A container forwards a secret that its host lacks as an empty variable: that is not a secret.
    return env.get(part.name) or secrets.get(part.name) or None


def texts(server: Server) -> Iterator[str]:
    """Every value of a server that may hold references."""
    yield from filter(None, (server.command, server.cwd, server.url))
    yield from server.args
    yield from server.env.values()
    yield from server.headers.values()
    yield from server.container.volumes
    yield from server.container.flags


def references(server: Server) -> References:
    """What the server's values refer to. Raises `TemplateError` as `parse` does."""
    parts = [part for text in texts(server) for part in parse(text)]
    needed = {part.name for part in parts if isinstance(part, Variable) and part.default is None}
    named = {part.name for part in parts if isinstance(part, Variable)}
    secrets = {part.name for part in parts if isinstance(part, Secret)}
    return References(tuple(sorted(needed)), tuple(sorted(named - needed)), tuple(sorted(secrets)))


def has_secret(server: Server) -> bool:
    """Whether any value refers to a secret, so that the server needs something that resolves it at start."""
    return any(isinstance(part, Secret) for text in texts(server) for part in parse(text))
