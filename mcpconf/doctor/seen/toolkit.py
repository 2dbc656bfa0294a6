"""Docker and its MCP Toolkit, as far as entries and profiles need them."""

from __future__ import annotations

from enum import StrEnum

from mcpconf.environment.engine import Home
from mcpconf.record import dataclass

HOST_NAME = "host.docker.internal"


class EngineState(StrEnum):
    """What became of asking the engine for its version."""

    ANSWERS = "answers"
    DENIED = "denied"  # its socket is not for this user
    DOWN = "down"  # nothing is behind its socket
    MISLED = "misled"  # DOCKER_HOST or a context leads elsewhere
    LATE = "late"
    FAILED = "failed"  # it says something else
    UNASKED = "unasked"  # docker is not here, or nobody needs it


class Port(StrEnum):
    """What is met where a classic entry leads."""

    RAW = "raw"
    LOOPBACK = "loopback"  # raw, but only where no container of this machine's engine gets
    HTTP = "http"
    OTHER = "other"
    NOTHING = "nothing"
    UNASKED = "unasked"


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerEntry:
    """An entry that runs `docker`. `toolkit`: it runs the Toolkit's gateway, with its `profile`, if it names one.

    A classic one has a `port`, to which its socat leads, and an `image` with that; `address` is where that port was
    met, or looked for. `has_image` is None where nobody said. `knows_host`: its container is told the host's address.
    """

    name: str
    where: str
    toolkit: bool = False
    profile: str = ""
    host: str = ""
    port: int = 0
    knows_host: bool = False
    image: str = ""
    never_pulls: bool = False
    has_image: bool | None = None
    answer: Port = Port.UNASKED
    address: str = ""

    @property
    def classic(self) -> bool:
        return self.port != 0

    @property
    def names_host(self) -> bool:
        """Whether it leads to the host by the name that containers have for it."""
        return self.host == HOST_NAME


@dataclass(frozen=True, slots=True)
class Wanted:
    """A server of an active profile that the Toolkit is to serve, and that has no other way: why not, and the hint."""

    name: str
    where: str
    because: str
    hint: str | None
    profile: str  # the Toolkit's own


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolkitSeen:
    """`docker` is the client's path, `said` what it said where the engine does not answer; `needed` are all that
    need the engine, `host` is the variable that leads docker elsewhere. `plugin` is its version, `profiles`
    its own ones (None: it was not asked, or did not say). `bridge` is where containers meet this machine."""

    docker: str | None = None
    engine: EngineState = EngineState.UNASKED
    said: str = ""
    home: Home = Home.UNKNOWN
    host: str = ""
    platform: str = "linux"
    inside: bool = False
    needed: tuple[str, ...] = ()
    plugin: str | None = None
    profiles: tuple[str, ...] | None = None
    bridge: str | None = None
    entries: tuple[DockerEntry, ...] = ()
    wanted: tuple[Wanted, ...] = ()
