"""Disks without room, and places that can't be written: the file is the old or the new one, and it is said which."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.real.programs import ROOT, unavailable
from tests.reliability import figures
from tests.reliability.closed import CLOSED
from tests.reliability.disks import FILE_PAGES, SCENES

pytestmark = [pytest.mark.real, pytest.mark.campaign, pytest.mark.timeout(7200)]
BEYOND = FILE_PAGES + 4
INODES = range(13)
# How much is free, in pages: where our own state is on the disk as well, it takes far more than the client's file.
PAGES = {scene: [*range(BEYOND + 1)] for scene in SCENES}
PAGES |= {scene: [*range(BEYOND + 1), *range(BEYOND + 3, 75, 3)] for scene in SCENES if "client's" not in scene}
ATTEMPTS = [
    *((scene, f"pages={free}") for scene in SCENES for free in PAGES[scene]),
    *((scene, f"inodes={free}") for scene in SCENES for free in INODES),
]


@cache
def namespace() -> tuple[str, ...]:
    """The start of a command line in whose process mounts are nobody else's; empty where that is not allowed."""
    for flags in ((), ("--map-root-user",)):
        command = ("unshare", "--mount", *flags)
        mounting = [*command, "mount", "-t", "tmpfs", "-o", "size=4k", "none", "/mnt"]
        if shutil.which("unshare") and subprocess.run(mounting, capture_output=True, check=False).returncode == 0:
            return command
    return ()


def inside(module: str, *argv: str | Path) -> Any:
    """What a run of a module in a mount namespace of its own tells."""
    apart = namespace()
    if not apart:
        unavailable("mounting is not allowed here, not even in a namespace")
    done = subprocess.run(
        [*apart, sys.executable, "-m", f"tests.reliability.{module}", *argv],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("scene", SCENES)
def test_a_disk_without_room_leaves_the_old_or_the_new_file(scene: str, tmp_path: Path) -> None:
    mine = [ATTEMPTS[number][1] for number in figures.every(len(ATTEMPTS)) if ATTEMPTS[number][0] == scene]
    mine = mine or [next(attempt for other, attempt in ATTEMPTS if other == scene)]
    told = inside("disks", tmp_path / "place", scene, *mine)
    codes, wrong = told["codes"], told["wrong"]
    refused = codes.get("refused", 0)
    figures.record("small disks", scene, scene=scene, attempts=len(mine), refused=refused, violations=len(wrong))
    assert len(mine) == sum(codes.values()) > 0
    assert not wrong, "\n".join(wrong)
    if figures.FULL:
        assert refused > 0, "no disk was too small"
        assert codes.get("done", 0) > 0, "no disk was large enough"


def test_what_can_not_be_written_is_refused_with_the_reason(tmp_path: Path) -> None:
    names = list(CLOSED)
    mine = [names[number] for number in figures.every(len(names))]
    (tmp_path / "place/home").mkdir(parents=True)
    told = inside("closed", tmp_path / "place", *mine)
    figures.record("read-only", kinds=len(mine), attempts=told["attempts"], violations=len(told["wrong"]))
    assert told["attempts"] >= len(mine) > 0
    assert not told["wrong"], "\n".join(told["wrong"])
