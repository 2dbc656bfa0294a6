"""direnv itself: what `use mcpconf` does in a directory that was allowed, and in one that was not."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.real.programs import VENV_BIN, require

pytestmark = pytest.mark.real
LIB = Path(__file__).resolve().parents[2] / "shell/mcpconf-direnv.sh"


def test_it_says_the_line_and_then_makes_the_profile_active(home: Path, tmp_path: Path) -> None:
    direnv = require("direnv")
    env = {"HOME": str(home), "PATH": os.pathsep.join([str(VENV_BIN), os.environ["PATH"]]), "MCPCONF_ENV": "host"}
    lib = home / ".config/direnv/lib/mcpconf.sh"
    lib.parent.mkdir(parents=True)
    lib.symlink_to(LIB)
    project = home / "src/p"
    (project / ".git").mkdir(parents=True)
    (project / ".mcpconf").mkdir()
    (project / ".mcpconf/profile").write_text("minimal\n")
    (project / ".envrc").write_text("use mcpconf\nexport LOADED=1\n")

    def run(*argv: str | Path, cwd: Path = project) -> subprocess.CompletedProcess[str]:
        return subprocess.run(argv, env=env, cwd=cwd, capture_output=True, text=True, timeout=60, check=True)

    def entries() -> dict[str, object]:
        path = home / ".claude.json"
        data = json.loads(path.read_bytes()) if path.exists() else {}
        return dict(data.get("projects", {}).get(str(project), {}).get("mcpServers", {}))

    run(direnv, "allow")
    first = run(direnv, "exec", project, "sh", "-c", "echo $LOADED")
    assert first.stdout == "1\n"
    assert "asks for the profile minimal; to use it: mcpconf allow" in first.stderr
    assert entries() == {}
    run(VENV_BIN / "mcpconf", "allow", "--yes")
    run(VENV_BIN / "mcpconf", "undo")
    assert entries() == {}
    run(direnv, "exec", project, "true")
    assert set(entries()) == {"mcpconf"}
    (project / ".mcpconf/profile").write_text("essentials\n")
    assert "mcpconf allow" in run(direnv, "exec", project, "true").stderr
    assert set(entries()) == {"mcpconf"}
    (project / ".envrc").write_text("use mcpconf web\n")
    run(direnv, "allow")
    run(direnv, "exec", project, "true")
    assert len(entries()) > 1
