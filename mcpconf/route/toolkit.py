"""The Docker MCP Toolkit: one entry for every server that its catalog has."""

from __future__ import annotations

from mcpconf.model import Server
from mcpconf.route.context import Context
from mcpconf.route.launch import Launch
from mcpconf.route.offer import Offer, Refusal

ENTRY = "MCP_DOCKER"  # the name that Docker Desktop gives its entry
WINDOWS_NEEDS = ("LOCALAPPDATA", "ProgramFiles", "ProgramData")


def offer(server: Server, context: Context) -> Offer | Refusal:
    """The gateway by the CLI plugin; else the classic entry, only after a raw handshake on its port."""
    if server.toolkit is None:
        return Refusal("the profile names no server of the Docker catalog for it")
    docker = context.program("docker")
    if docker is None:
        return Refusal("docker is not on PATH", hint="install Docker Desktop, or the docker-mcp plugin")
    if context.toolkit:
        return Offer(gateway(docker, (server.toolkit,), context), f"docker mcp {context.toolkit} answers", ENTRY)
    if context.raw_mcp and context.engine:
        return Offer(classic(docker, context), f"a raw MCP endpoint shook hands on {context.raw_mcp}", ENTRY)
    return Refusal("the docker mcp plugin does not answer", hint="docker mcp version")


def gateway(docker: str, names: tuple[str, ...], context: Context) -> Launch:
    """`docker mcp gateway run` for these servers of the catalog."""
    # A client that hands its whole environment on needs no copy of this machine's directories, and a shared file
    # must not have one.
    copied = context.platform == "windows" and not context.spec.expands and not context.target.portable
    needs = WINDOWS_NEEDS if copied else ()
    env = {name: context.env[name] for name in needs if name in context.env}
    return Launch(command=docker, args=("mcp", "gateway", "run", "--servers", ",".join(names)), env=env)


def classic(docker: str, context: Context) -> Launch:
    """The socat entry as Docker once wrote it. A Linux engine knows `host.docker.internal` only when told."""
    host = ("--add-host", "host.docker.internal:host-gateway") if context.platform == "linux" else ()
    port = (context.raw_mcp or ":8811").rsplit(":", 1)[1]
    args = ("run", "-i", "--rm", *host, "alpine/socat", "STDIO", f"TCP:host.docker.internal:{port}")
    return Launch(command=docker, args=args)


def merge(servers: tuple[Server, ...], context: Context, launch: Launch) -> Launch:
    """One launch for all servers of the shared entry."""
    names = tuple(dict.fromkeys(server.toolkit for server in servers if server.toolkit))
    if launch.args[:2] != ("mcp", "gateway"):
        return launch  # the classic endpoint shows whatever is enabled there
    return gateway(launch.command or "docker", names, context)
