"""Power cuts on a real ext4: after exit 0 the entry is there; before it the file is the old or the new one."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.real.programs import require, unavailable
from tests.reliability import figures
from tests.reliability.place import CLIENT_FILE, PROFILES, Place

pytestmark = [pytest.mark.real, pytest.mark.campaign, pytest.mark.timeout(7200)]
POWER = Path(__file__).with_name("power.py")
# Run after the cut: the file as it is, then what the next command makes of it.
CHECK = """
import json, subprocess, sys
path, target, *command = sys.argv[1:]
read = lambda: open(path, "rb").read().decode("utf-8", "replace")
cut = read()
done = subprocess.run([*command, "switch", target], capture_output=True, text=True)
print(json.dumps({"cut": cut, "again": done.returncode, "said": done.stderr, "after": read()}))
"""


def image(tmp_path: Path) -> Path:
    path = tmp_path / "disk.img"
    with path.open("wb") as stream:
        stream.truncate(16 * 1024 * 1024)
    subprocess.run([require("mkfs.ext4"), "-q", "-F", str(path)], check=True)
    return path


def in_namespace(*command: str, env: dict[str, str]) -> str:
    done = subprocess.run(
        [require("unshare"), "--mount", *command], env=env, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_after_a_power_cut_what_was_reported_is_there(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        unavailable("only root may mount an ext4 image and shut it down")
    disk, place = image(tmp_path), Place(tmp_path / "disk")
    place.furnish()
    place.must("switch", "two")
    began = time.monotonic()
    place.must("switch", "one")
    usual = time.monotonic() - began
    versions = {name: (place.must("switch", name), place.file.read_text())[1] for name in ("two", "one")}
    fill = ["bash", "-c", f"cp -a {place.root} {tmp_path}/copy && mount -o loop {disk} {place.root}"]
    fill[-1] += f" && cp -a {tmp_path}/copy/. {place.root} && umount {place.root}"
    in_namespace(*fill, env=dict(os.environ))

    dice, wrong, reported, cuts = random.Random(20261123), [], 0, 0
    for turn in range(figures.size(200)):
        target = ("two", "one")[turn % 2]
        delay = dice.uniform(0.0, usual * 1.1)
        check = [sys.executable, "-c", CHECK, str(place.file), target, *place.command()]
        env = place.env | {"PATH": os.environ["PATH"], "MCPCONF_CHECK": json.dumps(check)}
        out = in_namespace(
            sys.executable,
            str(POWER),
            str(disk),
            str(place.root),
            str(delay),
            *place.command("switch", target),
            env=env,
        )
        seen = json.loads(out)
        found = json.loads(seen["check"]) if seen["check"] else {"cut": seen["trouble"], "again": -1, "after": ""}
        reported += seen["code"] == 0
        cuts += seen["code"] is None
        if found["cut"] not in versions.values():
            wrong.append(f"cut {turn}: torn: {found['cut'][:300]!r}")
        if seen["code"] == 0 and found["cut"] != versions[target]:
            wrong.append(f"cut {turn}: success was said and did not last")
        if found["again"] != 0 or found["after"] != versions[target]:
            wrong.append(f"cut {turn}: the next run did not succeed: {found}")
    figures.record("power", cuts=cuts, after_success=reported, violations=len(wrong))
    assert not wrong, "\n".join(wrong)
    assert cuts + reported == figures.size(200)
    assert CLIENT_FILE.decode() not in versions.values()
    assert set(PROFILES) == set(versions)
