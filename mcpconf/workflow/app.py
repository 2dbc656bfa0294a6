"""What every workflow works with: the machine, our directories, and the user's say on where we are."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Collection, Container, Iterable, Iterator

from mcpconf.broker.place import lines_for_shim, socket_directory
from mcpconf.client.spec import Place
from mcpconf.commit.reading import read_all
from mcpconf.commit.state import State
from mcpconf.dirs import Dirs
from mcpconf.environment.facts import Facts
from mcpconf.environment.verdict import Environment, judge
from mcpconf.gather import gather
from mcpconf.model import Kind
from mcpconf.record import dataclass
from mcpconf.system import System
from mcpconf.workflow import footprint

_CACHES = {".cache", "Caches"}


@dataclass(frozen=True, slots=True)
class App:
    """The injected outside world of one command."""

    system: System
    dirs: Dirs
    override: Kind | None = None

    @property
    def state(self) -> State:
        return State(self.dirs.state)

    @contextlib.contextmanager
    def writing(self) -> Iterator[State]:
        """Hold the state lock; every write of ours happens in here. Notes down the directories made on the way."""
        made = footprint.missing_parents(self.dirs)
        with self.state.locked():
            if made:
                footprint.note(self.state, made)
            yield self.state

    @property
    def runtime(self) -> str:
        """The socket directory of this user's broker."""
        return socket_directory(self.dirs, self.system.env, self.system.uid)

    @property
    def sockets(self) -> tuple[str, ...]:
        """What shim.conf says of it."""
        return lines_for_shim(self.dirs, self.system.env, self.system.uid)

    @property
    def place(self) -> Place:
        """What finding a client's files needs to know."""
        system = self.system
        return Place(
            platform=system.platform,
            home=system.home,
            cwd=system.cwd,
            env=system.env,
            look=system,
            windows_home=windows_home(system),
        )

    def read(
        self, paths: Iterable[str], expected: Container[str] = (), texts: Container[str] = ()
    ) -> dict[str, bytes | None]:
        """The bytes of clients' files, finished; None for one that is not there, which is believed at once but of those
        that are `expected`; `texts` hold no JSON. Raises `Located`."""
        found = read_all(paths, self.system, self.state.journals, expected, texts)
        return {path: seen.raw for path, seen in found.items()}

    def look(self, probes: Collection[str] = (), *, own_broker: bool = True) -> tuple[Facts, Environment]:
        """Gather the facts, once, and judge them. Without `own_broker` only another place's broker is asked."""
        runtime = self.runtime if own_broker and "broker" in probes else None
        facts = gather(self.system, probes=probes, runtime=runtime, override=self.override)
        return facts, judge(facts, self.override)


def windows_home(system: System) -> str | None:
    """From WSL, the home of the one Windows user that has a Claude Desktop; None where none or several have."""
    if "WSL_DISTRO_NAME" not in system.env:
        return None
    found = {
        path.split("/AppData/")[0]
        for pattern in ("/Roaming/Claude", "/Local/Packages/Claude_*/LocalCache/Roaming/Claude")
        for path in system.glob("/mnt/c/Users/*/AppData" + pattern)
    }
    return found.pop() if len(found) == 1 else None


def python(system: System) -> str:
    """The interpreter that runs us, by the name that survives its upgrades best.

    Never resolved: an environment's own link stays when the Python behind it is replaced. `python3` rather than a
    name with a version, where it leads to the same one. What lies in a cache (uvx, `pipx run`) may be gone tomorrow:
    there it is the Python that the environment was made of, since a shim needs nothing of ours.
    """
    running = sys.executable
    if not _CACHES.isdisjoint(running.split(os.sep)):
        running = getattr(sys, "_base_executable", running) or running
    own = os.path.join(os.path.dirname(running), "python3")
    found = [own] if sys.prefix != sys.base_prefix else [system.which("python3") or own, own]
    same = (path for path in found if os.path.isabs(path) and system.realpath(path) == system.realpath(running))
    return next(same, running)


def launcher(system: System) -> tuple[str, ...]:
    """How a client starts mcpconf: by the path that survives upgrades, the link that install.sh makes.

    A link is taken only where it leads to the installation that runs now, so that no other one is started instead.
    """
    beside = os.path.join(os.path.dirname(sys.executable), "mcpconf.exe" if system.platform == "windows" else "mcpconf")
    for candidate in (os.path.join(system.home, ".local", "bin", "mcpconf"), system.which("mcpconf")):
        if candidate and os.path.isabs(candidate) and system.realpath(candidate) == system.realpath(beside):
            return (candidate,)
    if system.exists(beside):
        return (beside,)
    return (sys.executable, "-m", "mcpconf")
