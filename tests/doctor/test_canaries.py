"""Secrets in every place that the doctor reads come out nowhere: not as text, as JSON, with --verbose, or in a log."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mcpconf.cli.main import main
from mcpconf.serve.tools import standard
from tests.cli.conftest import World
from tests.scenarios.conftest import tree

# One that only its place gives away, and one that looks like what it is wherever it stands.
HIDDEN = "canary-in-its-place"
TOKEN = "ghp_" + "Canary0123456789abcdefghijklmnopqrst"[:36]
CANARIES = (HIDDEN, TOKEN, TOKEN[8:24])

# A server that says all it knows on stderr, and dies.
TELLTALE = """#!/bin/bash
echo "starting with API_KEY=$API_KEY and --token $2, {TOKEN}" >&2
echo 'Authorization: Bearer {TOKEN}' >&2
exit 3
""".replace("{TOKEN}", TOKEN)


def entries(program: str) -> dict[str, object]:
    return {
        "env": {"command": program, "args": ["--token", HIDDEN], "env": {"API_KEY": HIDDEN, "OTHER": TOKEN}},
        "args": {"command": program, "args": [f"--api-key={HIDDEN}", "x", TOKEN]},
        "spaced": {"command": f"{program} --password {HIDDEN}"},
        "gone": {"command": f"/nowhere/{TOKEN}/run", "args": ["--token", HIDDEN, f"/nowhere/{TOKEN}"]},
        "far": {
            "type": "http",
            "url": f"http://me:{HIDDEN}@127.0.0.1:9/mcp?api_key={HIDDEN}&t={TOKEN}",
            "headers": {"Authorization": f"Bearer {HIDDEN}", "X-Api-Key": TOKEN},
        },
        "odd": {"type": "http", "url": f"htp:/me:{HIDDEN}@127.0.0.1/{TOKEN}", "headers": {"Authorization": HIDDEN}},
        "shape": {"command": program, "args": f"--token {TOKEN}", "env": {"API_KEY": [HIDDEN]}},
        "variables": {"command": program, "env": {"API_KEY": "${MISSING_TOKEN}", "B": f"$HOME/{TOKEN}"}},
    }


@pytest.fixture
def leaky(mcpconf: World, programs: Path) -> World:
    """A home with a canary in every place."""
    program = programs / "telltale"
    program.write_text(TELLTALE)
    program.chmod(0o755)
    home = mcpconf.home
    project = mcpconf.project("p")
    servers = entries(str(program))
    user = {"mcpServers": servers, "projects": {str(project): {"mcpServers": servers, "history": [TOKEN]}}}
    _put(mcpconf.claude, json.dumps(user))
    _put(mcpconf.desktop, json.dumps({"mcpServers": servers}))
    _put(project / ".mcp.json", json.dumps({"mcpServers": servers}))
    _put(home / ".claude/settings.json", json.dumps({"env": {"API_KEY": HIDDEN}, "mcpServers": servers}))
    _put(home / f".claude/backups/.claude.json.corrupted.{1_700_000_000_000}", json.dumps(user)[:-9])
    mcpconf.profile(
        "mine",
        f'description = "{TOKEN}"\n[broker]\nautostart = true\n[servers.a]\ncommand = "{program}"\n'
        f'args = ["--token", "{HIDDEN}"]\nenv = {{ API_KEY = "{HIDDEN}", B = "secret:KEY" }}\n'
        f'[servers.b]\ncommand = "{program}"\nroutes = ["wrapper"]\nenv = {{ API_KEY = "{TOKEN}" }}\n'
        f'[servers.c]\nurl = "https://me:{HIDDEN}@127.0.0.1/mcp?key={HIDDEN}"\n'
        f'headers = {{ Authorization = "Bearer {HIDDEN}" }}\n',
    )
    mcpconf.profile("bad", f'[servers.a]\nurl = "https://me:{HIDDEN}@127.0.0.1/mcp\n')
    mcpconf("secret", "set", "KEY", stdin=f"{HIDDEN}\n")
    mcpconf("switch", "mine")
    _put(mcpconf.state / "broker/broker.log", f"started with --token {HIDDEN}\nAPI_KEY={TOKEN}\n")
    _put(mcpconf.state / "broker/logs/a.log", f"API_KEY={HIDDEN}\nAuthorization: Bearer {TOKEN}\n")
    data = home / ".local/share/mcpconf/wrapper/data"
    _put(data / "mcp-b.log", f"mcp-b: failed with API_KEY={HIDDEN} {TOKEN}\n")
    for name in servers:
        line = json.dumps({"error": f"Server stderr: API_KEY={HIDDEN} {TOKEN}", "timestamp": "2026-11-23T00:00:00Z"})
        cache = home / ".cache/claude-cli-nodejs" / str(project).replace("/", "-") / f"mcp-logs-{name}"
        _put(cache / "2026-11-23T00-00-00-000Z.jsonl", line + "\n")
        _put(home / f".config/Claude/logs/mcp-server-{name}.log", f"[error] --token {HIDDEN} {TOKEN}\n")
    return mcpconf


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


ORDERS = [(), ("--json",), ("--verbose",), ("--deep",), ("--fix", "--dry-run"), ("--fix",), ("--server", "env")]


@pytest.mark.parametrize("argv", ORDERS, ids=" ".join)
def test_no_canary_comes_out(argv: tuple[str, ...], leaky: World) -> None:
    if argv[:1] in (("--deep",), ("--server",)) and not _knows(leaky, argv[0]):
        pytest.skip(f"there is no {argv[0]}")
    before = holders(leaky.home)
    leaky.capture.readouterr()
    assert main(["doctor", *argv]) in (0, 1)
    said = leaky.capture.readouterr()
    assert "MC" in said.out
    for canary in CANARIES:
        assert canary not in said.out + said.err
    assert holders(leaky.home) == before


def holders(home: Path) -> set[str]:
    """The files that have a canary in them. Backups of clients' files are for their owner alone, and of no matter."""
    found = tree(home).items()
    return {path for path, value in found if any(c.encode() in value[2] for c in CANARIES) and "/blobs/" not in path}


def _knows(world: World, option: str) -> bool:
    return option in world("doctor", "--help").out


def test_no_canary_is_told_to_claude(leaky: World) -> None:
    said = json.dumps(standard()["doctor"].call({}))
    assert '"isError": false' in said
    for canary in CANARIES:
        assert canary not in said


def test_the_canaries_are_where_the_doctor_reads(leaky: World) -> None:
    """Else the others prove nothing."""
    places = [path for path, value in tree(leaky.home).items() if HIDDEN.encode() in value[2]]
    for name in (".claude.json", "claude_desktop_config.json", "mine.toml", "secrets", "a.log", "mcp-server-env.log"):
        assert [path for path in places if path.endswith(name)], name
