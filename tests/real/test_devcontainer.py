"""The devcontainers' own command line reads what `mcpconf export devcontainer` wrote as it is meant."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.golden.devcontainer.road import CASES, Case
from tests.real.programs import require

pytestmark = pytest.mark.real
# One for each way of writing that could be misread: comments, a mark at the start and one line, CR LF.
READ = [case for case in CASES if str(case) in ("codespaces", "bom-minified", "dockerfile-crlf-tabs")]


@pytest.mark.parametrize("case", READ, ids=str)
def test_the_reference_implementation_reads_it(case: Case, tmp_path: Path) -> None:
    file = tmp_path / "w/.devcontainer/devcontainer.json"
    file.parent.mkdir(parents=True)
    file.write_bytes(case.after or b"")
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_RUNTIME_DIR": "/run/user/7"}
    nothing = "/bin/true"  # in the place of an engine: only the file is read
    words = ["read-configuration", "--workspace-folder", str(tmp_path / "w"), "--docker-path", nothing]

    done = subprocess.run([require("devcontainer"), *words], env=env, capture_output=True, timeout=60, check=True)

    read = json.loads(done.stdout)["configuration"]
    ours = case.planned(case.before)[1].members
    for name, value in ours[("postCreateCommand\0{}",)].items():
        assert read["postCreateCommand"][name] == value, "the tool took something in it for its own variable"
    mounts = "".join(map(str, read["mounts"]))
    assert "source=/run/user/7/mcpconf,target=/run/mcpconf" in mounts or f"source={tmp_path}/.local/share" in mounts
    assert "${localEnv" not in done.stdout.decode()
