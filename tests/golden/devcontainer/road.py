"""The cases of `mcpconf export devcontainer`: what is asked of each, and how its edit is planned.

A case is a directory with `before.json` (none: there was no file) and `after.json`.
`python -m tests.golden.devcontainer.road` writes every `after.json` anew, for a person to read the difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mcpconf.environment.devcontainer import Additions, Wanted
from mcpconf.environment.exposure import Grant
from mcpconf.ledger import Ledger
from mcpconf.plan import Plan
from mcpconf.workflow.devcontainer import plan_file

GOLDEN = Path(__file__).parent
FILE = "/work/.devcontainer/devcontainer.json"
MOUNT = Grant(mounts=(("${localEnv:XDG_RUNTIME_DIR}/mcpconf", "/run/mcpconf"),))
TCP = Grant(
    mounts=(("${localEnv:HOME}/.local/share/mcpconf/broker/keys/container", "/run/mcpconf.key"),),
    variables=(("MCPCONF_BROKER_KEY", "/run/mcpconf.key"),),
    hosts=("host.docker.internal:host-gateway",),
    options=("--security-opt=label=disable",),
)
ASKED = {
    "bom-minified": Wanted(grant=MOUNT, profile="container"),
    "commands-object": Wanted(grant=MOUNT, start_broker=True),
    "compose": Wanted(grant=TCP),
    "does-not-fit": Wanted(volume=False),
    "dockerfile-crlf-tabs": Wanted(grant=TCP, profile="work"),
    "feature": Wanted(grant=MOUNT, feature="./mcpconf"),
    "feature-there": Wanted(grant=MOUNT, feature="./mcpconf"),
    "mounts-mixed": Wanted(
        grant=Grant(mounts=MOUNT.mounts, hosts=TCP.hosts, options=("--security-opt=label=disable",))
    ),
    "none": Wanted(grant=MOUNT, image="debian:12"),
}


@dataclass(frozen=True)
class Case:
    """One directory beside this file."""

    path: Path

    def __str__(self) -> str:
        return self.path.name

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
    def wanted(self) -> Wanted:
        return ASKED.get(self.path.name, Wanted(grant=MOUNT))

    def planned(self, raw: bytes | None, ledger: Ledger | None = None) -> tuple[Plan, Additions]:
        return plan_file(FILE, {FILE: raw}, ledger or Ledger(), self.wanted)


CASES = [Case(path) for path in sorted(GOLDEN.iterdir()) if path.is_dir() and not path.name.startswith("_")]


def bytes_after(plan: Plan, raw: bytes | None) -> bytes | None:
    return plan.files[0].after if plan.files else raw


def main() -> None:
    for case in CASES:
        plan, found = case.planned(case.before)
        (case.path / "after.json").write_bytes(bytes_after(plan, case.before) or b"")
        print(f"{case}:", *(f"\n  {note.text}" for note in found.notes))


if __name__ == "__main__":
    main()
