"""Running the official conformance suite against a stdio command, through the adapter."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / ".cache/real/conformance"
NODE = PLACE / "npm/node_modules/node/bin/node"
PROGRAM = PLACE / "npm/node_modules/@modelcontextprotocol/conformance/dist/index.js"
SDK = PLACE / "sdk/bin/python"
EVERYTHING = PLACE / "everything-server"

# The everything-server of the Python SDK comes with an HTTP command line only; the same object speaks stdio.
ON_STDIO = (
    f"import sys; sys.path.insert(0, {str(EVERYTHING)!r}); from mcp_everything_server.server import mcp; mcp.run()"
)
SERVER = [str(SDK), "-W", "ignore", "-c", ON_STDIO]

SUITES: Mapping[str, Sequence[str]] = {
    "A": ["--suite", "active"],
    "B": ["--requirements", "2025-11-25"],
    "C": ["--requirements", "2026-07-28"],
}

STAMP = re.compile(r"-\d{4}-\d\d-\d\dT[\d-]+Z$")


class Check(NamedTuple):
    """What the suite asserts, by scenario and id. An id occurs once for each case of a loop."""

    scenario: str
    id: str
    occurrence: int


Verdicts = Mapping[Check, bool]


def run(suite: str, command: Sequence[str], timeout: float = 300) -> Verdicts:
    """Whether each check of a suite passes where this command is the server. Skipped checks are left out."""
    with tempfile.TemporaryDirectory() as results, _adapter(command) as port:
        url = f"http://127.0.0.1:{port}/mcp"
        argv = [str(NODE), str(PROGRAM), "server", "--url", url, *SUITES[suite], "-o", results]
        # Its exit code says whether all passed, which is for us to judge.
        subprocess.run(argv, cwd=results, capture_output=True, timeout=timeout, check=False)
        return dict(_verdicts(Path(results)))


def worse(before: Verdicts, after: Verdicts) -> list[Check]:
    """What passes before and not after, because it fails or was not reached."""
    return sorted(check for check, passed in before.items() if passed and not after.get(check, False))


def lost(before: Verdicts, again: Callable[[], Verdicts]) -> list[Check]:
    """What passes before and in neither of two runs.

    The suite gives up after five seconds of its own, in which a loaded machine may not even have started a server:
    what fails once is tried once more, and what a broker breaks, it breaks each time.
    """
    first = worse(before, again())
    return [check for check in worse(before, again()) if check in first] if first else []


def _verdicts(results: Path) -> Iterator[tuple[Check, bool]]:
    for path in sorted(results.glob("*/checks.json")):
        scenario = STAMP.sub("", path.parent.name.removeprefix("server-"))
        seen: dict[str, int] = {}
        for check in json.loads(path.read_bytes()):
            if check["status"] in ("SUCCESS", "FAILURE"):
                seen[check["id"]] = seen.get(check["id"], 0) + 1
                yield Check(scenario, check["id"], seen[check["id"]]), check["status"] == "SUCCESS"


@contextmanager
def _adapter(command: Sequence[str]) -> Iterator[int]:
    """The adapter's port; it ends, and its processes with it, when its stdin does."""
    argv = [sys.executable, "-m", "tests.conformance.adapter", *command]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env
    ) as one:
        assert one.stdout
        yield int(one.stdout.readline())
        assert one.stdin
        one.stdin.close()
        one.wait(30)
