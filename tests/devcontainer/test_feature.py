"""The Feature's description: valid by the published schema, and in step with what it installs."""

from __future__ import annotations

import json
import re
import stat
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mcpconf import __version__
from tests.real.programs import ROOT

FEATURE = ROOT / "devcontainer/src/mcpconf"
SCHEMA = Path(__file__).parent / "schemas/devContainerFeature.schema.json"


@pytest.fixture
def feature() -> Any:
    return json.loads((FEATURE / "devcontainer-feature.json").read_text())


def test_it_is_valid_by_the_published_schema(feature: Any) -> None:
    jsonschema.Draft7Validator(json.loads(SCHEMA.read_text())).validate(feature)


def test_the_schema_refuses_what_no_feature_has(feature: Any) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(json.loads(SCHEMA.read_text())).validate(feature | {"runArgs": []})


def test_it_is_named_as_its_directory_and_pins_this_version(feature: Any) -> None:
    assert feature["id"] == FEATURE.name
    assert feature["version"] == feature["options"]["version"]["default"] == __version__


def test_every_option_reaches_the_script(feature: Any) -> None:
    script = (FEATURE / "install.sh").read_text()
    read = set(re.findall(r"=\$\{([A-Z]+):-", script))
    assert read == {name.upper() for name in feature["options"]}


def test_what_its_lifecycle_runs_is_installed_and_can_be_run(feature: Any) -> None:
    for key in ("postCreateCommand", "postStartCommand"):
        directory, _, name = feature[key].rpartition("/")
        assert f"own={directory}\n" in (FEATURE / "install.sh").read_text()
        assert (FEATURE / name).stat().st_mode & stat.S_IXUSR


@pytest.mark.parametrize(
    ("manager", "wanted"),
    {
        "apt-get": [
            "update -qq",
            "install -y -qq --no-install-recommends python3 python3-venv",
            "update -qq",
            "install -y -qq --no-install-recommends python3.11 python3.11-venv",
        ],
        "apk": ["add --no-cache python3 py3-pip"],
        "dnf": ["install -y python3 python3-pip", "install -y python3.11 python3.11-pip"],
        "microdnf": ["install -y python3 python3-pip", "install -y python3.11 python3.11-pip"],
    }.items(),
)
def test_where_no_python_can_be_had_it_names_the_feature_that_brings_one(
    tmp_path: Path, manager: str, wanted: list[str]
) -> None:
    """All that it can start are stand-ins, so that nothing of this machine is touched."""
    asked = tmp_path / "asked"
    stand_ins = {"id": "echo 0", "dirname": "echo .", "rm": ":", manager: f'echo "$*" >>{asked}'}
    for name, line in stand_ins.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{line}\n")
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", str(FEATURE / "install.sh")],
        env={"PATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert '"ghcr.io/devcontainers/features/python:1"' in done.stderr
    assert asked.read_text().splitlines() == wanted


def test_the_script_for_dotfiles_pins_this_version() -> None:
    assert f"\npinned={__version__}\n" in (ROOT / "shell/install.sh").read_text()
