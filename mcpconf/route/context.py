"""What a route may know when it is chosen."""

from __future__ import annotations

from collections.abc import Mapping

from mcpconf.client.spec import ClientSpec, Target
from mcpconf.model import Note, RouteName
from mcpconf.record import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One client's place in one environment.

    `which` maps the programs that were found to absolute paths; `launcher` starts mcpconf itself, by a path that
    survives upgrades; `data` is our data directory, where the wrapper and its files lie, and `noexec` says that nothing
    in it may be executed (a mount of that kind); `toolkit` is the version of the `docker mcp` plugin, with
    `toolkit_profiles` of its own (None: it did not say), `toolkit_profile` the one that the profile wants; `engine` is
    the version of the Docker engine, `bridge` the address of docker0, where the engine is this machine's own; `raw_mcp`
    is a `host:port` that shook hands, `http_mcp` one that speaks HTTP.

    `broker` is the address of another place's broker that shook hands, with the servers that it knows; `broker_lost`
    says why none does where somebody led us to one; `autostart`: the profile wants this user's own, started where it is
    needed; `gateway`: where its plain door is to be, `listen`: where clients with a key may come besides. `python` runs
    `shim` (its files, by name), `runtime` is the socket directory of this user's own broker, and `config_dir` the
    directory that holds all of ours, where one was named; `remote`: what leads the broker to remote servers is
    installed. `order` is the profile's own.
    """

    spec: ClientSpec
    target: Target
    platform: str
    home: str
    data: str
    noexec: bool = False
    which: Mapping[str, str] = field(default_factory=dict)
    launcher: tuple[str, ...] = ("mcpconf",)
    engine: str | None = None
    toolkit: str | None = None
    toolkit_profiles: tuple[str, ...] | None = None
    toolkit_profile: str = ""
    bridge: str | None = None
    raw_mcp: str | None = None
    http_mcp: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    portable: bool = False
    broker: str | None = None
    broker_servers: tuple[str, ...] = ()
    broker_lost: Note | None = None
    autostart: bool = False
    gateway: str = ""
    listen: str = ""
    python: str | None = None
    shim: Mapping[str, bytes] = field(default_factory=dict)
    runtime: str | None = None
    config_dir: str | None = None
    remote: bool = False
    order: tuple[RouteName, ...] = ()

    @property
    def of_project(self) -> str:
        """What tells a project's own files from those of the user and of other projects: `.` and eight digits."""
        if self.target.project is None:
            return ""
        import hashlib

        return "." + hashlib.sha256(self.target.project.encode()).hexdigest()[:8]

    def program(self, name: str) -> str | None:
        """What starts a program: its absolute path, or its bare name in a file that other machines share.

        None where it is not here. A shared file must not depend on that: who works with it may have the program.
        """
        return name if self.target.portable else self.which.get(name)
