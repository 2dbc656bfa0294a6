"""Our own directories lie where the system's custom has them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from platformdirs import PlatformDirs

from mcpconf.dirs import find_dirs, shipped
from mcpconf.errors import McpconfError
from mcpconf.system import RealSystem


@pytest.mark.parametrize("value", [None, "", "relative/path", "/srv/x", "/srv/with space/"])
@pytest.mark.parametrize("name", ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"])
def test_on_linux_they_are_those_of_platformdirs(monkeypatch: pytest.MonkeyPatch, name: str, value: str | None) -> None:
    if value is not None:
        monkeypatch.setenv(name, value)
    found, theirs = find_dirs(RealSystem(platform="linux")), PlatformDirs("mcpconf", appauthor=False)
    assert (found.config, found.data, found.state) == (
        theirs.user_config_dir,
        theirs.user_data_dir,
        theirs.user_state_dir,
    )


@pytest.mark.skipif(not hasattr(os, "ST_NOEXEC"), reason="this system does not tell")
def test_where_programs_may_be_started_is_known_for_what_is_not_there_yet(tmp_path: Path) -> None:
    mounts = (line.split() for line in Path("/proc/self/mounts").read_text().splitlines())
    refused = {point: "noexec" in options.split(",") for _, point, _, options, *_ in mounts}

    assert RealSystem().may_execute("/proc/none/of/it") is not refused["/proc"]
    assert RealSystem().may_execute(str(tmp_path / "a/b"))


def test_elsewhere_platformdirs_is_asked(home: Path) -> None:
    found = find_dirs(RealSystem(platform="darwin"))
    assert found.state.endswith("/state")
    assert found.config.startswith(str(home))


def test_what_ships_is_found_from_the_checkout() -> None:
    assert Path(shipped("profiles"), "minimal.toml").is_file()


def test_a_relative_directory_begins_where_we_are_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_dirs(RealSystem(), "./a/../b").config == str(tmp_path / "b")


def test_a_relative_directory_is_none_where_we_are_called_from_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(McpconfError, match="the current directory does not exist any more"):
        find_dirs(RealSystem(), "relative")
    assert find_dirs(RealSystem(), str(tmp_path)).config == str(tmp_path)
