"""`mcpconf broker install` and `uninstall`: every byte that they leave, and what they never touch."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path

import pytest

from mcpconf.cli import console
from mcpconf.commit.steps import Link
from mcpconf.doctor.look.services import look
from mcpconf.system import RealSystem
from tests.cli.conftest import World, mcpconf, programs
from tests.service.test_emitted import GOLDEN

__all__ = ["mcpconf", "programs"]

INSTALL = ("broker", "install", "--kind", "systemd")
SYSTEMD = "/run/systemd/system"


@pytest.fixture
def units(mcpconf: World) -> Path:
    return mcpconf.home / ".config/systemd/user"


@pytest.fixture
def service(units: Path) -> Path:
    return units / "mcpconf-broker.service"


@pytest.fixture
def enabled(units: Path) -> Path:
    return units / "sockets.target.wants/mcpconf-broker.socket"


@pytest.fixture
def manager(mcpconf: World, programs: Path, units: Path) -> Path:
    """A systemd that answers; what it was asked to do stands in this file."""
    log = mcpconf.home.parent / "systemctl.log"
    log.touch()
    script = f"""#!/bin/bash
echo "${{*:2}}" >>{log}
case "$*" in
*FragmentPath*) echo {units}/mcpconf-broker.socket ;;
*Version*) echo 252 ;;
esac
"""
    (programs / "systemctl").write_text(script)
    (programs / "systemctl").chmod(0o755)
    real = RealSystem.is_dir
    mcpconf.patch.setattr(RealSystem, "is_dir", lambda self, path: path == SYSTEMD or real(self, path))
    return log


def own(world: World) -> dict[str, object]:
    """The tree without what is mcpconf's own."""
    return {path: what for path, what in world.tree().items() if not path.startswith(".local")}


def test_units_and_the_link_are_written_and_undo_gives_every_byte_back(
    mcpconf: World, service: Path, enabled: Path
) -> None:
    before = own(mcpconf)
    told = mcpconf(*INSTALL).err
    assert "~/.config/systemd/user/mcpconf-broker.service\n  +  written" in told
    assert enabled.readlink() == service.with_suffix(".socket")
    assert "broker run\n" in service.read_text()
    assert service.stat().st_mode & 0o777 == 0o600
    assert "mcpconf-broker.socket\n  ~  link removed" in mcpconf("undo").err
    assert own(mcpconf) == before
    mcpconf(*INSTALL)
    assert "took back change" in mcpconf("undo").err


@pytest.mark.parametrize("by", [("broker", "uninstall"), ("uninstall",), ("uninstall", "--purge", "--yes")])
@pytest.mark.parametrize("theirs", [False, True])
def test_every_way_to_uninstall_leaves_what_was_there(
    mcpconf: World, units: Path, by: tuple[str, ...], theirs: bool
) -> None:
    if theirs:
        (units / "sockets.target.wants").mkdir(parents=True)
        (units / "other.service").write_text("[Service]\nExecStart=/bin/true\n")
    before = own(mcpconf)
    mcpconf(*INSTALL)
    assert own(mcpconf) != before
    mcpconf(*by)
    assert own(mcpconf) == before
    if "--purge" in by:
        assert not (mcpconf.home / ".local/state").exists()


def test_undo_of_an_uninstall_brings_all_of_it_back(mcpconf: World) -> None:
    mcpconf(*INSTALL)
    installed = own(mcpconf)
    for by in (("broker", "uninstall"), ("uninstall",)):
        mcpconf(*by)
        mcpconf("undo")
        assert own(mcpconf) == installed
    mcpconf("uninstall")
    assert own(mcpconf) == {}


def test_a_second_time_changes_nothing(mcpconf: World) -> None:
    mcpconf(*INSTALL)
    before = mcpconf.tree()
    assert "it is one already: nothing was changed" in mcpconf(*INSTALL).err
    assert mcpconf.tree() == before
    assert "no service any more" in mcpconf("broker", "uninstall").err
    assert "there is none of mcpconf's: nothing was changed" in mcpconf("broker", "uninstall").err


@pytest.mark.parametrize("flag", ["--print", "--dry-run"])
def test_looking_writes_nothing(mcpconf: World, flag: str) -> None:
    assert "ListenStream=%t/" in mcpconf(*INSTALL, flag).out
    assert mcpconf.tree() == {}
    mcpconf(*INSTALL)
    before = mcpconf.tree()
    assert "-[Service]" in mcpconf("broker", "uninstall", "--dry-run").out
    assert mcpconf.tree() == before


@pytest.mark.parametrize("name", ["mcpconf-broker.service", "mcpconf-broker.socket"])
@pytest.mark.parametrize("what", ["a file", "a link", "a broken link", "a directory"])
def test_what_is_not_ours_is_refused_and_nothing_is_written(mcpconf: World, units: Path, name: str, what: str) -> None:
    units.mkdir(parents=True)
    theirs = mcpconf.home / "theirs"
    theirs.write_text("[Unit]\n")
    match what:
        case "a file":
            theirs.rename(units / name)
        case "a link":
            (units / name).symlink_to(theirs)
        case "a broken link":
            (units / name).symlink_to("/nowhere")
        case _:
            (units / name).mkdir()
    before = mcpconf.tree()
    refused = mcpconf(*INSTALL, code=4).err
    assert "nothing was changed" in refused
    assert mcpconf.tree() == before
    mcpconf("broker", "uninstall")
    mcpconf("uninstall")
    assert mcpconf.tree() == before


def test_a_link_of_somebody_else_s_in_the_place_of_ours_is_refused(mcpconf: World, enabled: Path) -> None:
    enabled.parent.mkdir(parents=True)
    enabled.symlink_to("/etc/systemd/user/mcpconf-broker.socket")
    before = mcpconf.tree()
    assert "not mcpconf's; nothing was changed" in mcpconf(*INSTALL, code=4).err
    assert mcpconf.tree() == before


def test_an_edited_unit_is_its_user_s(mcpconf: World, service: Path) -> None:
    mcpconf(*INSTALL)
    service.write_text(service.read_text() + "MemoryMax=1G\n")
    before = own(mcpconf)
    for command in (INSTALL, ("broker", "uninstall"), ("undo",)):
        assert "nothing was changed" in mcpconf(*command, code=4).err
        assert own(mcpconf) == before
    assert f"{service} was edited since mcpconf wrote it, and stays" in mcpconf("uninstall").err
    assert [path for path in own(mcpconf) if path.endswith("service")] == [
        ".config/systemd/user/mcpconf-broker.service"
    ]
    mcpconf("undo")
    mcpconf("broker", "uninstall", "--force")
    assert own(mcpconf) == {}


def test_a_new_installation_writes_its_units_anew(mcpconf: World, service: Path) -> None:
    mcpconf(*INSTALL)
    first = service.read_bytes()
    tools = mcpconf.home / ".cargo/bin"
    tools.mkdir(parents=True)
    assert "written anew" in mcpconf(*INSTALL).err
    assert str(tools) in service.read_text()
    mcpconf("undo")
    assert service.read_bytes() == first
    mcpconf("broker", "uninstall")
    assert not service.parent.exists()


def test_a_link_that_cannot_be_made_takes_the_files_back(mcpconf: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(step: object) -> None:
        from mcpconf.commit.disk import Unwritable

        assert isinstance(step, Link)
        raise Unwritable(step.path, "the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr("mcpconf.commit.steps.do", refuses)
        assert "nothing was changed" in mcpconf(*INSTALL, code=1).err
    assert own(mcpconf) == {}
    mcpconf(*INSTALL)


def test_the_manager_is_asked_where_it_answers(mcpconf: World, manager: Path) -> None:
    told = mcpconf("broker", "install").err
    assert "systemd's manager" not in told
    assert "does not answer" not in told
    asked = manager.read_text().splitlines()
    assert [line for line in asked if not line.startswith("show")] == [
        "daemon-reload",
        "start mcpconf-broker.socket",
    ]
    manager.write_text("")
    mcpconf("broker", "uninstall")
    asked = [line for line in manager.read_text().splitlines() if not line.startswith("show")]
    assert asked == ["stop mcpconf-broker.socket mcpconf-broker.service", "daemon-reload"]
    mcpconf("undo")
    mcpconf("uninstall", "--purge", "--yes")
    assert manager.read_text().splitlines()[-1] == "show --property=FragmentPath --value mcpconf-broker.socket"


def test_another_home_s_units_are_left_alone(mcpconf: World, manager: Path, programs: Path) -> None:
    script = (programs / "systemctl").read_text().replace(str(mcpconf.home), "/home/other")
    (programs / "systemctl").write_text(script)
    assert "has other units of that name, or does not read" in mcpconf("broker", "install").err
    mcpconf("broker", "uninstall")
    assert not [line for line in manager.read_text().splitlines() if line.startswith(("start", "stop"))]


def test_a_broker_that_runs_keeps_running_until_it_is_restarted(mcpconf: World, manager: Path) -> None:
    mcpconf("broker", "start")
    try:
        told = mcpconf("broker", "install").err
        assert "keeps its clients; systemd takes over" in told
        assert "mcpconf broker restart" in told
        assert "start" not in manager.read_text()
        mcpconf("broker", "restart")
        assert "start mcpconf-broker.socket" in manager.read_text()
    finally:
        mcpconf("broker", "stop")


def test_a_container_without_an_init_is_told_its_lines(mcpconf: World) -> None:
    done = mcpconf("broker", "install", "--kind", "container")
    assert "nothing is to be installed here" in done.err
    said = done.out.splitlines()
    assert json.loads(f"{{{said[0]}}}")["postStartCommand"] == said[1]
    assert said[1].endswith("mcpconf broker start --if-needed")
    assert mcpconf.tree() == {}


def test_a_line_for_a_container_holds_wherever_the_program_lies(mcpconf: World) -> None:
    there = """/home/a b/it's "here" $(x)/mcpconf"""
    mcpconf.patch.setattr("mcpconf.workflow.service_setup.launcher", lambda _: (there,))
    said = mcpconf("broker", "install", "--kind", "container").out.splitlines()
    assert json.loads(f"{{{said[0]}}}")["postStartCommand"] == said[1]
    assert shlex.split(said[1]) == [there, "broker", "start", "--if-needed"]


def test_the_kind_is_what_is_here(mcpconf: World, programs: Path) -> None:
    real = RealSystem.is_dir
    mcpconf.patch.setattr(RealSystem, "is_dir", lambda self, path: path != SYSTEMD and real(self, path))
    mcpconf.patch.setenv("MCPCONF_ENV", "container")
    assert "postStartCommand" in mcpconf("broker", "install").out
    mcpconf.patch.setenv("WSL_DISTRO_NAME", "Ubuntu")
    assert "<Task " in mcpconf("broker", "install", "--print").out
    (mcpconf.home / ".config/systemd/user").mkdir(parents=True)
    assert "[Socket]" in mcpconf("broker", "install", "--print").out


def test_a_task_is_written_for_windows_to_read(mcpconf: World) -> None:
    mcpconf.patch.setenv("WSL_DISTRO_NAME", "Ubuntu")
    told = mcpconf("broker", "install", "--kind", "task").err
    path = mcpconf.home / ".local/share/mcpconf/services/mcpconf-broker.xml"
    assert path.read_bytes().startswith((GOLDEN / "mcpconf-broker.xml").read_bytes()[:400])
    assert f'schtasks.exe /Create /TN mcpconf-broker /XML "$(wslpath -w {path})"' in told.replace("\n", "")
    assert "schtasks.exe /Delete" in mcpconf("broker", "uninstall").err
    assert not path.exists()


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--kind", "launchd"), 1, "no launchd runs here; nothing was changed"),
        (("--kind", "task"), 1, "and this is none"),
        (("--kind", "sysv"), 2, "there is no kind 'sysv'"),
        (("--print", "--dry-run"), 2, "exclude each other"),
    ],
)
def test_what_cannot_be_is_said(mcpconf: World, words: tuple[str, ...], code: int, says: str) -> None:
    assert says in mcpconf("broker", "install", *words, code=code).err
    assert mcpconf.tree() == {}


def test_an_agent_can_be_printed_anywhere(mcpconf: World) -> None:
    assert "<key>KeepAlive</key>" in mcpconf("broker", "install", "--kind", "launchd", "--print").out


@pytest.mark.parametrize(
    ("launcher", "there", "expected"),
    [
        ("/opt/homebrew/Cellar/mcpconf/1.2/libexec/bin/mcpconf", "/opt/homebrew/opt/mcpconf/libexec/bin/mcpconf", None),
        ("/h/.pyenv/versions/3.11.7/bin/mcpconf", "/h/.pyenv/shims/mcpconf", None),
        ("/h/.pyenv/versions/3.11.7/bin/mcpconf", "", "/h/.pyenv/versions/3.11.7/bin/mcpconf"),
        ("/h/.asdf/installs/python/3.12.1/bin/mcpconf", "/h/.asdf/shims/mcpconf", None),
        ("/h/.local/bin/mcpconf", "", "/h/.local/bin/mcpconf"),
    ],
)
def test_the_program_is_named_by_a_path_that_outlives_upgrades(
    mcpconf: World, launcher: str, there: str, expected: str | None
) -> None:
    mcpconf.patch.setattr("mcpconf.workflow.service_setup.launcher", lambda _: (launcher,))
    real = RealSystem.exists
    mcpconf.patch.setattr(RealSystem, "exists", lambda self, path: path == there or real(self, path))
    assert f"ExecStart={expected or there} broker run" in mcpconf(*INSTALL, "--print").out


@pytest.mark.parametrize("cache", ["~/.cache/uv", "~/Library/Caches", "/var/cache/mine"])
def test_what_lies_in_a_cache_is_refused(mcpconf: World, cache: str) -> None:
    program = cache.replace("~", str(mcpconf.home)) + "/x/bin/mcpconf"
    mcpconf.patch.setenv("UV_CACHE_DIR", "/var/cache/mine")
    mcpconf.patch.setattr("mcpconf.workflow.service_setup.launcher", lambda _: (program,))
    refused = mcpconf(*INSTALL, code=1).err
    assert "lies in a cache and may be gone tomorrow" in refused
    assert "uv tool install mcpconf" in refused


def test_other_directories_come_along(mcpconf: World) -> None:
    mcpconf.patch.setenv("XDG_DATA_HOME", str(mcpconf.home / "data"))
    assert f"Environment=XDG_DATA_HOME={mcpconf.home}/data" in mcpconf(*INSTALL, "--print").out
    chosen = mcpconf.home / "own"
    said = mcpconf("--config-dir", str(chosen), *INSTALL, "--print").out
    assert f" --config-dir {chosen} broker run" in said
    assert f"ListenStream={chosen}/state/run/broker.sock" in said


def test_a_path_that_would_be_a_line_of_its_own_is_refused(mcpconf: World) -> None:
    mcpconf.patch.setenv("XDG_DATA_HOME", f"{mcpconf.home}/a\nExecStartPre=/bin/false")
    assert "has a control character" in mcpconf(*INSTALL, code=1).err
    mcpconf.patch.delenv("XDG_DATA_HOME")
    odd = mcpconf.home / "b\nExecStartPre="
    odd.mkdir()
    mcpconf.patch.setenv("PATH", f"{os.environ['PATH']}:{odd}")
    assert "ExecStartPre" not in mcpconf(*INSTALL, "--print").out


@pytest.mark.parametrize("name", ["a b", "50%", 'quo"te', "back\\slash", "dol$lar", "it's;", "ünï"])
def test_whatever_a_directory_is_called_the_doctor_reads_what_was_written(mcpconf: World, name: str) -> None:
    directory = mcpconf.home / name
    directory.mkdir()
    program = directory / "mcpconf"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    mcpconf.patch.setattr("mcpconf.workflow.service_setup.launcher", lambda _: (str(program),))
    mcpconf.patch.setenv("PATH", f"{directory}:{os.environ['PATH']}")
    mcpconf(*INSTALL)
    (unit,) = [one for one in look(console.app(), ask=False).units if one.name.endswith(".service")]
    assert (unit.command[0], unit.lost, unit.pathless, unit.ours) == (str(program), None, (), True)


def test_a_damaged_record_removes_nothing(mcpconf: World) -> None:
    mcpconf(*INSTALL)
    before = own(mcpconf)
    for text in ("[]", "5", '{"files": {"x": {}}, "links": {}}', "{"):
        (mcpconf.state / "services.json").write_text(text)
        assert "is damaged" in mcpconf("broker", "uninstall", code=4).err
        assert "is damaged" in mcpconf(*INSTALL, code=4).err
    mcpconf("uninstall")
    assert own(mcpconf) == before
