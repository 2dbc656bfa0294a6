"""One `~/.claude.json` on the host and, mounted, in a container: the same entry connects in both, each by its own way.

Ways are then taken away one by one. What each start took, the wrapper's log says.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.docker.box import Box
from tests.docker.engine import BRIDGE, HOST_NAME, box_mounts
from tests.docker.host import Host
from tests.real.programs import NPM_BIN, Health, require
from tests.reliability.engine import HOME, Engine, import_image

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

CONNECTED = Health("Connected", "")
IMAGE = "mcpconf-memory:1"
KEY = "/run/box.key"
SERVER = "mcp-server-memory"
BY_TCP = f"{HOST_NAME}:8812"
PROFILE = """\
[broker]
autostart = true

[servers.memory]
command = "{command}"
image = "{image}"
env = {{ MEMORY_FILE_PATH = "${{HOME}}/memory.json" }}

[servers.memory.container]
volumes = [{volumes}]
"""
TRIES = 3  # a probe has 0.3 s, which a busy machine may not give it


@dataclass(frozen=True)
class Side:
    """The host or the container, with its programs and how Claude runs there."""

    host: Host
    place: Host | Box
    hostname: str

    def takes(self, way: str) -> None:
        """Claude connects here, and the wrapper has taken that way."""
        seen = []
        for _ in range(TRIES):
            (self.host.data / "wrapper/data/mcp-memory.failed").unlink(missing_ok=True)
            assert self.place.claude(MCPCONF_BROKER_START="0") == {"memory": CONNECTED}
            seen.append(self._last())
            if seen[-1].partition(";")[0] == way:
                return
        pytest.fail(f"not {way!r}, but {seen}")

    def says(self, *words: str) -> None:
        """Nothing can be started here, and `claude mcp list` shows the sentence that says why."""
        found = self.place.claude(MCPCONF_BROKER_START="0")["memory"]
        assert found.status == "Failed to connect"
        assert all(word in found.detail for word in words), found

    def _last(self) -> str:
        lines = (self.host.data / "wrapper/data/mcp-memory.log").read_text().splitlines()
        own = [line.partition(f" {self.hostname}: ")[2] for line in lines if f" {self.hostname}: " in line]
        return own[-1]


@pytest.fixture
def shared(engine: Engine, host: Host) -> Host:
    """A host with a broker, the server's image, and the portable entry."""
    program = (NPM_BIN / SERVER).resolve()
    import_image(engine, engine.root / "box", IMAGE, f'ENTRYPOINT ["{require("node")}", "{program}"]')
    sources = [word.removeprefix("source=") for one in box_mounts() for word in one.split(",") if "source=" in word]
    # What `--init` puts into /sbin has to be seen.
    volumes = ", ".join(f'"{path}:{path}:ro"' for path in sources if path != "/sbin")
    host.tools.add(SERVER)
    host.profile("work", PROFILE.format(command=SERVER, image=IMAGE, volumes=volumes))
    host.mcpconf("switch", "work", "--portable")
    host.mcpconf("broker", "start", "--listen", f"tcp:{BRIDGE}:8812", "--allow-nonlocal")
    return host


def mounted(host: Host, new_box: Callable[..., Box], *options: str, **env: str) -> Box:
    """A container that has the host's entry and what it starts, in its own home."""
    entry, data = f"{host.home}/.claude.json:{HOME}/.claude.json", f"{host.data}:{HOME}/.local/share/mcpconf"
    box = new_box(f"--volume={entry}", f"--volume={data}", *options, **env)
    box.tools.add(SERVER)
    return box


def test_each_way_that_goes_is_followed_by_the_next_in_both_places(
    engine: Engine, shared: Host, new_box: Callable[..., Box]
) -> None:
    key = shared.mcpconf("broker", "key", "new", "box").out.strip()
    by_name = f"--add-host={HOST_NAME}:host-gateway"
    docker = f"--volume={engine.root}/s:/var/run/docker.sock"
    box = mounted(shared, new_box, f"--volume={key}:{KEY}:ro", by_name, docker, MCPCONF_BROKER_KEY=KEY)
    box.tools.add("docker")
    outside, inside = Side(shared, shared, socket.gethostname()), Side(shared, box, "box")

    outside.takes("joining the broker")
    inside.takes(f"joining the broker on {BY_TCP}")
    shared.tools.remove("python3")
    box.tools.remove("python3")
    outside.takes("joining the broker, by socat")
    inside.takes(f"carrying bytes to the broker on {BY_TCP}")
    shared.tools.add("python3")
    shared.mcpconf("broker", "stop")
    shared.tools.remove("python3")
    outside.takes(f"starting {shared.tools}/docker")
    inside.takes("starting docker")
    shared.tools.remove("docker")
    box.tools.remove("docker")
    outside.takes(f"starting {shared.tools}/{SERVER}")
    inside.takes(f"starting {SERVER}")
    shared.tools.remove(SERVER)
    box.tools.remove(SERVER)
    outside.says("mcpconf: memory:", f"{SERVER} is not")
    inside.says("mcpconf: memory:", f"{SERVER} is not")


def test_with_the_mounted_socket_directory_it_needs_neither_key_nor_python(
    shared: Host, new_box: Callable[..., Box]
) -> None:
    box = mounted(shared, new_box, f"--volume={shared.sockets.directory}:/run/mcpconf:ro")
    inside = Side(shared, box, "box")
    inside.takes("joining the broker")
    box.tools.remove("python3")
    inside.takes("joining the broker, by socat")
    box.tools.remove("socat")
    inside.takes(f"starting {SERVER}")
