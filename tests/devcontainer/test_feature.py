"""The Feature's description: valid by the published schema, and in step with what it installs."""

from __future__ import annotations

import json
import re
import stat
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


def test_the_script_for_dotfiles_pins_this_version() -> None:
    assert f"\npinned={__version__}\n" in (ROOT / "shell/install.sh").read_text()
