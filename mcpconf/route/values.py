"""What references to variables and secrets mean for a route."""

from __future__ import annotations

from mcpconf.profile.variables import Literal, Part, Secret, Variable, parse
from mcpconf.record import replace
from mcpconf.route.launch import Launch

# Variables that mcp-remote expands by itself, in a header that it is told of on its command line.
BRIDGED = "MCPCONF_HEADER_"


def parts(text: str) -> tuple[Part, ...]:
    """The parts of a value, as the one who starts the server must see them."""
    return tuple(_bridged(part) for part in parse(text))


def _bridged(part: Part) -> Part:
    if isinstance(part, Variable) and part.name.startswith(BRIDGED):
        return Literal(f"${{{part.name}}}")
    return part


def parts_of(launch: Launch) -> tuple[Part, ...]:
    """Every part of every value that a client may expand."""
    values = [launch.command or "", *launch.args, *launch.env.values(), launch.url or "", *launch.headers.values()]
    return tuple(part for value in values for part in parts(value))


def has_secret(launch: Launch) -> bool:
    """Whether a value is kept in the secrets file, or may be."""
    return any(isinstance(part, Secret) for part in parts_of(launch))


def secret_names(launch: Launch) -> tuple[str, ...]:
    """The secrets that its values name, each once."""
    return tuple(dict.fromkeys(part.name for part in parts_of(launch) if isinstance(part, Secret)))


def has_reference(launch: Launch) -> bool:
    """Whether a value must be filled in when the server starts."""
    return any(not isinstance(part, Literal) for part in parts_of(launch))


def as_reference(text: str) -> str:
    """A value in Claude Code's own language: a secret becomes the environment variable of its name."""
    return "".join(_reference(part) for part in parse(text))


def _reference(part: Part) -> str:
    if isinstance(part, Secret):
        return f"${{{part.name}}}"
    if isinstance(part, Variable):
        return f"${{{part.name}}}" if part.default is None else f"${{{part.name}:-{part.default}}}"
    return part.text


def with_references(launch: Launch) -> Launch:
    """The same launch with every secret as a reference that the client expands."""
    return replace(
        launch,
        command=None if launch.command is None else as_reference(launch.command),
        args=tuple(map(as_reference, launch.args)),
        env={name: as_reference(value) for name, value in launch.env.items()},
        url=None if launch.url is None else as_reference(launch.url),
        headers={name: as_reference(value) for name, value in launch.headers.items()},
    )
