"""The interpreter that an entry names, by a path that survives upgrades."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mcpconf.system import RealSystem
from mcpconf.workflow.app import python


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An interpreter with a version in its name, which runs us."""
    real = tmp_path / "versions/3.12.4/bin/python3.12"
    real.parent.mkdir(parents=True)
    real.touch(0o755)
    monkeypatch.setattr(sys, "executable", str(real))
    monkeypatch.setattr(sys, "prefix", str(real.parents[1]))
    monkeypatch.setattr(sys, "base_prefix", str(real.parents[1]))
    return real


def link(path: Path, to: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(to)
    return path


def found(path: str = "/nowhere") -> str:
    return python(RealSystem(env={"HOME": "/", "PATH": path}))


def test_without_a_better_name_it_is_the_one_that_runs(made: Path) -> None:
    assert found() == str(made)


def test_the_name_without_a_version_is_better_and_that_on_the_path_is_best(made: Path, tmp_path: Path) -> None:
    beside = link(made.parent / "python3", made)
    assert found() == str(beside)
    stable = link(tmp_path / "bin/python3", made)
    assert found(str(stable.parent)) == str(stable)


def test_another_python_on_the_path_is_none_of_ours(made: Path, tmp_path: Path) -> None:
    other = tmp_path / "bin/python3"
    other.parent.mkdir()
    other.touch(0o755)
    assert found(str(other.parent)) == str(made)


def test_an_environments_own_link_is_not_resolved(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = link(tmp_path / "venv/bin/python3", made)
    monkeypatch.setattr(sys, "executable", str(link(tmp_path / "venv/bin/python", own)))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "venv"))
    stable = link(tmp_path / "bin/python3", made)
    assert found(str(stable.parent)) == str(own)


def test_what_lies_in_a_cache_is_left_for_what_it_was_made_of(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(link(tmp_path / ".cache/uv/archive-v0/x/bin/python", made)))
    monkeypatch.setattr(sys, "_base_executable", str(made), raising=False)
    assert found() == str(made)
