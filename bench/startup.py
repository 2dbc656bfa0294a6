"""CPU time of whole commands, each in a home of its own, beside their peers."""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SERVER = ["-y", "@modelcontextprotocol/server-memory"]


@dataclass(frozen=True)
class Row:
    """One command. `prepare` makes its home before each run, outside the time that counts."""

    name: str
    argv: list[str]
    prepare: Callable[[Path], None] = lambda _: None


def rows(place: Path) -> list[Row]:
    """What is measured. The first row is the yardstick."""
    own, npm = place / "mcpconf/bin", place / "npm/node_modules/.bin"
    python, mcpconf = str(own / "python"), str(own / "mcpconf")

    def switched(home: Path) -> None:
        small(home)
        for profile in ("essentials", "minimal"):
            subprocess.run([mcpconf, "switch", profile, "-q"], env=environment(home), check=True)

    def large(home: Path) -> None:
        projects = {f"/p/{i}": {"history": ["x" * 500] * 20, "mcpServers": {}} for i in range(590)}
        (home / ".claude.json").write_text(json.dumps({"projects": projects}, indent=2))
        for profile in ("essentials", "minimal"):
            subprocess.run([mcpconf, "switch", profile, "-q"], env=environment(home), check=True)

    return [
        Row("python -c pass", [python, "-c", "pass"]),
        Row("empty console script", [str(empty_script(own))]),
        Row("mcpconf --version", [mcpconf, "--version"]),
        Row("mcpconf current", [mcpconf, "current"], switched),
        Row("mcpconf --help", [mcpconf, "--help"]),
        Row("mcpconf status", [mcpconf, "status"], switched),
        Row("mcpconf switch (one client)", [mcpconf, "switch", "essentials"], switched),
        Row("mcpconf switch (6 MB file)", [mcpconf, "switch", "essentials"], large),
        Row("add-mcp (one server)", [str(npm / "add-mcp"), "server-memory", "-g", "-a", "claude-code", "-y"], small),
        Row("claude mcp add", [str(npm / "claude"), "mcp", "add", "-s", "user", "m", "--", "npx", *SERVER], small),
        Row("mcpm --version", [str(place / "mcpm/bin/mcpm"), "--version"]),
        Row(
            "mcpm client edit",
            [str(place / "mcpm/bin/mcpm"), "client", "edit", "claude-code", "--add-server", "m", "--force"],
            mcpm_server(place),
        ),
    ]


def small(home: Path) -> None:
    """A user's file as Claude Code leaves it."""
    (home / ".claude").mkdir(exist_ok=True)
    (home / ".claude.json").write_text('{\n  "numStartups": 3,\n  "projects": {}\n}')


def mcpm_server(place: Path) -> Callable[[Path], None]:
    """A server in mcpm's own list, which its `client edit` then gives to a client."""

    def prepare(home: Path) -> None:
        small(home)
        new = [
            str(place / "mcpm/bin/mcpm"),
            "new",
            "m",
            "--type",
            "stdio",
            "--command",
            "npx",
            "--args",
            "-y",
            "--force",
        ]
        subprocess.run(new, env=environment(home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)

    return prepare


def empty_script(directory: Path) -> Path:
    """Our own console script as the installer wrote it, around a function that does nothing."""
    path = directory / "bench-empty"
    written = (directory / "mcpconf").read_text()
    path.write_text(written.replace("from mcpconf.cli.main import entry", "def entry(): return 0"))
    path.chmod(0o755)
    return path


def environment(home: Path) -> dict[str, str]:
    """Nothing of the caller's but PATH; no client may call home."""
    return {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "DISABLE_TELEMETRY": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
        "DO_NOT_TRACK": "1",
    }


def cpu(row: Row) -> tuple[float, int]:
    """Milliseconds of CPU time of one run, and its exit code."""
    home = Path(tempfile.mkdtemp())
    try:
        row.prepare(home)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            row.argv, env=environment(home), cwd=home, stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000, done.returncode


def main() -> None:
    """Measure in turns, so that a drift of the machine meets every row alike."""
    parser = argparse.ArgumentParser()
    parser.add_argument("place", type=Path)
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    chosen = [row for i, row in enumerate(rows(arguments.place)) if i == 0 or arguments.only in row.name]
    taken: dict[str, list[float]] = {row.name: [] for row in chosen}
    codes: dict[str, int] = {}
    for _ in range(arguments.runs):
        for row in chosen:
            milliseconds, codes[row.name] = cpu(row)
            taken[row.name].append(milliseconds)
    unit = min(taken[chosen[0].name])
    print(f"{'command':<30}{'min ms':>9}{'median':>9}{'x python':>10}{'exit':>6}")
    for row in chosen:
        times = taken[row.name]
        ratio = min(times) / unit
        print(f"{row.name:<30}{min(times):>9.1f}{statistics.median(times):>9.1f}{ratio:>10.1f}{codes[row.name]:>6}")


if __name__ == "__main__":
    main()
