"""Everything we look at to tell where we are, read once and kept as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mcpconf.environment.mounts import Mounts
from mcpconf.model import NOTHING
from mcpconf.record import dataclass, field

if TYPE_CHECKING:
    from mcpconf.environment.tried import Tried

# Programs that some route or profile may want.
PROGRAMS = (
    "docker",
    "podman",
    "socat",
    "bash",
    "node",
    "npx",
    "uv",
    "uvx",
    "pipx",
    "python3",
    "claude",
    "code",
    "mcpconf",
)

# The only environment variables that get into `Facts`: what is not here cannot leak into a report.
VARIABLES = (
    "CODESPACES",
    "DEVCONTAINER",
    "KUBERNETES_SERVICE_HOST",
    "MCPCONF_ENV",
    "MCPCONF_HOST",
    "REMOTE_CONTAINERS",
    "USERNAME",
    "WSL_DISTRO_NAME",
    "WSL_INTEROP",
    "container",
)

UNSEEN = Mounts()

# The service account that Kubernetes mounts into a pod.
SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Raw signals, already parsed where that is needed. None: there is no such thing, or it could not be read."""

    platform: str = "linux"  # linux, darwin or windows
    kernel: str = ""  # uname's release
    kernel_text: str = ""  # /proc/version
    env: Mapping[str, str] = field(default_factory=lambda: NOTHING)  # of VARIABLES, those which are set
    mounts: Mounts = UNSEEN
    dockerenv: bool = False  # /.dockerenv
    containerenv: str | None = None  # text of /run/.containerenv
    container_manager: str | None = None  # /run/host/container-manager or /run/systemd/container
    pid1_container: str | None = None  # `container=` in the environment of PID 1
    cgroup: str = ""  # /proc/self/cgroup
    pid_namespace: int | None = None  # inode number behind /proc/self/ns/pid
    pid2: str | None = None  # name of PID 2
    shared_home: str | None = None  # "toolbox" or "distrobox", by the marker each leaves
    wsl_markers: tuple[str, ...] = ()  # paths that only WSL has
    flatpak: bool = False  # /.flatpak-info
    service_account: bool = False  # SERVICE_ACCOUNT is there
    gateway: str | None = None  # IPv4 address of the default gateway
    which: Mapping[str, str] = field(default_factory=lambda: NOTHING)  # of PROGRAMS, those found: absolute paths
    gui: tuple[str, ...] = ()  # directories of GUI clients that are there

    # What probes found; None: not probed, or no answer.
    engine: str | None = None  # version of the Docker engine
    toolkit: str | None = None  # version of the `docker mcp` plugin
    toolkit_profiles: tuple[str, ...] | None = None  # ids of its own profiles; none where it knows no such thing
    bridge: str | None = None  # address of docker0, where containers of an engine on this machine meet it
    raw_mcp: str | None = None  # host:port where newline-delimited MCP over TCP shook hands
    http_mcp: str | None = None  # host:port that answered HTTP there
    broker: str | None = None  # address of a broker of ours: unix:PATH or tcp:HOST:PORT
    broker_servers: tuple[str, ...] = ()  # those that it knows
    broker_tried: tuple[Tried, ...] = ()  # every address where one was looked for
