"""What a command may import: a prompt, a shell and an editor wait for it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Process

HEAVY = {
    "pydantic",
    "questionary",
    "prompt_toolkit",
    "tomlkit",
    "rich",
    "asyncio",
    "http",
    "ssl",
    "sqlite3",
    "importlib.metadata",
    "jsonschema",
    "referencing",
}
PARSER = {"typer", "click"}
WAITING = {"subprocess", "threading", "tomllib", "difflib", "secrets", "inspect", "shutil", "pathlib", "platformdirs"}
WRITER = {"filelock"}  # only where another mcpconf holds the lock
PROGRAM = """
import io, sys
from mcpconf.cli.main import main
sys.stdin = io.TextIOWrapper(io.BytesIO())
code = main(sys.argv[1:])
sys.stderr.write("\\n" + " ".join(sorted(sys.modules)) + " exit=%d" % code)
"""


def imported(home: Path, *argv: str) -> set[str]:
    """Run a command in a fresh interpreter; the modules that it had at its end."""
    env = {"PATH": "/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8", "MCPCONF_ENV": "host"}
    env["XDG_RUNTIME_DIR"] = os.environ["XDG_RUNTIME_DIR"]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *argv], env=env, capture_output=True, text=True, timeout=60, check=True
    )
    *names, code = done.stderr.rsplit("\n", 1)[1].split(" ")
    assert code == "exit=0", done.stderr
    return set(names)


@pytest.fixture
def active(process: Process) -> None:
    """`minimal` was made active, and so everything is compiled."""
    assert process("switch", "minimal").returncode == 0


@pytest.fixture(autouse=True)
def no_broker(process: Process) -> Iterator[None]:
    """Stop the one that a test may have started."""
    yield
    assert process("broker", "stop").returncode == 0


@pytest.mark.usefixtures("active")
@pytest.mark.parametrize(
    ("command", "without"),
    [
        ("--version", HEAVY | PARSER | WRITER | {"json", "dataclasses", "subprocess", "typing"}),
        ("current", HEAVY | PARSER | WRITER | {"json", "dataclasses", "subprocess", "typing"}),
        ("serve", HEAVY | PARSER | WRITER | {"subprocess"}),
        ("broker start --if-needed", HEAVY | PARSER | WRITER | WAITING | {"json", "dataclasses", "mcpconf.workflow"}),
        ("--help", HEAVY | PARSER | WRITER | {"mcpconf.workflow.switch", "subprocess", "tomllib"}),
        ("switch -h", HEAVY | WRITER),
        ("status", HEAVY | WRITER),
        ("diff", HEAVY | WRITER),
        ("env", HEAVY | WRITER),
        ("profile ls", HEAVY | WRITER),
        ("switch minimal", HEAVY | PARSER | WRITER | WAITING),
        ("switch essentials", HEAVY | PARSER | WRITER | WAITING),
        ("switch essentials --dry-run", HEAVY | WRITER),
        ("init --yes", HEAVY | WRITER),
        ("undo", HEAVY | WRITER),
        ("__complete servers", HEAVY | PARSER | WRITER | WAITING),
        ("__complete tools mcpconf", HEAVY | PARSER | WRITER | WAITING),
        ("tools mcpconf --no-broker", {"pydantic", "jsonschema", "referencing", "asyncio", "ssl", "questionary"}),
    ],
)
def test_a_command_imports_nothing_heavy(home: Path, command: str, without: set[str]) -> None:
    assert imported(home, *command.split()) & without == set()


def test_a_profile_that_was_never_read_needs_the_validator_and_then_no_more(home: Path, process: Process) -> None:
    assert "pydantic" in imported(home, "switch", "minimal")
    assert "pydantic" not in imported(home, "switch", "essentials")
    own = home / ".config/mcpconf/profiles/own.toml"
    own.parent.mkdir(parents=True)
    own.write_text('[servers.x]\ncommand = "true"\n')
    assert "pydantic" in imported(home, "switch", "own")
    assert "pydantic" not in imported(home, "switch", "own")


def test_importing_the_package_reads_and_writes_nothing(home: Path) -> None:
    script = "import pkgutil, mcpconf, importlib\n"
    script += "names = [m.name for m in pkgutil.walk_packages(mcpconf.__path__, 'mcpconf.')]\n"
    script += "scripts = ('__main__', 'shim_start')\n"
    script += "[importlib.import_module(name) for name in names if not name.endswith(scripts)]"
    subprocess.run([sys.executable, "-c", script], env={"HOME": str(home)}, check=True, timeout=60)
    assert list(home.iterdir()) == []
