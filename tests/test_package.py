"""What is packed: a wheel has it all, whether it was made from a checkout or from a source distribution."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGETS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]


def test_what_a_wheel_takes_is_in_a_source_distribution() -> None:
    included = TARGETS["sdist"]["include"]
    for taken in TARGETS["wheel"]["force-include"]:
        assert any(taken == one or taken.startswith(f"{one}/") for one in included), taken


def test_install_sh_notices_a_change_of_all_that_a_wheel_takes() -> None:
    (line,) = [line for line in (ROOT / "shell/install.sh").read_text().splitlines() if "&& find mcpconf " in line]
    looked_at = line.partition("&& find ")[2].partition(" -type f")[0].split()
    taken = {*TARGETS["wheel"]["packages"], *TARGETS["wheel"]["force-include"], "pyproject.toml"}
    assert taken <= set(looked_at)
    assert all((ROOT / name).exists() for name in looked_at)
