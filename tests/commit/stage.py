"""A stage for commits: real files below a test's directory, a clock that never sleeps, and other writers on cue."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mcpconf.client.spec import Target
from mcpconf.commit.state import State
from mcpconf.commit.transaction import Committed, Request, commit
from mcpconf.ledger import Ledger
from mcpconf.model import Scope
from mcpconf.plan import Plan, Policy, Want, make_plan

ENTRY = {"command": "/bin/x"}
NEWER = {"command": "/bin/y"}
Act = Callable[[], None]


@dataclass
class Clock:
    """Time that passes only when somebody sleeps. `acts` happen at the sleep of that number, counted from 1."""

    time: float = 1_700_000_000.0
    slept: list[float] = field(default_factory=list)
    acts: dict[int, Act] = field(default_factory=dict)
    always: Act | None = None

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.time += seconds
        self.slept.append(seconds)
        act = self.acts.pop(len(self.slept), None)
        if act is not None:
            act()
        if self.always is not None:
            self.always()


@dataclass
class Stage:
    """One user's home and state. `before_write` holds what others do between our reading and our writing."""

    home: Path
    clock: Clock = field(default_factory=Clock)
    before_write: list[Act] = field(default_factory=list)
    plans: int = 0

    @property
    def state(self) -> State:
        return State(str(self.home / ".local/state/mcpconf"))

    @property
    def path(self) -> Path:
        return self.home / ".claude.json"

    def target(self, path: Path | None = None, *, lock: bool = True, scope: Scope = Scope.USER) -> Target:
        name = str(path or self.path)
        pointer = ("mcpServers",) if scope is not Scope.LOCAL else ("projects", "/p", "mcpServers")
        held = name + ".lock" if lock else None
        return Target(client="claude-code", scope=scope, path=name, pointer=pointer, lock=held)

    def want(self, entries: Mapping[str, Any], path: Path | None = None, **more: Any) -> Want:
        return Want(self.target(path, **more), entries, "work", dict.fromkeys(entries, "direct"))

    def request(self, wants: Sequence[Want], policy: Policy = Policy()) -> Request:
        def plan(snapshots: Mapping[str, bytes | None], ledger: Ledger) -> Plan:
            self.plans += 1
            made = make_plan(snapshots, wants, ledger, policy)
            if self.before_write:
                self.before_write.pop(0)()
            return made

        return Request(
            paths=tuple(dict.fromkeys(want.target.path for want in wants)),
            plan=plan,
            command="switch work",
            context="user",
            profile="work",
            previous=None,
        )

    def commit(self, *wants: Want, policy: Policy = Policy()) -> Committed:
        with self.state.locked():
            return commit(self.request(wants, policy), self.state, self.clock)

    def switch(self, entries: Mapping[str, Any], **more: Any) -> Committed:
        """The usual commit: these entries in the user scope."""
        return self.commit(self.want(entries), **more)

    def owned(self, path: Path | None = None) -> set[str]:
        """The names that the ledger calls ours in a file."""
        record = self.state.ledger().files.get(str(path or self.path))
        return {name for members in record.members.values() for name in members} if record else set()

    def leftovers(self) -> list[str]:
        """Files that no finished commit leaves: temporary ones, locks, journals, the pending record."""
        found = []
        for directory, directories, files in os.walk(self.home):
            for name in [*directories, *files]:
                if (
                    ".mcpconf-" in name
                    or name.endswith((".lock", ".journal", ".new", ".tmp"))
                    or name == "pending.json"
                ):
                    found.append(os.path.relpath(os.path.join(directory, name), self.home))
        return found


def write(path: Path, value: Any, mode: int = 0o600) -> bytes:
    """Write a file as another program does, directories included; its bytes."""
    raw = value if isinstance(value, bytes) else json.dumps(value, indent=2).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    path.chmod(mode)
    return raw


def servers(path: Path) -> Any:
    """The servers in a file."""
    return json.loads(path.read_bytes())["mcpServers"]


def add(path: Path, name: str, entry: Any = ENTRY) -> None:
    """What another program does to add a server of its own."""
    data = json.loads(path.read_bytes()) if path.exists() else {}
    data.setdefault("mcpServers", {})[name] = entry
    replacing(path, json.dumps(data).encode())


def replacing(path: Path, raw: bytes) -> None:
    """Write by temporary file and rename, as Claude Code does."""
    temporary = path.with_name(path.name + ".tmp.1")
    temporary.write_bytes(raw)
    temporary.replace(path)


def in_child(act: Act) -> int:
    """Do something in a child process that may die of it; its exit code."""
    with warnings.catch_warnings():
        # The child does no more than files, so that a test runner's threads are no danger to it.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            act()
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def dying_at(step: int, names: Sequence[str], then: Act) -> None:
    """Wrap calls of `os` so that the process is gone, without any clean-up, before the `step`th of them."""
    count = 0

    def wrap(name: str) -> None:
        real = getattr(os, name)

        def call(*arguments: Any, **more: Any) -> Any:
            nonlocal count
            count += 1
            if count == step:
                then()
            return real(*arguments, **more)

        setattr(os, name, call)

    for name in names:
        wrap(name)
