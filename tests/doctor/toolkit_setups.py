"""Docker and its Toolkit in every state, by a stand-in on PATH. Name -> what makes it so, and what says so."""

from __future__ import annotations

import json
from pathlib import Path

from mcpconf.environment.network import Bridge
from tests.cli.conftest import World
from tests.doctor import good

LED = "--add-host=host.docker.internal:host-gateway"
KIT = '[servers.kit]\ntoolkit = "time"\n'
KNOWN = {"mcp profile": """echo '[{"id":"work"}]'"""}


def entry(world: World, *args: str) -> None:
    """An entry that runs docker."""
    path = world.home.parent / "bin/docker"
    world.claude.write_text(json.dumps({"mcpServers": {"MCP_DOCKER": {"command": str(path), "args": args}}}))
    world.claude.chmod(0o600)


def classic(world: World, port: int, *options: str) -> None:
    leads = f"TCP:host.docker.internal:{port}"
    entry(world, "run", "-i", "--rm", *options, "alpine/socat", "STDIO", leads)


def gateway(world: World, *options: str) -> None:
    entry(world, "mcp", "gateway", "run", *options)


def bridges(world: World, *found: Bridge) -> None:
    """The bridges of this machine are these."""
    world.patch.setattr("mcpconf.doctor.look.toolkit.find_bridges", lambda _: found)


def kit(world: World, text: str = KIT) -> None:
    """A profile with a server that only the Toolkit has."""
    good.program(world, "good")
    world.profile("work", text + '[servers.one]\ncommand = "good"\n')
    world("switch", "work")


def no_docker(home: Path, world: World) -> None:
    kit(world)


def no_plugin_for_profile(home: Path, world: World) -> None:
    good.docker(world, {"mcp": "echo 'docker: unknown command: docker mcp' >&2; exit 1"})
    kit(world)


def no_profile_for_profile(home: Path, world: World) -> None:
    good.docker(world, KNOWN)
    kit(world, '[toolkit]\nprofile = "other"\n' + KIT)


def denied(home: Path, world: World) -> None:
    told = "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock"
    good.docker(world, {"version": good.says(told)})
    classic(world, 8811, LED)


def down(home: Path, world: World) -> None:
    good.docker(world, {"version": good.says(good.DOWN)})
    classic(world, 8811, LED)


def misled(home: Path, world: World) -> None:
    world.patch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    told = "Cannot connect to the Docker daemon at tcp://127.0.0.1:1. Is the docker daemon running?"
    good.docker(world, {"version": good.says(told)})
    gateway(world)


def no_context(home: Path, world: World) -> None:
    told = 'unable to resolve docker endpoint: context "gone": context not found: open meta.json: no such file'
    good.docker(world, {"version": good.says(told)})
    entry(world, "run", "-i", "--rm", "mcp/time")


def no_plugin(home: Path, world: World) -> None:
    good.docker(world, {"mcp version": good.says("docker: unknown command: docker mcp")})
    gateway(world)


def no_such_profile(home: Path, world: World) -> None:
    good.docker(world, KNOWN)
    gateway(world, "--profile", "gone")


def too_old_for_profiles(home: Path, world: World) -> None:
    good.docker(world, {"mcp profile": "echo 'Usage: docker mcp'"})
    gateway(world, "--profile=work")


def nothing_listens(home: Path, world: World) -> None:
    good.docker(world)
    classic(world, good.free_port(), LED)


def http(home: Path, world: World) -> None:
    good.docker(world)
    classic(world, good.listener(good.HTTP), LED)


def somebody_else(home: Path, world: World) -> None:
    good.docker(world)
    classic(world, good.listener(b"SSH-2.0-OpenSSH_9.2\r\n"), LED)


def loopback_only(home: Path, world: World) -> None:
    bridges(world, Bridge("docker0", "127.0.0.2"))
    good.docker(world, info=good.LINUX)
    classic(world, good.listener(good.RAW), LED)


def host_unknown(home: Path, world: World) -> None:
    bridges(world)
    good.docker(world, info=good.LINUX)
    classic(world, good.listener(good.RAW))


def another_host(home: Path, world: World) -> None:
    bridges(world)
    good.docker(world, info=good.LINUX)
    classic(world, good.listener(good.RAW), "--add-host", "db.local:10.0.0.1")


def no_image(home: Path, world: World) -> None:
    good.docker(world, {"image inspect": good.says("Error: No such image: alpine/socat")})
    classic(world, good.listener(good.RAW), LED)


def no_image_ever(home: Path, world: World) -> None:
    good.docker(world, {"image inspect": good.says("Error: No such image: alpine/socat")})
    classic(world, good.listener(good.RAW), LED, "--pull", "never")


BROKEN = {
    "docker is not here for the profile": (no_docker, "MC501"),
    "the engine's socket is for others": (denied, "MC502"),
    "the engine does not run": (down, "MC502"),
    "DOCKER_HOST leads nowhere": (misled, "MC502"),
    "the context is gone": (no_context, "MC502"),
    "the plugin is missing for an entry": (no_plugin, "MC503"),
    "the plugin is missing for the profile": (no_plugin_for_profile, "MC503"),
    "the Toolkit has no such profile": (no_such_profile, "MC504"),
    "the plugin is too old for profiles": (too_old_for_profiles, "MC504"),
    "the Toolkit lacks the profile's": (no_profile_for_profile, "MC504"),
    "nothing listens for the classic entry": (nothing_listens, "MC505"),
    "HTTP has taken the port": (http, "MC506"),
    "somebody else has taken the port": (somebody_else, "MC507"),
    "the endpoint listens on loopback alone": (loopback_only, "MC508"),
    "no --add-host": (host_unknown, "MC509"),
    "an --add-host for another name": (another_host, "MC509"),
    "the classic entry's image is missing": (no_image, "MC510"),
    "the image is missing, and never pulled": (no_image_ever, "MC510"),
}


def all_right(home: Path, world: World) -> None:
    bridges(world)
    good.docker(world, info=good.LINUX)
    classic(world, good.listener(good.RAW), LED)


def desktop(home: Path, world: World) -> None:
    """Docker Desktop tells every container its host's name."""
    good.docker(world)
    classic(world, good.listener(good.RAW))


def hosts_network(home: Path, world: World) -> None:
    bridges(world)
    good.docker(world, info=good.LINUX)
    entry(world, "run", "-i", "--network=host", "alpine/socat:1.8", "STDIO", "TCP:127.0.0.1:8811")


def plugin(home: Path, world: World) -> None:
    good.docker(world, KNOWN)
    gateway(world, "--profile", "work")


def of_profile(home: Path, world: World) -> None:
    good.docker(world)
    world.profile("work", KIT)
    world("switch", "work")


def unused(home: Path, world: World) -> None:
    """Nothing needs the engine, which does not run."""
    good.docker(world, {"version": good.says(good.DOWN)})


HEALTHY = {
    "a classic entry that leads to MCP": all_right,
    "a classic entry on Docker Desktop": desktop,
    "a classic entry in the host's network": hosts_network,
    "the gateway with a profile of its own": plugin,
    "a server by the Toolkit": of_profile,
    "an engine that nobody needs": unused,
}
