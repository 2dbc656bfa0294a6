"""Which container engine there is, and where its containers run: that decides how they can reach this machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum

from mcpconf.record import dataclass


class Home(StrEnum):
    """Where an engine's containers are, seen from the machine whose user asks."""

    HERE = "here"  # on this machine, the engine as root
    ROOTLESS = "rootless"  # on this machine, all of it as its user
    MACHINE = "machine"  # in a virtual machine of their own: Docker Desktop, and everything on macOS
    UNKNOWN = "unknown"  # no engine answers


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine, by the program that speaks to it. `bridge` is the name of its default bridge on this machine."""

    program: str
    home: Home
    version: str = ""
    title: str = ""
    bridge: str = ""


# What to ask them for, as templates.
DOCKER_INFO = '{"os":{{json .OperatingSystem}},"security":{{json .SecurityOptions}},"version":{{json .ServerVersion}}}'
PODMAN_INFO = '{"rootless":{{json .Host.Security.Rootless}},"version":{{json .Version.Version}}}'
BRIDGE_NAME = '{{index .Options "com.docker.network.bridge.name"}}'


def docker_engine(told: str, platform: str, bridge: str = "") -> Engine | None:
    """What `docker info --format DOCKER_INFO` says; None where no engine is behind it."""
    data = _object(told)
    version = _text(data, "version")
    if not version:
        return None
    title = _text(data, "os")
    security = data.get("security")
    rootless = isinstance(security, list) and "name=rootless" in [str(one).split(",")[0] for one in security]
    if platform != "linux" or title.startswith("Docker Desktop"):
        return Engine("docker", Home.MACHINE, version, title)
    return Engine("docker", Home.ROOTLESS if rootless else Home.HERE, version, title, bridge or "docker0")


def podman_engine(told: str, platform: str, program: str = "podman") -> Engine | None:
    """What `podman info --format PODMAN_INFO` says; it may be behind the name `docker`."""
    data = _object(told)
    version = _text(data, "version")
    if not version or not isinstance(data.get("rootless"), bool):
        return None
    home = Home.MACHINE if platform != "linux" else Home.ROOTLESS if data["rootless"] else Home.HERE
    return Engine(program, home, version, "Podman", "podman0")


def _object(text: str) -> Mapping[str, object]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _text(data: Mapping[str, object], name: str) -> str:
    value = data.get(name)
    return "".join(c for c in value if c.isprintable())[:64] if isinstance(value, str) else ""
