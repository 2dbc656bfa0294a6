"""The whole road of a golden case: profile -> route -> entry -> plan -> bytes, for a place that is only described.

A case is a directory: `profile.toml` (a profile), `case.toml` (the place, below), `before.json` (none: there was no
file) and `after.json` (none: the edit is refused). `python -m tests.golden.road` writes every `after.json` anew, for
a person to read the difference.

    says = "what the case shows"
    path = "the file that must be the one"
    scope = "user"                  # or local, project
    refused = "what the refusal says"
    [place]                         # platform, home, cwd, env, directories, links, windows_home
    [machine]                       # which, launcher, data, engine, toolkit, raw_mcp, portable: as in a Context
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcpconf.client.entry import process_entry, remote_entry
from mcpconf.client.spec import ClientSpec, Place, Target
from mcpconf.client.table import client
from mcpconf.errors import Located
from mcpconf.ledger import Ledger
from mcpconf.model import Entry, Layer, Profile, Scope
from mcpconf.plan import Plan, Want, make_plan
from mcpconf.profile.load import Found, resolve
from mcpconf.route.choose import choose
from mcpconf.route.context import Context
from mcpconf.route.launch import Launch
from tests.client.disk import Disk

GOLDEN = Path(__file__).parent
PROGRAMS = {
    "bash": "/usr/bin/bash",
    "docker": "/usr/bin/docker",
    "npx": "/usr/bin/npx",
    "uvx": "/home/me/.local/bin/uvx",
    "my-server": "/opt/mine/my-server",
}


@dataclass(frozen=True)
class Case:
    """One directory of `tests/golden`."""

    path: Path

    def __str__(self) -> str:
        return f"{self.path.parent.name}/{self.path.name}"

    @property
    def said(self) -> dict[str, Any]:
        return tomllib.loads((self.path / "case.toml").read_text("utf-8"))

    @property
    def spec(self) -> ClientSpec:
        return client(self.path.parent.name)

    @property
    def before(self) -> bytes | None:
        return self._bytes("before.json")

    @property
    def after(self) -> bytes | None:
        return self._bytes("after.json")

    def _bytes(self, name: str) -> bytes | None:
        file = self.path / name
        return file.read_bytes() if file.exists() else None

    @property
    def profile(self) -> Profile:
        text = (self.path / "profile.toml").read_text("utf-8")
        return resolve("p", lambda name, *, above: Found(text, "p.toml", Layer.USER))

    @property
    def place(self) -> Place:
        given = {"platform": "linux", "home": "/home/me", "cwd": "/work", "env": {}} | self.said.get("place", {})
        look = Disk(given["platform"], {}, given.pop("directories", ()), given.pop("links", {}))
        if self.before is not None:
            look = Disk(look.platform, {self.said["path"]: self.before}, look.directories, look.links)
        return Place(look=look, **given)

    @property
    def target(self) -> Target:
        """The one target that has the path which the case names."""
        targets = self.spec.targets(self.place, Scope(self.said.get("scope", "user")))
        (found,) = [target for target in targets if target.path == self.said["path"]]
        return found

    @property
    def context(self) -> Context:
        given = {
            "which": PROGRAMS,
            "data": "/home/me/.local/share/mcpconf",
            "launcher": ["/home/me/.local/bin/mcpconf"],
        } | self.said.get("machine", {})
        place = self.place
        given["launcher"] = tuple(given["launcher"])
        return Context(
            spec=self.spec, target=self.target, platform=place.platform, home=place.home, env=place.env, **given
        )

    def entries(self) -> dict[str, Entry]:
        routed = choose(self.profile, self.context)
        return {one.entry: _entry(self.spec, one.launch) for one in routed if one.launch is not None}

    def plan(self, raw: bytes | None, entries: dict[str, Entry], ledger: Ledger) -> Plan:
        """What is to be done with the file, so that it holds these entries of ours and no others."""
        return make_plan({self.target.path: raw}, [Want(self.target, entries, "p")], ledger)


def _entry(spec: ClientSpec, launch: Launch) -> Entry:
    if launch.url is not None:
        return remote_entry(spec, launch.transport, launch.url, launch.headers, launch.timeout)
    return process_entry(spec, launch.command or "", launch.args, launch.env, launch.timeout)


def bytes_after(plan: Plan, raw: bytes | None) -> bytes | None:
    return plan.files[0].after if plan.files else raw


CASES = sorted((Case(file.parent) for file in GOLDEN.glob("*/*/case.toml")), key=str)


def _rewrite(case: Case) -> None:
    (case.path / "after.json").unlink(missing_ok=True)
    try:
        after = bytes_after(case.plan(case.before, case.entries(), Ledger()), case.before)
    except Located:
        return
    (case.path / "after.json").write_bytes(after or b"")


if __name__ == "__main__":
    for each in CASES:
        _rewrite(each)
