"""Profiles that want the broker: what a switch writes for it, what stays, and what goes again."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from mcpconf.broker.place import Paths, name_for
from mcpconf.dirs import find_dirs
from mcpconf.system import RealSystem
from tests.broker.daemon import daemon
from tests.scenarios.conftest import World, tree

WANTED = "[broker]\nautostart = true\n"
ONE = WANTED + '[servers.one]\ncommand = "myserver"\nenv = { KEY = "secret:KEY" }\n'
TWO = ONE + '[servers.two]\ncommand = "myserver"\ncwd = "project"\npool = "shared"\n'
PLAIN = '[servers.one]\ncommand = "myserver"\n'


@pytest.fixture(autouse=True)
def shim(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The text that ships as the shim."""
    text = [b"# the shim\n"]
    monkeypatch.setattr(
        "mcpconf.workflow.parts.shim_files", lambda: {"shim.py": text[0], "mcpconf_shim.py": b"# body\n"}
    )
    return text


@pytest.fixture
def runtime(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """A socket directory whose path is short."""
    base = tmp_path_factory.mktemp("run")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(base))
    made = base / name_for(find_dirs(RealSystem()), os.geteuid())
    made.mkdir(mode=0o700)
    return Paths(str(made))


@pytest.fixture
def data(home: Path) -> Path:
    return home / ".local/share/mcpconf/broker"


def names(data: Path) -> list[str]:
    return sorted(str(path.relative_to(data)) for path in data.rglob("*") if path.is_file()) if data.exists() else []


def definition(data: Path, name: str) -> Any:
    return json.loads((data / f"servers/{name}.json").read_text())


def test_a_plain_door_comes_and_goes_with_the_users_own_profile(mcpconf: World, data: Path) -> None:
    door = '[broker.gateway]\nlisten = "tcp:127.0.0.1:8811"\n'
    mcpconf.profile("b", ONE + door)
    mcpconf("switch", "b")
    assert (data / "gateway.conf").read_text() == "listen=tcp:127.0.0.1:8811\n"
    mcpconf.profile("b", ONE)
    mcpconf("switch", "b")
    assert not (data / "gateway.conf").exists()
    mcpconf("undo")
    assert (data / "gateway.conf").read_text() == "listen=tcp:127.0.0.1:8811\n"


def test_an_address_for_clients_with_a_key_comes_and_goes_as_well(mcpconf: World, data: Path) -> None:
    listen = 'listen = "tcp:127.0.0.1:8812"\n'
    mcpconf.profile("b", WANTED + listen + ONE.removeprefix(WANTED))
    mcpconf("switch", "b")
    assert (data / "listen.conf").read_text() == "listen=tcp:127.0.0.1:8812\n"
    mcpconf.profile("b", ONE)
    mcpconf("switch", "b")
    assert not (data / "listen.conf").exists()
    mcpconf.patch.chdir(mcpconf.project("p"))
    mcpconf.profile("own", WANTED + listen + ONE.removeprefix(WANTED), mcpconf.work / "p/.mcpconf")
    mcpconf.patch.setattr("mcpconf.profile.trust.TrustStore.trusts", lambda *_: True)
    mcpconf("switch", "own")
    assert "servers" in {name.partition("/")[0] for name in names(data)}
    assert "listen.conf" not in names(data)  # a repository opens no door


def test_the_entries_start_the_shim_and_what_they_need_is_there(mcpconf: World, data: Path) -> None:
    mcpconf.profile("b", TWO)
    mcpconf("switch", "b")

    entries = mcpconf.servers()
    assert entries["one"]["args"] == ["-I", "-S", str(data / "shim.py"), "one"]
    assert entries["two"]["args"] == ["-I", "-S", str(data / "shim.py"), "two", "--project"]
    assert Path(entries["one"]["command"]).resolve() == Path(sys.executable).resolve()
    assert names(data) == ["mcpconf_shim.py", "servers/one.json", "servers/two.json", "shim.conf", "shim.py"]
    assert definition(data, "one")["env"]["KEY"] == "secret:KEY"
    assert definition(data, "two")["pool"] == "shared"
    assert [row["route"] for row in mcpconf("status", "--json").json["contexts"][0]["targets"][0]["entries"]] == [
        "broker",
        "broker",
    ]


def test_another_profile_takes_all_of_it_away_and_undo_brings_it_back(
    mcpconf: World, data: Path, shim: list[bytes]
) -> None:
    mcpconf.profile("b", TWO)
    mcpconf.profile("one", ONE)
    mcpconf.profile("plain", PLAIN)
    mcpconf("switch", "b")
    before = tree(data)
    mcpconf("switch", "one")
    assert names(data) == ["mcpconf_shim.py", "servers/one.json", "shim.conf", "shim.py"]
    mcpconf("switch", "plain")
    assert names(data) == []
    assert not data.exists()

    mcpconf("undo")
    mcpconf("undo")
    assert tree(data) == before
    shim[0] = b"# a newer one\n"
    mcpconf("undo")
    assert not data.exists()


def test_undo_brings_back_the_shim_of_today(mcpconf: World, data: Path, shim: list[bytes]) -> None:
    mcpconf.profile("one", ONE)
    mcpconf.profile("plain", PLAIN)
    mcpconf("switch", "one")
    mcpconf("switch", "plain")
    shim[0] = b"# a newer one\n"
    mcpconf("undo")
    assert (data / "shim.py").read_bytes() == b"# a newer one\n"
    assert (data / "shim.conf").read_text().startswith("directory=")


def test_a_changed_definition_alone_is_a_change_that_undo_takes_back(mcpconf: World, data: Path) -> None:
    mcpconf.profile("b", TWO)
    mcpconf("switch", "b")
    mcpconf.profile("b", TWO.replace("shared", "fresh"))
    mcpconf("switch", "b")
    assert definition(data, "two")["pool"] == "fresh"
    mcpconf("undo")
    assert definition(data, "two")["pool"] == "shared"


def test_an_entry_that_was_edited_keeps_what_it_needs(mcpconf: World, data: Path) -> None:
    mcpconf.profile("b", TWO)
    mcpconf.profile("plain", PLAIN)
    mcpconf("switch", "b")
    raw = json.loads(mcpconf.claude.read_bytes())
    raw["mcpServers"]["two"]["timeout"] = 1
    mcpconf.claude.write_text(json.dumps(raw))
    mcpconf("switch", "plain")

    assert names(data) == ["mcpconf_shim.py", "servers/two.json", "shim.conf", "shim.py"]


def test_two_places_share_the_shim_and_each_has_its_own_definition(mcpconf: World, data: Path) -> None:
    mcpconf.profile("one", ONE)
    mcpconf.profile("plain", PLAIN)
    mcpconf("switch", "one")
    mcpconf.project("repo")
    mcpconf("switch", "one", "--scope", "local")
    (own,) = [name for name in names(data) if name.startswith("servers/one.") and name != "servers/one.json"]
    assert own.count(".") == 2
    mcpconf("switch", "plain", "--scope", "local")
    assert names(data) == ["mcpconf_shim.py", "servers/one.json", "shim.conf", "shim.py"]


def test_nothing_is_left_after_uninstall(mcpconf: World, data: Path) -> None:
    mcpconf.profile("b", TWO)
    mcpconf("switch", "b")
    mcpconf("uninstall", "--yes")
    assert not data.exists()


def test_a_file_that_is_gone_is_told_and_made_again(mcpconf: World, data: Path) -> None:
    mcpconf.profile("one", ONE)
    mcpconf("switch", "one")
    (data / "shim.conf").unlink()
    found = mcpconf("status", "--json", code=1).json["contexts"][0]["targets"][0]["entries"][0]
    assert (found["state"], found["because"]) == ("missing", f"{data}/shim.conf is gone")
    mcpconf("switch", "one")
    mcpconf("status")


def test_a_running_broker_is_told_of_the_change(mcpconf: World, runtime: Paths, data: Path) -> None:
    mcpconf.profile("one", ONE)
    with daemon(runtime.socket) as broker:
        mcpconf("switch", "one")
        assert broker.asked == [{"do": "reload"}]
        mcpconf("switch", "one")
        assert broker.asked == [{"do": "reload"}], "nothing changed, so nobody is told"
        mcpconf("undo")
        assert broker.asked == [{"do": "reload"}] * 2
    assert not data.exists()


@pytest.mark.parametrize("text", [PLAIN, ONE, PLAIN + 'routes = ["broker"]\n'])
def test_a_broker_that_starts_or_stops_puts_no_profile_out_of_step(mcpconf: World, runtime: Paths, text: str) -> None:
    mcpconf.profile("p", text)
    mcpconf("switch", "p")
    with daemon(runtime.socket, ("one",)):
        mcpconf("status")
        mcpconf("diff", "--check")
        mcpconf("switch", "p")
    mcpconf("status")
    mcpconf("diff", "--check")


def test_a_route_that_fits_no_server_is_refused_and_takes_nothing_away(mcpconf: World) -> None:
    mcpconf.profile("plain", PLAIN)
    mcpconf("switch", "plain")
    before = mcpconf.tree()
    said = mcpconf("switch", "plain", "--route", "toolkit", code=4).err
    assert "the route toolkit fits no server of plain" in said
    assert "nothing was changed" in said
    mcpconf("switch", "plain", "--route", "toolkit", "--check", code=4)
    assert mcpconf.tree() == before


def test_what_the_broker_would_lack_is_said_with_what_mends_it_there(
    mcpconf: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    mcpconf.profile("one", ONE.replace("secret:KEY", "${SOMEVAR}"))
    for command in (("switch", "one"), ("status",)):
        said = mcpconf(*command)
        told = " ".join((said.out + said.err).split())
        assert "one: ${SOMEVAR} is not set, and it is the broker's environment that counts" in told
        assert "mcpconf secret set SOMEVAR" in told
        assert "mcpconf broker restart" in told
        assert "before the client starts" not in told
    monkeypatch.setenv("SOMEVAR", "")
    assert "SOMEVAR" not in mcpconf("status").err


def test_status_says_that_a_broker_runs_for_nobody(mcpconf: World, runtime: Paths) -> None:
    mcpconf.profile("plain", PLAIN)
    mcpconf.profile("one", ONE)
    for profile, told in (("plain", True), ("one", False), ("minimal", False)):
        mcpconf("switch", profile)
        assert "a broker runs, but" not in mcpconf("status").err
        with daemon(runtime.socket, ("one",)):
            said = mcpconf("status")
        Path(runtime.socket).unlink()
        assert (f"a broker runs, but {profile} does not want one" in said.out + said.err) is told


def test_the_route_that_is_asked_for_fits_where_no_broker_runs(mcpconf: World, data: Path) -> None:
    mcpconf.profile("plain", PLAIN)
    mcpconf("switch", "plain")
    mcpconf("switch", "plain", "--route", "broker")
    assert mcpconf.servers()["one"]["args"][-1] == "one"
    assert names(data) == ["mcpconf_shim.py", "servers/one.json", "shim.conf", "shim.py"]


def test_a_broker_that_will_not_reload_does_not_fail_the_switch(mcpconf: World, runtime: Paths) -> None:
    mcpconf.profile("one", ONE)
    with daemon(runtime.socket, answer=lambda request: {"ok": False, "error": "no disk"}):
        said = mcpconf("switch", "one").err
    assert "the broker says: no disk" in said
    assert "one" in mcpconf.servers()


def test_where_nobody_wants_a_broker_nobody_is_asked(mcpconf: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr("mcpconf.reach.brokers.find_broker", asked)
    mcpconf.profile("plain", PLAIN)
    mcpconf("switch", "plain")
    assert mcpconf.servers()["one"]["command"].endswith("myserver")


def test_what_python_compiled_beside_the_shim_goes_with_it(mcpconf: World, data: Path) -> None:
    mcpconf.profile("b", TWO)
    mcpconf.profile("plain", PLAIN)
    mcpconf("switch", "b")
    (data / "__pycache__").mkdir()
    (data / "__pycache__/mcpconf_shim.cpython-311.pyc").write_bytes(b"")

    mcpconf("switch", "plain")

    assert not data.exists()


@pytest.mark.parametrize("leave", [("switch", "plain", "--route", "direct"), ("uninstall",)])
def test_who_leaves_the_broker_hears_that_it_still_runs(mcpconf: World, runtime: Paths, leave: tuple[str, ...]) -> None:
    mcpconf.profile("b", ONE)
    mcpconf.profile("c", ONE.replace("one", "other"))
    mcpconf.profile("plain", PLAIN)
    with daemon(runtime.socket):
        mcpconf("switch", "b")
        assert "still runs" not in mcpconf("switch", "c").err
        told = mcpconf(*leave).err
    assert "the broker still runs, and has no server to keep any more" in told
    assert "try: mcpconf broker stop" in told


def test_what_somebody_else_has_compiled_there_stays(mcpconf: World, data: Path) -> None:
    mcpconf.profile("b", TWO)
    mcpconf.profile("plain", PLAIN)
    mcpconf("switch", "b")
    cache = data / "__pycache__"
    cache.mkdir()
    for name in ("mcpconf_shim.cpython-311.pyc", "other.cpython-311.pyc"):
        (cache / name).write_bytes(b"")

    mcpconf("switch", "plain")

    assert [path.name for path in cache.iterdir()] == ["other.cpython-311.pyc"]
