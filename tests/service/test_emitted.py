"""The text of every file, as it was read and found right once; and what reads it on its system."""

from __future__ import annotations

import plistlib
from pathlib import Path
from xml.etree import ElementTree

import pytest

from mcpconf.broker.service import launchd, systemd, task
from mcpconf.broker.service.told import Told

GOLDEN = Path(__file__).parent / "golden"
TOLD = Told(
    program=("/home/u/.local/bin/mcpconf",),
    socket="mcpconf/broker.sock",
    in_session=True,
    path="/home/u/.local/bin:/usr/bin:/bin",
    log="/Users/u/Library/Logs",
)
ODD = Told(
    program=("/home/u v/50%/bin/mcpconf", "--config-dir", '/x/"$y"\\z'),
    socket="/home/u v/50%/state/run/broker.sock",
    in_session=False,
    path="/home/u v/bin:/bin",
    variables={"XDG_DATA_HOME": "/home/u v/data"},
    log="/Users/u & v/Library/Logs",
)
FILES = {
    **{Path(path).name: data for path, data in systemd.files(TOLD, "/units").items()},
    **{f"odd-{Path(path).name}": data for path, data in systemd.files(ODD, "/units").items()},
    "mcpconf-broker.plist": launchd.files(TOLD, "/agents")["/agents/mcpconf-broker.plist"],
    "mcpconf-broker.xml": task.data(TOLD, "Ubuntu"),
}


@pytest.mark.parametrize("name", FILES)
def test_it_is_the_text_that_was_found_right(name: str) -> None:
    assert FILES[name] == (GOLDEN / name).read_bytes()


def test_a_plist_is_read_as_it_was_meant() -> None:
    (raw,) = launchd.files(ODD, "/agents").values()
    data = plistlib.loads(raw)
    assert data["ProgramArguments"] == [*ODD.program, "broker", "run"]
    assert data["KeepAlive"] == {"SuccessfulExit": False}
    assert data["EnvironmentVariables"] == {"PATH": ODD.path, **ODD.variables}
    assert data["StandardErrorPath"] == "/Users/u & v/Library/Logs/mcpconf-broker.log"


def test_a_task_has_its_elements_in_the_order_of_the_schema() -> None:
    raw = task.data(ODD, "My <Linux>")
    assert raw.startswith(b"\xff\xfe")
    assert b"\n\x00" in raw
    assert raw.count(b"\n\x00") == raw.count(b"\r\x00\n\x00")
    root = ElementTree.fromstring(raw.decode("utf-16").encode("utf-16"))
    names = [child.tag.rpartition("}")[2] for child in root]
    assert names == ["RegistrationInfo", "Triggers", "Principals", "Settings", "Actions"]
    space = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}
    words = root.findtext("t:Actions/t:Exec/t:Arguments", namespaces=space) or ""
    assert words.startswith('--distribution "My <Linux>" --exec "/home/u v/50%/bin/mcpconf" --config-dir')
    assert words.endswith(" broker run")
    assert root.find("t:Actions", space).get("Context") == root.find("t:Principals/t:Principal", space).get("id")  # type: ignore[union-attr]
