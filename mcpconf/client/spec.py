"""What one client is: data that the rest of the house reads, never a class to inherit from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from mcpconf.document.scan import STRICT
from mcpconf.document.walk import Dialect
from mcpconf.model import Scope
from mcpconf.record import dataclass


class Look(Protocol):
    """The little that finding a client's files needs to see of the disk; a `System` fits."""

    def read(self, path: str) -> bytes | None: ...
    def exists(self, path: str) -> bool: ...
    def is_dir(self, path: str) -> bool: ...
    def glob(self, pattern: str) -> tuple[str, ...]: ...
    def realpath(self, path: str) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a command runs, as far as clients care. `windows_home` is the Windows user's directory seen from WSL."""

    platform: str
    home: str
    cwd: str
    env: Mapping[str, str]
    look: Look
    windows_home: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One object in one file that takes a client's entries.

    `lock` is the directory that the client's own writers make while they write; `portable` forbids what only this
    machine knows (paths); `project` names the directory that a local or project scope belongs to; `enter` is what a
    client of another system starts our programs through (wsl.exe).
    """

    client: str
    scope: Scope
    path: str
    pointer: tuple[str, ...] = ("mcpServers",)
    dialect: Dialect = STRICT
    lock: str | None = None
    portable: bool = False
    project: str | None = None
    enter: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """As people name it: `claude-code (user)`."""
        return f"{self.client} ({self.scope})"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSpec:
    """One client. `remote`: it takes URL entries; `expands`: it resolves `${VAR}`; `typed`: an entry names its type.

    `bare_path`: it starts servers with a reduced PATH, so everything must be absolute.
    """

    id: str
    title: str
    scopes: tuple[Scope, ...]
    targets: Callable[[Place, Scope], tuple[Target, ...]]
    present: Callable[[Place, bool], bool]
    remote: bool
    expands: bool
    typed: bool
    bare_path: bool
    restart: str
    command: str
    processes: tuple[str, ...] = ()
