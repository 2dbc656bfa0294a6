"""The Docker MCP Toolkit: one entry for every server that its catalog, or a profile of its own, has."""

from __future__ import annotations

from mcpconf.model import TOOLKIT_ENTRY, Note, Server
from mcpconf.route.context import Context
from mcpconf.route.launch import Launch
from mcpconf.route.offer import Offer, Refusal

ENTRY = TOOLKIT_ENTRY
WINDOWS_NEEDS = ("LOCALAPPDATA", "ProgramFiles", "ProgramData")
PORT = 8811
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def offer(server: Server, context: Context) -> Offer | Refusal:
    """The gateway by the CLI plugin; else the classic entry, only after a raw handshake on its port."""
    if server.toolkit is None:
        return Refusal("the profile names no server of the Docker catalog for it")
    docker = context.program("docker")
    if docker is None:
        return _none("docker is not on PATH", "install Docker Desktop, or the docker-mcp plugin", context)
    if context.toolkit:
        return _by_plugin(docker, server.toolkit, context)
    if context.raw_mcp and context.engine:
        return _by_socat(docker, context.raw_mcp, context)
    return _none("the docker mcp plugin does not answer", "docker mcp version", context)


def _by_plugin(docker: str, name: str, context: Context) -> Offer | Refusal:
    wanted, known = context.toolkit_profile, context.toolkit_profiles
    version = f"docker mcp {context.toolkit}"
    if not wanted:
        return Offer(gateway(docker, (name,), context), f"{version} answers", ENTRY)
    launch = gateway(docker, (), context)
    if known is None:
        note = Note(f"docker mcp did not say in time whether it has the profile {wanted}", hint="docker mcp profile ls")
        return Offer(launch, f"{version} answers", ENTRY, notes=(note,))
    if wanted in known:
        return Offer(launch, f"{version} has the profile {wanted}", ENTRY)
    if known:
        reason = f"docker mcp has no profile {wanted}, but {', '.join(known)}"
        return Refusal(reason, hint=f"docker mcp profile create --name {wanted}")
    # One that knows no profiles at all says as little as one that has none yet.
    hint = "docker mcp profile ls; if it knows no such command: docker mcp feature enable profiles, or Docker Desktop"
    return Refusal(f"{version} has no profile {wanted}", hint=f"{hint} 4.62 or later")


def _by_socat(docker: str, raw: str, context: Context) -> Offer | Refusal:
    host, _, port = raw.rpartition(":")
    if context.bridge and host in LOOPBACK:
        # An engine on this very machine: its containers reach the bridge's address, and never the loopback one.
        reason = f"the MCP endpoint listens on {raw}, where no container of this engine reaches it, and not on"
        listen = f"tcp:{context.bridge}:{port}"
        return Refusal(
            f"{reason} {context.bridge}:{port}",
            hint=f"have it listen there; our own gateway does so by: mcpconf broker gateway --listen {listen}",
        )
    return Offer(classic(docker, context), f"a raw MCP endpoint shook hands on {raw}", ENTRY)


def _none(reason: str, hint: str, context: Context) -> Refusal:
    """Why not, and what the HTTP is that answers where the classic entry would lead, if any does."""
    if context.http_mcp is None:
        return Refusal(reason, hint=hint)
    what = f"{context.http_mcp} speaks HTTP, as Docker's gateway does since its version 0.13 where it has a port"
    added = f"mcpconf server add NAME --url http://{context.http_mcp}/mcp"
    token = "--header 'Authorization=Bearer ${MCP_GATEWAY_AUTH_TOKEN}'"  # noqa: S105  the variable's name
    return Refusal(
        f"{reason}; {what}, so the classic entry can't lead there",
        hint=f"{hint}; or that gateway as a server by its URL, with its token: {added} {token}",
    )


def gateway(docker: str, names: tuple[str, ...], context: Context) -> Launch:
    """`docker mcp gateway run` for these servers of the catalog, or for the Toolkit's profile that is to have them."""
    # A client that hands its whole environment on needs no copy of this machine's directories, and a shared file
    # must not have one.
    copied = context.platform == "windows" and not context.spec.expands and not context.target.portable
    needs = WINDOWS_NEEDS if copied else ()
    env = {name: context.env[name] for name in needs if name in context.env}
    which = ("--profile", context.toolkit_profile) if context.toolkit_profile else ("--servers", ",".join(names))
    return Launch(command=docker, args=("mcp", "gateway", "run", *which), env=env)


def classic(docker: str, context: Context) -> Launch:
    """The socat entry as Docker once wrote it. A Linux engine knows `host.docker.internal` only when told."""
    host = ("--add-host", "host.docker.internal:host-gateway") if context.platform == "linux" else ()
    port = (context.raw_mcp or f":{PORT}").rsplit(":", 1)[1]
    args = ("run", "-i", "--rm", *host, "alpine/socat", "STDIO", f"TCP:host.docker.internal:{port}")
    return Launch(command=docker, args=args)


def merge(servers: tuple[Server, ...], context: Context, launch: Launch) -> Launch:
    """One launch for all servers of the shared entry."""
    names = tuple(dict.fromkeys(server.toolkit for server in servers if server.toolkit))
    if launch.args[:2] != ("mcp", "gateway"):
        return launch  # the classic endpoint shows whatever is enabled there
    return gateway(launch.command or "docker", names, context)
