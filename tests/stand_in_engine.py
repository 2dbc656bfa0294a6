"""A stand-in for the client of a container engine: it keeps a file for each container, and notes what it was told.

Its images are `good` (the scripted server of tests/broker) and `stubborn`, which heeds no end of its stdin; all others
are missing. A container whose client is killed stays until somebody removes it.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SERVER = Path(__file__).parent / "broker/servers/plain.py"
IMAGES = ("good", "stubborn")
SCRIPT = """\
import json, os, signal, subprocess, sys

ROOT, SERVER = {root!r}, {server!r}
BOXES = os.path.join(ROOT, "boxes")
words = sys.argv[1:]
with open(os.path.join(ROOT, "asked"), "a") as asked:
    asked.write(json.dumps({{"argv": words, "env": dict(os.environ)}}) + "\\n")

def labels(box):
    with open(os.path.join(BOXES, box)) as stream:
        return json.load(stream)

def run():
    image = next((word for word in words if word in ("good", "stubborn")), None)
    if image is None:
        sys.stderr.write("docker: Error response from daemon: No such image: other:latest\\n\\n"
                         "Run 'docker run --help' for more information\\n")
        sys.exit(125)
    given = [pair.split("=", 1) for flag, pair in zip(words, words[1:]) if flag == "--label"]
    box = words[words.index("--name") + 1]
    path = os.path.join(BOXES, box)
    with open(path + ".new", "w") as stream:
        json.dump({{**dict(given), "pid": os.getpid()}}, stream)
    os.rename(path + ".new", path)
    if image == "stubborn":
        while True:
            signal.pause()
    code = subprocess.Popen([sys.executable, "-I", "-S", SERVER]).wait()
    os.unlink(path)
    sys.exit(code)

def rm(boxes):
    for box in boxes:
        pid = labels(box)["pid"]
        os.unlink(os.path.join(BOXES, box))
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass

if words[0] == "run":
    run()
elif words[0] == "ps":
    name, _, value = words[-1].removeprefix("label=").partition("=")
    for box in sorted(os.listdir(BOXES)):
        found = labels(box).get(name) if not box.endswith(".new") else None
        if found is not None and value in ("", found):
            print(box)
elif words[0] == "inspect":
    for box in words[3:]:
        print(box, labels(box).get("mcpconf.owner", ""))
elif words[0] == "rm":
    rm(words[2:])
elif words[:2] == ["image", "inspect"]:
    lacking = [word for word in words[2:] if word not in ("good", "stubborn", "--format", "-")]
    sys.stderr.writelines("Error: No such image: " + word + "\\n" for word in lacking)
    sys.exit(bool(lacking))
elif words[0] == "pull":
    print("pulling", words[1])
    sys.exit(words[1] == "unheard/of")
"""


@dataclass(frozen=True)
class StandIn:
    """One engine: its client, and what it was told."""

    root: Path
    client: Path

    @property
    def asked(self) -> list[list[str]]:
        return [one["argv"] for one in self._told()]

    @property
    def runs(self) -> list[dict[str, Any]]:
        """Each `run`: its `argv`, and the `env` that it got."""
        return [one for one in self._told() if one["argv"][0] == "run"]

    def boxes(self) -> list[str]:
        return sorted(path.name for path in (self.root / "boxes").iterdir() if path.suffix != ".new")

    def add(self, box: str, pid: int = 0, **labels: str) -> None:
        """A container that is there already; its labels without `mcpconf.`."""
        named = {f"mcpconf.{name}": value for name, value in labels.items()}
        (self.root / "boxes" / box).write_text(json.dumps({**named, "pid": pid or 2**22 + 1}))

    def _told(self) -> list[dict[str, Any]]:
        path = self.root / "asked"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def stand_in(root: Path, name: str = "docker") -> StandIn:
    """Make one below `root`."""
    (root / "boxes").mkdir(parents=True)
    client = root / name
    script = SCRIPT.format(root=str(root), server=str(SERVER))
    client.write_text(f"#!{sys.executable} -IS\n{script}")
    client.chmod(0o755)
    return StandIn(root, client)
