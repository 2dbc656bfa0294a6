"""What people write in a profile, as pydantic models.

Importing this module costs what importing pydantic costs: only `raw.parse` does it, when a profile's text has not
been seen before. When the rules here change, `raw.RULES` has to change with them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from mcpconf.errors import McpconfError
from mcpconf.profile.names import check_profile_name, check_server_name
from mcpconf.profile.package import parse as parse_package
from mcpconf.profile.variables import TemplateError
from mcpconf.profile.variables import parse as parse_template

_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110, a token
_CLIENT = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ADDRESS = re.compile(r"(https?|wss?)://[^\s]+")
_IMAGE = re.compile(r"[a-z0-9][A-Za-z0-9._/:@-]*")
_SERVER_NAME = "^[A-Za-z0-9_-]{1,64}$"  # for editors; the whole rule is in names.py
_ENDPOINT = re.compile(r"tcp:([A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\]):[0-9]{1,5}")
_LISTEN = re.compile(r"tcp:(?:[0-9.]+|\[[0-9A-Fa-f:]+\]):[0-9]{1,5}")
_CATALOG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
_TOOLKIT_PROFILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def _refuse(message: str, offset: int = 0) -> PydanticCustomError:
    # Braces would be read as places to fill in.
    return PydanticCustomError("mcpconf", "{reason}", {"reason": message, "offset": offset})


def _template(text: str) -> str:
    if "\0" in text:
        raise _refuse("holds a NUL character, which no program can be given")
    try:
        parse_template(text)
    except TemplateError as error:
        raise _refuse(f"{error}; {error.hint}", error.offset) from None
    return text


def _named(check: Callable[[str], str | None]) -> AfterValidator:
    def validate(name: str) -> str:
        problem = check(name)
        if problem:
            raise _refuse(problem)
        return name

    return AfterValidator(validate)


def _matching(pattern: re.Pattern[str], what: str) -> AfterValidator:
    return _named(lambda text: None if pattern.fullmatch(text) else f"{text!r} is not {what}")


def _package(text: str) -> str:
    try:
        parse_package(text)
    except McpconfError as error:
        raise _refuse(f"{error}; {error.hint}") from None
    return text


def _filled(text: str) -> str:
    if not text.strip():
        raise _refuse("must not be empty")
    return text


def _url(text: str) -> str:
    if not text.startswith(("${", "secret:")) and not _ADDRESS.fullmatch(text):
        raise _refuse("is not an address: begin it with http://, https://, ws:// or wss://")
    return text


def _one_line(text: str) -> str:
    if "\n" in text or "\r" in text:
        raise _refuse("cannot hold a line break, being a header")
    return text


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _distinct(values: list[str]) -> list[str]:
    for number, value in enumerate(values):
        if value in values[:number]:
            raise _refuse(f"{value!r} stands here twice")
    return values


Template = Annotated[str, AfterValidator(_template)]
Filled = Annotated[Template, AfterValidator(_filled)]
Address = Annotated[Template, AfterValidator(_url)]
HeaderValue = Annotated[Template, AfterValidator(_one_line)]
Image = Annotated[str, _matching(_IMAGE, "the name of an image, as in alpine:3.20")]
Package = Annotated[str, AfterValidator(_package)]
Endpoint = Annotated[str, _matching(_ENDPOINT, "an endpoint, as in tcp:host.docker.internal:8811")]
Listen = Annotated[str, _matching(_LISTEN, "an address to listen on, as in tcp:127.0.0.1:8811")]
Catalog = Annotated[str, _matching(_CATALOG, "a name of the Docker MCP catalog")]
ToolkitProfile = Annotated[str, _matching(_TOOLKIT_PROFILE, "the id of a Toolkit profile (docker mcp profile ls)")]
Client = Annotated[str, _matching(_CLIENT, "the id of a client, as in claude-code")]
EnvName = Annotated[str, _matching(_ENV_NAME, "the name of an environment variable")]
HeaderName = Annotated[str, _matching(_HEADER_NAME, "the name of a header")]
ServerName = Annotated[str, _named(check_server_name), WithJsonSchema({"type": "string", "pattern": _SERVER_NAME})]
ProfileName = Annotated[str, _named(check_profile_name)]
RouteWord = Literal["toolkit", "broker", "wrapper", "direct"]
PoolWord = Literal["session", "shared", "fresh"]
MAX_IDLE = 366 * 24 * 3600  # seconds
Routes = Annotated[list[RouteWord], AfterValidator(_distinct)]
Parents = Annotated[
    list[ProfileName],
    BeforeValidator(_listed),
    AfterValidator(_distinct),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, regex_engine="python-re", hide_input_in_errors=True)


class Container(_Table):
    """How the server's image is run."""

    volumes: list[Filled] = Field(default=[], description="What to mount, as in `docker run -v`.")
    network: Filled | None = Field(default=None, description="The network to join, as in `docker run --network`.")
    flags: list[Template] = Field(default=[], description="Further options of `docker run`, verbatim.")


class Tools(_Table):
    """Which of the server's tools are shown; patterns with * and ?."""

    allow: list[str] = Field(default=[], description="Only these tools; empty means all.")
    deny: list[str] = Field(default=[], description="All tools but these.")


class Server(_Table):
    """One MCP server. It needs at least one of command, image, url, package, toolkit, endpoint, builtin: several
    are alternatives, of which the route takes the one that works here."""

    command: Filled | None = Field(default=None, description="The program to start.")
    args: list[Template] = Field(default=[], description="Its arguments. For a package and an image, too.")
    env: dict[EnvName, Template] = Field(default={}, description="Environment variables; values are strings.")
    cwd: Filled | None = Field(
        default=None, description="The directory to start it in; `project`: that of the client's project."
    )
    image: Image | None = Field(default=None, description="A container image that speaks MCP on stdin and stdout.")
    container: Container = Field(default=Container(), description="How the image is run.")
    url: Address | None = Field(default=None, description="The address of a remote server.")
    transport: Literal["http", "sse", "ws"] = Field(default="http", description="What the remote server speaks.")
    headers: dict[HeaderName, HeaderValue] = Field(default={}, description="What to send to the remote server.")
    package: Package | None = Field(
        default=None, description="`pypi:NAME==VERSION`, run by uvx, or `npm:NAME@VERSION`, run by npx."
    )
    toolkit: Catalog | None = Field(default=None, description="Its name in the catalog of the Docker MCP Toolkit.")
    endpoint: Endpoint | None = Field(
        default=None, description="`tcp:HOST:PORT`, where it speaks MCP in lines, without HTTP."
    )
    routes: Routes = Field(default=[], description="Only these routes, in this order.")
    clients: list[Client] = Field(default=[], description="Only for these clients.")
    disabled: bool = Field(default=False, description="Keep it in the profile, but in no client.")
    tools: Tools = Field(default=Tools(), description="Which of its tools are shown.")
    timeout: int | None = Field(
        default=None, ge=1, le=600_000, description="How long a client waits for it, in milliseconds."
    )
    builtin: bool = Field(default=False, description="This is mcpconf's own server.")
    pool: PoolWord | None = Field(
        default=None, description="How the broker shares it: one process a client, one for all, a new one each time."
    )
    idle_timeout: int | None = Field(
        default=None, ge=0, le=MAX_IDLE, description="Seconds the broker keeps it without a client; 0: for ever."
    )
    spare: int | None = Field(
        default=None, ge=0, le=1, description="How many processes the broker keeps ready beside those in use."
    )


class Route(_Table):
    """How servers are reached."""

    order: Routes = Field(default=[], description="The routes to try, first one first.")


class Toolkit(_Table):
    """The Docker MCP Toolkit, where it is there."""

    profile: ToolkitProfile | None = Field(
        default=None, description="The id of a profile of the Toolkit's own, which then says what its servers are."
    )


class Gateway(_Table):
    """All servers behind one connection. Without an address to listen on it is there on the broker's own socket."""

    listen: Listen | None = Field(
        default=None, description="Where to serve it without a key: on the loopback or a bridge's address only."
    )


class Broker(_Table):
    """The broker that keeps servers running between sessions."""

    autostart: bool = Field(default=False, description="Reach servers through the broker, started where it is needed.")
    gateway: Gateway = Field(default=Gateway(), description="All servers behind one connection.")
    listen: Listen | None = Field(
        default=None, description="Where clients that have a key may come: on the loopback or a bridge's address only."
    )


class ProfileFile(_Table):
    """A profile of mcpconf: a named set of MCP servers."""

    description: str = Field(default="", description="One line on what the profile is for.")
    extends: Parents = Field(default=[], description="Profiles that this one builds on; a later one wins.")
    servers: dict[ServerName, Server] = Field(
        default={}, description="The servers, by name.", json_schema_extra={"additionalProperties": False}
    )
    route: Route = Field(default=Route(), description="How servers are reached.")
    broker: Broker = Field(default=Broker(), description="The broker that keeps servers running between sessions.")
    toolkit: Toolkit = Field(default=Toolkit(), description="The Docker MCP Toolkit, where it is there.")


def known_keys() -> dict[str, tuple[str, ...]]:
    """The keys that each kind of table may have."""
    tables: dict[str, type[BaseModel]] = {
        "profile": ProfileFile,
        "server": Server,
        "container": Container,
        "tools": Tools,
        "route": Route,
        "broker": Broker,
        "gateway": Gateway,
        "toolkit": Toolkit,
    }
    return {kind: tuple(table.model_fields) for kind, table in tables.items()}


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a profile file, for editors (draft 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "mcpconf profile",
        **{key: value for key, value in ProfileFile.model_json_schema().items() if key != "title"},
    }
