"""A real Docker engine with a network of its own: a namespace with `docker0` in it, which ends with the engine.

Nothing of the machine's network is seen or changed there. "The host" of these tests is what runs in that namespace
(tests/docker/host.py); containers reach it by `docker0`, and nothing else. No image is pulled: they are made here.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.real.programs import REAL, require
from tests.reliability.engine import Engine, import_image, mounts, start_engine

BRIDGE = "172.17.0.1"  # of docker0, as it is by default
HOST_NAME = "host.docker.internal"
BOX = "mcpconf-box:1"  # an empty image but for its users and a home
SOCAT = "alpine/socat:latest"
# Its own bridge, and no packet filter: there is no way out of the namespace that it would have to guard. Names are
# asked at the bridge's address, where `names_known` may listen, and else nobody does.
OPTIONS = (
    "--storage-driver=vfs",
    f"--bip={BRIDGE}/16",
    f"--dns={BRIDGE}",
    "--iptables=false",
    "--ip6tables=false",
    "--userland-proxy=false",
)
# Interfaces are told by sysfs, whose every mount shows the namespace that it was made in: without one of our own,
# nobody would see that docker0 is a bridge. Two of its directories are enough, and the control groups stay in place.
# The machine's own brokers are not to be met.
ALONE = """\
set -e
ip link set lo up
mkdir "$1" && mount -t sysfs sysfs "$1"
for part in class/net devices/virtual/net; do mount --bind "$1/$part" "/sys/$part"; done
for own in /run/user /run/mcpconf; do [ ! -d "$own" ] || mount -t tmpfs tmpfs "$own"; done
shift
exec "$@"
"""
PASSWD = "root:x:0:0:root:/root:/bin/sh\nu:x:1000:1000::/home/u:/bin/sh\n"
GROUP = "root:x:0:\nu:x:1000:\n"


def start_networked(root: Path) -> Engine:
    """An engine with a bridge, and the images of these tests."""
    apart = ["unshare", "--net", "--mount", "--propagation=private", "bash", "-c", ALONE, "_", f"{root}/sys"]
    engine = start_engine(root, OPTIONS, apart)
    _make_box(engine)
    _make_socat(engine)
    return engine


def within(engine: Engine, *argv: str, env: Mapping[str, str], directory: Path | str = "/") -> list[str]:
    """The command line that runs this on the engine's host, with this environment alone: in its network, and where its
    interfaces are seen."""
    entered = ["nsenter", f"--target={engine.process.pid}", "--net", "--mount", "--"]
    given = [f"{name}={value}" for name, value in env.items()]
    return [*entered, "env", "--ignore-environment", f"--chdir={directory}", *given, *argv]


@contextmanager
def names_known(engine: Engine, names: Mapping[str, str]) -> Iterator[None]:
    """A name server on the bridge that knows these names, as Docker Desktop's knows `host.docker.internal`."""
    server = str(Path(__file__).with_name("nameserver.py"))
    words = [f"{name}={address}" for name, address in names.items()]
    argv = within(engine, sys.executable, "-I", "-S", server, BRIDGE, *words, env={})
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            yield
        finally:
            process.kill()


def box_mounts() -> list[str]:
    """What a container needs of this machine to run our Python, node, Claude Code and the real servers."""
    have = mounts()
    sources = [Path(one.split("source=")[1].split(",")[0]) for one in have]
    node = Path(require("node")).resolve().parents[1]
    for path in (REAL.resolve(), node):
        if not any(path.is_relative_to(other) for other in sources):
            have.append(f"--mount=type=bind,source={path},target={path},readonly")
    return have


def _make_box(engine: Engine) -> None:
    tree = engine.root / "box"
    for directory in ("home/u", "root", "run", "tmp", "var", "etc"):
        (tree / directory).mkdir(parents=True)
    (tree / "tmp").chmod(0o1777)
    (tree / "etc/passwd").write_text(PASSWD)
    (tree / "etc/group").write_text(GROUP)
    import_image(engine, tree, BOX)


def _make_socat(engine: Engine) -> None:
    """This machine's socat by the name of the image that Docker's classic entry runs."""
    tree = engine.root / "socat"
    socat = require("socat")
    told = subprocess.run(["ldd", socat], capture_output=True, text=True, check=True).stdout.split()
    for path in [socat, *(word for word in told if word.startswith("/"))]:
        target = tree / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    import_image(engine, tree, SOCAT, f'ENTRYPOINT ["{socat}"]')
