"""A directory that is all of somebody's PATH, so that a test can take programs away one by one."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from tests.real.programs import require
from tests.reliability.engine import CHECKOUT, program

# What scripts of others look for; neither Python nor socat nor docker.
BASICS = ("bash", "sh", "env", "cat", "ls", "sleep", "readlink", "uname", "node")
MCPCONF = """\
#!{bash} -p
PYTHONPATH={path} exec {python} -m mcpconf "$@"
"""


class Tools:
    """Links to programs of this machine. It is mounted into containers by the same path."""

    def __init__(self, directory: Path, names: Iterable[str] = BASICS) -> None:
        self.directory = directory
        directory.mkdir(parents=True)
        self.add(*names)

    def __str__(self) -> str:
        return str(self.directory)

    def add(self, *names: str) -> Tools:
        for name in names:
            self._link(name, _found(name))
        return self

    def add_mcpconf(self) -> Tools:
        """mcpconf as installed: a script beside the Python that runs it, here with this checkout's modules."""
        self.add("python3")
        path = os.pathsep.join([str(CHECKOUT), sysconfig.get_path("purelib")])
        script = self.directory / "mcpconf"
        python = self.directory / "python3"
        script.write_text(MCPCONF.format(bash=_found("bash"), path=path, python=python))
        script.chmod(0o755)
        return self

    def remove(self, *names: str) -> None:
        for name in names:
            (self.directory / name).unlink()

    def _link(self, name: str, program: str) -> None:
        (self.directory / name).symlink_to(program)


def _found(name: str) -> str:
    if name == "python3":
        return os.path.realpath(sys.executable)
    return program(name) if name == "docker" else require(name)
